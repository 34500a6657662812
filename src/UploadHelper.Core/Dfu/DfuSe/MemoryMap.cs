using System.Text;

namespace UploadHelper.Core.Dfu.DfuSe;

/// <summary>The memory behind one alternate setting of a DfuSe device, as its interface string tells it (UM0424, 4.3.2).</summary>
/// <param name="Name">The name before the first '/', without the '@' and the spaces around it.</param>
/// <param name="Groups">The sectors, in the order of the string.</param>
public sealed record MemoryMap(string Name, IReadOnlyList<SectorGroup> Groups)
{
    /// <summary>Reads a map; the grammar is <see cref="MemoryMapParser"/>'s.</summary>
    /// <exception cref="MemoryMapException">The string is no map; the message says where it breaks.</exception>
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

    /// <summary>The address behind the memory without gaps that begins at or before an address in it: reading must end there.</summary>
    public long EndOfRegion(long address)
    {
        while (Groups.FirstOrDefault(g => address >= g.Address && address < g.End) is { Count: > 0 } group)
        {
            address = group.End;
        }

        return address;
    }

    /// <summary>The map in the grammar it is read in.</summary>
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
