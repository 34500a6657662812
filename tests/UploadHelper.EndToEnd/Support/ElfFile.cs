using System.Buffers.Binary;
using System.Text;

namespace UploadHelper.EndToEnd.Support;

/// <summary>Reads what a 64-bit little-endian ELF file asks of the system that loads it (System V ABI; Linux Standard Base, symbol versions).</summary>
internal sealed class ElfFile
{
    private const uint Dynamic = 6;
    private const uint SymbolTable = 2;
    private const uint VersionNeeds = 0x6FFF_FFFE;
    private const long Needed = 1;
    private readonly byte[] _file;
    private readonly Dictionary<string, Section> _sections;

    private sealed record Section(uint Type, int Offset, int Size, int Link);

    public ElfFile(byte[] file)
    {
        _file = file;
        if (!file.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1]))
        {
            throw new InvalidDataException("no ELF file of 64 bits, little-endian");
        }

        var headers = (int)Long(0x28);
        var names = Header(headers, Short(0x3E)).Offset;
        _sections = Enumerable.Range(1, Short(0x3C) - 1).ToDictionary(i => Text(names, Int(headers + (i * 64))), i => Header(headers, i));
    }

    /// <summary>The machine, for example 62 (x86-64) or 183 (AArch64).</summary>
    public int Machine => Short(0x12);

    /// <summary>The names of the sections.</summary>
    public IReadOnlyCollection<string> Sections => _sections.Keys;

    /// <summary>The hash by which a debugger knows which symbols belong to which executable.</summary>
    public string BuildId => Convert.ToHexStringLower(_file.AsSpan(_sections[".note.gnu.build-id"].Offset, _sections[".note.gnu.build-id"].Size)[16..]);

    /// <summary>The libraries that the loader must find.</summary>
    public IReadOnlyList<string> Libraries()
    {
        var (dynamic, strings) = WithStrings(Dynamic);
        return [.. Enumerable.Range(0, dynamic.Size / 16).Select(i => dynamic.Offset + (i * 16)).Where(at => Long(at) == Needed).Select(at => Text(strings, Int(at + 8)))];
    }

    /// <summary>The versions of symbols that the loader must find, with the library that must have them.</summary>
    public IReadOnlyList<(string Library, string Version)> VersionsNeeded()
    {
        var (needs, strings) = WithStrings(VersionNeeds);
        var versions = new List<(string, string)>();

        // Elf64_Verneed: version, count, file, first auxiliary entry, next; Elf64_Vernaux: hash, flags, other, name, next.
        for (int need = needs.Offset, next = -1; next != 0; need += next)
        {
            next = Int(need + 12);
            for (int entry = need + Int(need + 8), left = Short(need + 2); left > 0; left--, entry += Int(entry + 12))
            {
                versions.Add((Text(strings, Int(need + 4)), Text(strings, Int(entry + 8))));
            }
        }

        return versions;
    }

    /// <summary>All names of the symbol table for debuggers, as one text.</summary>
    public string SymbolNames()
    {
        var strings = Linked(_sections.Values.Single(s => s.Type == SymbolTable));
        return Encoding.UTF8.GetString(_file, strings.Offset, strings.Size);
    }

    private (Section Section, int Strings) WithStrings(uint type)
    {
        var section = _sections.Values.Single(s => s.Type == type);
        return (section, Linked(section).Offset);
    }

    private Section Linked(Section section) => Header((int)Long(0x28), section.Link);

    private Section Header(int headers, int index)
    {
        var at = headers + (index * 64);
        return new Section((uint)Int(at + 4), (int)Long(at + 24), (int)Long(at + 32), Int(at + 40));
    }

    private string Text(int strings, int offset)
    {
        var text = _file.AsSpan(strings + offset);
        return Encoding.UTF8.GetString(text[..text.IndexOf((byte)0)]);
    }

    private ushort Short(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_file.AsSpan(at));

    private int Int(int at) => BinaryPrimitives.ReadInt32LittleEndian(_file.AsSpan(at));

    private long Long(int at) => BinaryPrimitives.ReadInt64LittleEndian(_file.AsSpan(at));
}
