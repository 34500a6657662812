using System.Globalization;

namespace UploadHelper.Core.Chips;

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
