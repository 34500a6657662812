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
