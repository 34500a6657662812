using System.Globalization;
using System.Text;

namespace UploadHelper.Core.Chips;

/// <summary>The memory that one alternate setting of a DfuSe device accesses, as described by its interface string (UM0424, 4.3.2).</summary>
/// <param name="Name">The name before the first '/', without the '@' and the spaces around it.</param>
/// <param name="Groups">The sectors, in the order of the string.</param>
public sealed record MemoryMap(string Name, IReadOnlyList<SectorGroup> Groups)
{
    /// <summary>Reads a memory map, the first if there are several in the string (<see cref="MemoryLayout"/>).</summary>
    /// <exception cref="MemoryMapException">The string is not a memory map; the message says what is wrong and where.</exception>
    public static MemoryMap Parse(string text) => MemoryLayout.Parse(text).Maps[0];

    /// <summary>The map without groups of no sectors ("0*4Kg"), which are only information; null if nothing is left.</summary>
    public MemoryMap? WithoutEmptyGroups() =>
        Groups.All(g => g.Count > 0) ? this : Groups.Where(g => g.Count > 0).ToList() is { Count: > 0 } groups ? this with { Groups = groups } : null;

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

/// <summary>
/// What the name of an alternate setting says: usually one memory map. Some projects write several, one after the other, and
/// some ROMs send a string that is longer than the text in it: after "07*128Kg", an STM32F429 was seen to send nine
/// characters from its memory. What can be read is kept.
/// </summary>
/// <param name="Maps">The maps; at least one.</param>
/// <param name="Ignored">Texts in the string that belong to no map, in its order; usually none.</param>
public sealed record MemoryLayout(IReadOnlyList<MemoryMap> Maps, IReadOnlyList<IgnoredText> Ignored)
{
    /// <summary>
    /// Reads a string; see <see cref="MemoryMapParser"/> for the grammar. A map ends at the first character that does not fit,
    /// with the last group that is complete; the next '@' begins another.
    /// </summary>
    /// <exception cref="MemoryMapException">The string does not begin with a map that has a complete group; the message says what is wrong and where.</exception>
    public static MemoryLayout Parse(string text)
    {
        text = text.TrimEnd('\0', ' ');
        var maps = new List<MemoryMap>();
        var ignored = new List<IgnoredText>();
        var first = new MemoryMapParser(text, 0);
        maps.Add(first.Parse());
        for (var end = first.End; end < text.Length;)
        {
            var next = text.IndexOf('@', end) is var at and >= 0 ? at : text.Length;
            if (next > end)
            {
                ignored.Add(new IgnoredText(end, text[end..next]));
            }

            end = next == text.Length ? next : ReadAnother(text, next, maps, ignored);
        }

        return new MemoryLayout(maps, ignored);
    }

    // Where it ends. A '@' that begins no map is ignored like any other text.
    private static int ReadAnother(string text, int start, List<MemoryMap> maps, List<IgnoredText> ignored)
    {
        var next = text.IndexOf('@', start + 1) is var at and >= 0 ? at : text.Length;
        var parser = new MemoryMapParser(text, start);
        try
        {
            if (text.IndexOf('/', start, next - start) >= 0)
            {
                maps.Add(parser.Parse());
                return parser.End;
            }
        }
        catch (MemoryMapException)
        {
        }

        ignored.Add(new IgnoredText(start, text[start..next]));
        return next;
    }
}

/// <summary>A part of a string that belongs to no memory map.</summary>
/// <param name="At">The index of its first character.</param>
/// <param name="Text">Its characters, which can be any.</param>
public readonly record struct IgnoredText(int At, string Text)
{
    /// <summary>The text in ASCII; other characters as \uXXXX.</summary>
    public string Printable => string.Concat(Text.Select(c => c is >= ' ' and <= '~' ? c.ToString() : $"\\u{(int)c:X4}"));
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
/// Reads one memory map: <c>@NAME/0xADDRESS/COUNT*SIZEmT,...[/0xADDRESS/...]</c>. Accepts what real
/// devices send: any number of spaces before a '/', counts of one to four digits, a missing multiplier, a 'U' after an
/// address. It stops at the first character that does not fit; the groups before it are used.
/// </summary>
/// <param name="text">The string.</param>
/// <param name="start">Where the map begins in it.</param>
internal sealed class MemoryMapParser(string text, int start)
{
    private readonly string _text = text;
    private int _at = start;

    /// <summary>The index after the last complete group.</summary>
    public int End { get; private set; }

    public MemoryMap Parse()
    {
        if (AtEnd || _text[_at] != '@')
        {
            throw Broken("it does not begin with '@'");
        }

        var slash = _text.IndexOf('/', _at);
        if (slash < 0)
        {
            throw Broken("it has no address");
        }

        var name = _text[(_at + 1)..slash].Trim();
        _at = slash;
        var groups = new List<SectorGroup>();
        try
        {
            while (!AtEnd && _text[_at] != '@')
            {
                Expect('/');
                Region(groups);
            }
        }
        catch (MemoryMapException) when (groups.Count > 0)
        {
            // Not a part of the map.
        }

        return groups.Count > 0 ? new MemoryMap(name, groups) : throw Broken("it names no sectors");
    }

    private void Region(List<SectorGroup> groups)
    {
        long address = Address();
        Expect('/');
        do
        {
            SkipSpaces();
            if (Group(address) is not { } group)
            {
                return;
            }

            if (group.End > 1L << 32 || address > uint.MaxValue)
            {
                throw Broken("its sectors extend beyond the 32-bit address space");
            }

            groups.Add(group);
            End = _at;
            address = group.End;
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
