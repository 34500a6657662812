using System.Globalization;
using System.Text;

namespace UploadHelper.Core.Chips;

/// <summary>The memory that one alternate setting of a DfuSe device accesses, as described by its interface string (UM0424, 4.3.2).</summary>
/// <param name="Name">The name before the first '/', without the '@' and the spaces around it.</param>
/// <param name="Groups">The sectors, in the order of the string.</param>
public sealed record MemoryMap(string Name, IReadOnlyList<SectorGroup> Groups)
{
    /// <summary>Reads a memory map; see <see cref="MemoryMapParser"/> for the grammar.</summary>
    /// <exception cref="MemoryMapException">The string is not a memory map; the message says what is wrong and where.</exception>
    public static MemoryMap Parse(string text) => new MemoryMapParser(text).Parse();

    /// <summary>The sector that holds an address, or null.</summary>
    public Sector? SectorAt(long address)
    {
        foreach (var group in Groups)
        {
            if (address >= group.Address && address < group.End)
            {
                var start = group.Address + (uint)((address - group.Address) / group.SectorSize) * group.SectorSize;
                return new Sector(start, group.SectorSize, group.Access);
            }
        }

        return null;
    }

    /// <summary>Whether the map holds an address.</summary>
    public bool Contains(long address) => SectorAt(address) is not null;

    /// <summary>The end of the contiguous memory around an address: a read must stop there. The address itself if it is not in the map.</summary>
    public long EndOfRegion(long address)
    {
        while (Groups.FirstOrDefault(g => address >= g.Address && address < g.End) is { Count: > 0 } group)
        {
            address = group.End;
        }

        return address;
    }

    /// <summary>The map as a string, in the same grammar.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"@{Name} ");
        long? next = null;
        foreach (var group in Groups)
        {
            text.Append(next == group.Address ? "," : $"/0x{group.Address:X8}/");
            var (size, unit) = group.SectorSize switch
            {
                var s when s % (1 << 20) == 0 => (s >> 20, 'M'),
                var s when s % (1 << 10) == 0 => (s >> 10, 'K'),
                var s => (s, ' '),
            };
            text.Append($"{group.Count:D2}*{size:D3}{unit}{(char)('a' + (int)group.Access - 1)}");
            next = group.End;
        }

        return text.ToString();
    }
}

/// <summary>Consecutive sectors of the same size and access: one "COUNT*SIZE" of a memory map.</summary>
/// <param name="Address">Address of the first sector.</param>
/// <param name="Count">Number of sectors; 0 is legal (mboot's "0*4Kg").</param>
/// <param name="SectorSize">Size of each, in bytes; above 0.</param>
/// <param name="Access">What each of them allows.</param>
public readonly record struct SectorGroup(uint Address, int Count, uint SectorSize, SectorAccess Access)
{
    /// <summary>Address after the last sector.</summary>
    public long End => Address + (long)Count * SectorSize;
}

/// <summary>One sector: the unit of erasing.</summary>
/// <param name="Address">Its first address.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Access">What it allows.</param>
public readonly record struct Sector(uint Address, uint Size, SectorAccess Access)
{
    /// <summary>Address after its last byte.</summary>
    public long End => Address + (long)Size;

    /// <summary>Whether it can be erased and written, so that a sketch can use it.</summary>
    public bool IsWritable => (Access & (SectorAccess.Erase | SectorAccess.Write)) == (SectorAccess.Erase | SectorAccess.Write);
}

/// <summary>What a sector's letter in a memory map allows (UM0424): a = 1 to g = 7.</summary>
[Flags]
public enum SectorAccess
{
    /// <summary>The sector can be read.</summary>
    Read = 1,

    /// <summary>The sector can be erased.</summary>
    Erase = 2,

    /// <summary>The sector can be written.</summary>
    Write = 4,
}

/// <summary>A string is not a memory map.</summary>
/// <param name="message">What is wrong, and where.</param>
public sealed class MemoryMapException(string message) : Exception(message);

/// <summary>
/// Reads a memory map: <c>@NAME/0xADDRESS/COUNT*SIZEmT,...[/0xADDRESS/...]</c>. Accepts what real
/// devices send: any number of spaces before a '/', counts of one to four digits, a missing multiplier, a 'U' after an
/// address, a trailing NUL, and a truncated string (the complete groups are used).
/// </summary>
internal sealed class MemoryMapParser(string text)
{
    private readonly string _text = text.TrimEnd('\0', ' ');
    private int _at;

    public MemoryMap Parse()
    {
        if (!_text.StartsWith('@'))
        {
            throw Broken("it does not begin with '@'");
        }

        var slash = _text.IndexOf('/');
        if (slash < 0)
        {
            throw Broken("it has no address");
        }

        _at = slash;
        var groups = new List<SectorGroup>();
        while (_at < _text.Length)
        {
            Expect('/');
            Region(groups);
        }

        return groups.Count > 0
            ? new MemoryMap(_text[1..slash].Trim(), groups)
            : throw Broken("it names no sectors");
    }

    private void Region(List<SectorGroup> groups)
    {
        long address = Address();
        if (AtEnd && groups.Count > 0)
        {
            return;
        }

        Expect('/');
        do
        {
            if (address > uint.MaxValue)
            {
                throw Broken("its sectors extend beyond the 32-bit address space");
            }

            SkipSpaces();
            var group = Group(address);
            if (group is null)
            {
                return;
            }

            groups.Add(group.Value);
            if (group.Value.End > 1L << 32)
            {
                throw Broken("its sectors extend beyond the 32-bit address space");
            }

            address = group.Value.End;
            SkipSpaces();
        }
        while (Skip(','));
    }

    private uint Address()
    {
        SkipSpaces();
        if (!(Skip('0') && (Skip('x') || Skip('X'))))
        {
            throw Broken("an address must begin with 0x");
        }

        var digits = Take(char.IsAsciiHexDigit);
        if (!uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var address))
        {
            throw Broken("an address must have one to eight hexadecimal digits");
        }

        _ = Skip('U');
        SkipSpaces();
        return address;
    }

    /// <summary>One COUNT*SIZEmT; null if the string is truncated inside it.</summary>
    private SectorGroup? Group(long address)
    {
        var count = Number("a sector count");
        if (AtEnd)
        {
            return null;
        }

        Expect('*');
        var size = AtEnd ? null : Number("a sector size");
        var multiplier = 1;
        if (!AtEnd && _text[_at] is ' ' or 'B' or 'K' or 'M')
        {
            multiplier = _text[_at++] switch { 'K' => 1 << 10, 'M' => 1 << 20, _ => 1 };
        }

        if (AtEnd || count is null || size is null)
        {
            return null;
        }

        var letter = _text[_at++];
        if (letter is < 'a' or > 'g')
        {
            throw Broken($"'{Printable(letter)}' is not a sector type (a to g)");
        }

        if (size == 0)
        {
            throw Broken("a sector has size 0");
        }

        return (long)size * multiplier > int.MaxValue
            ? throw Broken("a sector is too large")
            : new SectorGroup((uint)address, count.Value, (uint)(size.Value * multiplier), (SectorAccess)(letter - 'a' + 1));
    }

    private int? Number(string what)
    {
        var digits = Take(char.IsAsciiDigit);
        if (digits.Length is 0 or > 7)
        {
            return AtEnd && digits.Length == 0 ? null : throw Broken($"{what} must have one to seven digits");
        }

        return int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    private bool AtEnd => _at >= _text.Length;

    private string Take(Func<char, bool> wanted)
    {
        var start = _at;
        while (!AtEnd && wanted(_text[_at]))
        {
            _at++;
        }

        return _text[start.._at];
    }

    private void SkipSpaces() => Take(c => c == ' ');

    private bool Skip(char c)
    {
        if (AtEnd || _text[_at] != c)
        {
            return false;
        }

        _at++;
        return true;
    }

    private void Expect(char c)
    {
        if (!Skip(c))
        {
            throw Broken(AtEnd ? $"it ends where '{c}' is expected" : $"'{Printable(_text[_at])}' instead of '{c}'");
        }
    }

    private static string Printable(char c) => c is >= ' ' and <= '~' ? c.ToString() : $"\\u{(int)c:X4}";

    private MemoryMapException Broken(string why) => new($"Not a memory map: {why} (at character {_at + 1}).");
}
