namespace UploadHelper.VirtualBoard.Flash;

/// <summary>NOR flash: erasing sets a sector's bits, programming only clears bits, if it does at all. Counts what is done to it.</summary>
public sealed class FlashMemory
{
    private const byte Erased = 0xFF;
    private readonly byte[] _bytes;
    private readonly int[] _erases;
    private readonly HashSet<uint> _spoilt = [];

    /// <summary>Erased flash of a part.</summary>
    public FlashMemory(FlashPart part)
    {
        Part = part;
        _bytes = new byte[part.Sectors.Sum(s => s.Size)];
        _erases = new int[part.Sectors.Count];
        Blank(_bytes);
    }

    /// <summary>The part it belongs to.</summary>
    public FlashPart Part { get; }

    /// <summary>Address of the first byte.</summary>
    public uint Base => Part.Sectors[0].Address;

    /// <summary>How often each sector was erased.</summary>
    public IReadOnlyList<int> Erases => _erases;

    /// <summary>How many bytes were programmed.</summary>
    public long BytesProgrammed { get; private set; }

    /// <summary>All bytes, from the base on.</summary>
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
        Blank(_bytes.AsSpan((int)(sector.Address - Base), (int)sector.Size));
        _erases[index]++;
        _spoilt.RemoveWhere(unit => unit >= sector.Address && unit < sector.End);
        return Part.EraseTime(sector.Size);
    }

    /// <summary>Programs a range in this flash unit by unit, each as the part's rule has it.</summary>
    /// <returns>How long it takes.</returns>
    public TimeSpan Program(uint address, ReadOnlySpan<byte> data)
    {
        var took = TimeSpan.Zero;
        for (var at = 0; at < data.Length; at += Part.ProgramUnit)
        {
            var unit = data.Slice(at, Math.Min(Part.ProgramUnit, data.Length - at));
            ProgramUnit(address + (uint)at, unit);
            took += Part.ProgramTime;
        }

        BytesProgrammed += data.Length;
        return took;
    }

    /// <summary>Whether every unit of a range would be as wanted after it was programmed, and could be read.</summary>
    public bool Takes(uint address, ReadOnlySpan<byte> data)
    {
        for (var at = 0; at < data.Length; at += Part.ProgramUnit)
        {
            var unit = data.Slice(at, Math.Min(Part.ProgramUnit, data.Length - at));
            if (!IsErased(address + (uint)at, unit.Length) && (Part.Rule != ProgramRule.ErasedOrZero || unit.ContainsAnyExcept((byte)0)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a range can be read: no unit in it has an ECC that does not fit.</summary>
    public bool IsReadable(uint address, int length) => !_spoilt.Any(unit => unit < address + (long)length && unit + (long)Part.ProgramUnit > address);

    private void ProgramUnit(uint address, ReadOnlySpan<byte> unit)
    {
        var target = _bytes.AsSpan((int)(address - Base), unit.Length);
        if (Part.Rule == ProgramRule.ErasedOrZero && !Takes(address, unit))
        {
            return;
        }

        if (Part.Rule == ProgramRule.SpoilsEcc && target.ContainsAnyExcept(Erased) && !target.SequenceEqual(unit))
        {
            _spoilt.Add(address);
        }

        for (var i = 0; i < unit.Length; i++)
        {
            target[i] &= unit[i];
        }
    }

    /// <summary>Whether a range in this flash is erased.</summary>
    public bool IsErased(uint address, int length) => !Read(address, length).ContainsAnyExcept(Erased);

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

    // Span.Fill is made for the machine's own vectors, never precompiled, and slow until it has been compiled: at start-up
    // copying what is filled already is much faster.
    private static void Blank(Span<byte> bytes)
    {
        bytes[0] = Erased;
        for (var filled = 1; filled < bytes.Length; filled *= 2)
        {
            bytes[..Math.Min(filled, bytes.Length - filled)].CopyTo(bytes[filled..]);
        }
    }

    /// <summary>Puts bytes there as a factory would, uncounted: what was on the board before.</summary>
    public void Preload(uint address, ReadOnlySpan<byte> data) => data.CopyTo(_bytes.AsSpan((int)(address - Base)));
}
