namespace UploadHelper.VirtualBoard.Hardware;

/// <summary>
/// NOR flash: erasing sets all bits of a sector, programming can only clear bits; on a part that erases to 0 it is the other way
/// round. It counts erases and programmed bytes.
/// </summary>
public sealed class FlashMemory
{
    private readonly byte[] _bytes;
    private readonly int[] _erases;
    private readonly HashSet<uint> _brokenEcc = [];

    /// <summary>Erased flash of a part.</summary>
    public FlashMemory(Part part)
    {
        (Part, Times) = (part, part.Times);
        _bytes = new byte[part.Sectors.Sum(s => s.Size)];
        _erases = new int[part.Sectors.Count];
        Blank(_bytes);
    }

    /// <summary>The part it belongs to.</summary>
    public Part Part { get; }

    /// <summary>The times that apply: those of the part, or of the narrower accesses that a program has set (<see cref="Part.Narrower"/>).</summary>
    public FlashTimes Times { get; internal set; }

    /// <summary>Whether each operation takes the longest time in the data sheet, and not the typical one.</summary>
    public bool IsSlow { get; internal set; }

    /// <summary>Address of the first byte.</summary>
    public uint Base => Part.Sectors[0].Address;

    /// <summary>
    /// How many bytes an erase really takes, aligned, if that is more than a sector of <see cref="Part"/>: the bootloader was
    /// built for a part with smaller pages (an STM32F103xE with a bootloader for 1 KiB pages, PM0075). 0 for one sector.
    /// </summary>
    public uint ErasesAtOnce { get; internal set; }

    /// <summary>Whether read protection (RDP level 1) keeps the ROM from reading and changing it. Programs in this flash do as they like.</summary>
    public bool IsReadProtected { get; internal set; }

    /// <summary>Whether write protection keeps the ROM from changing any of it.</summary>
    public bool IsWriteProtected { get; internal set; }

    /// <summary>How often each sector was erased, as the bootloader numbers them.</summary>
    public IReadOnlyList<int> Erases => _erases;

    /// <summary>How many bytes were programmed.</summary>
    public long BytesProgrammed { get; private set; }

    /// <summary>What goes wrong in the next operation that it applies to.</summary>
    internal FlashFault NextFault { get; set; }

    /// <summary>Whether the power has failed in the middle of an operation: until it is back, operations do nothing.</summary>
    internal bool HasNoPower { get; private set; }

    /// <summary>The power is back.</summary>
    internal void PowerUp() => HasNoPower = false;

    /// <summary>All bytes, from the base.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Whether all of a range lies in this flash.</summary>
    public bool Contains(uint address, int length = 1) => address >= Base && address - Base + (long)length <= _bytes.Length;

    /// <summary>The bytes of a range in this flash.</summary>
    public ReadOnlySpan<byte> Read(uint address, int length) => _bytes.AsSpan((int)(address - Base), length);

    /// <summary>Erases a sector.</summary>
    /// <param name="index">Its number.</param>
    /// <returns>How long it takes.</returns>
    public TimeSpan Erase(int index)
    {
        var sector = Part.Sectors[index];
        var size = Math.Max(sector.Size, ErasesAtOnce);
        var from = sector.Address - sector.Address % size;
        var affected = Affected(FlashFault.CutErase, (int)size);
        Blank(_bytes.AsSpan((int)(from - Base), affected));
        _erases[index]++;
        _brokenEcc.RemoveWhere(unit => unit >= from && unit < from + affected);
        return Of(Times.Erase(size));
    }

    /// <summary>Programs a range in this flash unit by unit, each by the part's rule.</summary>
    /// <returns>How long it takes.</returns>
    public TimeSpan Program(uint address, ReadOnlySpan<byte> data)
    {
        var stuck = NextFault == FlashFault.StuckBit ? FirstCleared(address, data) : null;
        var affected = Affected(FlashFault.CutProgram, data.Length);
        for (var at = 0; at < affected; at += Part.ProgramUnit)
        {
            ProgramUnit(address + (uint)at, data[at..Math.Min(at + Part.ProgramUnit, data.Length)], Math.Min(affected - at, Part.ProgramUnit));
        }

        if (stuck is { } bit)
        {
            NextFault = FlashFault.None;
            _bytes[bit.Index] = (byte)(Part.IsErasedToZero ? _bytes[bit.Index] & ~bit.Mask : _bytes[bit.Index] | bit.Mask);
        }

        BytesProgrammed += data.Length;
        return Of(Times.Program) * ((data.Length + Times.Width - 1) / Times.Width);
    }

    private TimeSpan Of(FlashTime time) => IsSlow ? time.Longest : time.Typical;

    // How many bytes an operation reaches.
    private int Affected(FlashFault cut, int length)
    {
        if (HasNoPower)
        {
            return 0;
        }

        if (NextFault == cut)
        {
            HasNoPower = true;
            NextFault = FlashFault.None;
            return length / 2;
        }

        if (NextFault == FlashFault.Ignored)
        {
            NextFault = FlashFault.None;
            return 0;
        }

        return length;
    }

    // The first bit that programming would change.
    private (int Index, byte Mask)? FirstCleared(uint address, ReadOnlySpan<byte> data)
    {
        for (var i = 0; i < data.Length; i++)
        {
            var index = (int)(address - Base) + i;
            var cleared = Part.IsErasedToZero ? ~_bytes[index] & data[i] : _bytes[index] & ~data[i];
            if (cleared != 0)
            {
                return (index, (byte)(cleared & -cleared));
            }
        }

        return null;
    }

    /// <summary>Whether programming would succeed for every unit of a range, and leave it readable.</summary>
    public bool Accepts(uint address, ReadOnlySpan<byte> data)
    {
        for (var at = 0; at < data.Length; at += Part.ProgramUnit)
        {
            var unit = data.Slice(at, Math.Min(Part.ProgramUnit, data.Length - at));
            if (!IsErased(address + (uint)at, unit.Length) && (Part.Rule != ProgramRule.ErasedOrZero || unit.ContainsAnyExcept((byte)(Part.Erased ^ 0xFF))))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a range can be read: the ECC of every unit in it is right.</summary>
    public bool IsReadable(uint address, int length) => !_brokenEcc.Any(unit => unit < address + (long)length && unit + (long)Part.ProgramUnit > address);

    // A power failure leaves a unit with a wrong ECC. What an L4 does then is not known: here the unit stays erased.
    private void ProgramUnit(uint address, ReadOnlySpan<byte> unit, int affected)
    {
        if (affected < unit.Length && Part is { Rule: ProgramRule.ErasedOrZero, HasEcc: true })
        {
            return;
        }

        var target = _bytes.AsSpan((int)(address - Base), unit.Length);
        if (Part.Rule == ProgramRule.ErasedOrZero && !Accepts(address, unit))
        {
            return;
        }

        if (Part.Rule == ProgramRule.BreaksEcc
            && (affected < unit.Length || (target.ContainsAnyExcept(Part.Erased) && !target.SequenceEqual(unit))))
        {
            _brokenEcc.Add(address);
        }

        for (var i = 0; i < Math.Min(unit.Length, affected); i++)
        {
            target[i] = (byte)(Part.IsErasedToZero ? target[i] | unit[i] : target[i] & unit[i]);
        }
    }

    /// <summary>Whether a range in this flash is erased.</summary>
    public bool IsErased(uint address, int length) => !Read(address, length).ContainsAnyExcept(Part.Erased);

    /// <summary>The number of the sector that holds an address in this flash.</summary>
    public int SectorAt(uint address)
    {
        for (var i = 0; i < Part.Sectors.Count; i++)
        {
            if (address >= Part.Sectors[i].Address && address < Part.Sectors[i].End)
            {
                return i;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(address));
    }

    // Span.Fill depends on the machine's vector size, so it is never precompiled, and is slow until the JIT has compiled it:
    // at start-up it is much faster to copy the part that is already filled.
    private void Blank(Span<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        bytes[0] = Part.Erased;
        for (var filled = 1; filled < bytes.Length; filled *= 2)
        {
            bytes[..Math.Min(filled, bytes.Length - filled)].CopyTo(bytes[filled..]);
        }
    }

    /// <summary>Writes bytes without counting them: what was on the board before.</summary>
    public void Preload(uint address, ReadOnlySpan<byte> data) => data.CopyTo(_bytes.AsSpan((int)(address - Base)));
}

/// <summary>What goes wrong in the next flash operation that it applies to.</summary>
internal enum FlashFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The power fails in the middle of an erase: half of the sector is erased.</summary>
    CutErase,

    /// <summary>The power fails in the middle of programming: half of it is done, the last unit only partly.</summary>
    CutProgram,

    /// <summary>The operation does nothing, and reports success.</summary>
    Ignored,

    /// <summary>A bit that programming should change stays as it is.</summary>
    StuckBit,
}
