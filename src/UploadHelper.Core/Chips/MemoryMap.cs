using System.Text;

namespace UploadHelper.Core.Chips;

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

/// <summary>Equal sectors that follow each other, as one "COUNT*SIZE" of a memory map.</summary>
/// <param name="Address">Address of the first sector.</param>
/// <param name="Count">Number of sectors; 0 is legal (mboot's "0*4Kg").</param>
/// <param name="SectorSize">Size of each, in bytes; above 0.</param>
/// <param name="Access">What each of them allows.</param>
public readonly record struct SectorGroup(uint Address, int Count, uint SectorSize, SectorAccess Access)
{
    /// <summary>Address behind the last sector.</summary>
    public long End => Address + (long)Count * SectorSize;
}

/// <summary>One sector: the unit of erasing.</summary>
/// <param name="Address">Its first address.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Access">What it allows.</param>
public readonly record struct Sector(uint Address, uint Size, SectorAccess Access)
{
    /// <summary>Address behind its last byte.</summary>
    public long End => Address + (long)Size;

    /// <summary>Whether a sketch may be put there: it can be erased and written.</summary>
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

/// <summary>A string that is no memory map.</summary>
/// <param name="message">Where it breaks, and why.</param>
public sealed class MemoryMapException(string message) : Exception(message);
