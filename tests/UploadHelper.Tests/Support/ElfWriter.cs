using System.Buffers.Binary;
using System.Text;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Tests.Support;

/// <summary>Writes ELF executables, usually for ARM, one PT_LOAD and, if names are wanted, one section a segment.</summary>
internal static class ElfWriter
{
    public const int HeaderSize = 52;
    public const int ProgramHeaderSize = 32;
    private const int SectionHeaderSize = 40;

    public static byte[] Write(IReadOnlyList<Segment> segments, Func<int, string>? sectionName = null, int machine = 40)
    {
        var names = Encoding.ASCII.GetBytes("\0" + (sectionName is null ? "" : string.Concat(segments.Select((_, i) => sectionName(i) + "\0"))));
        var dataAt = HeaderSize + segments.Count * ProgramHeaderSize;
        var namesAt = dataAt + segments.Sum(s => s.Data.Length);
        var sectionsAt = namesAt + names.Length;
        var sectionCount = sectionName is null ? 0 : segments.Count + 1;
        var file = new byte[sectionsAt + sectionCount * SectionHeaderSize];

        "\u007FELF\u0001\u0001\u0001"u8.CopyTo(file);
        Halves(file, 0x10, 2, machine); // an executable, usually for ARM
        Words(file, 0x14, 1, segments[0].Address | 1, HeaderSize, sectionCount == 0 ? 0 : (uint)sectionsAt, 0);
        Halves(file, 0x28, HeaderSize, ProgramHeaderSize, segments.Count, SectionHeaderSize, sectionCount, sectionCount - 1);
        names.CopyTo(file, namesAt);

        var (at, nameAt) = (dataAt, 1);
        for (var i = 0; i < segments.Count; i++)
        {
            var size = (uint)segments[i].Data.Length;
            segments[i].Data.CopyTo(file.AsMemory(at));
            Words(file, HeaderSize + i * ProgramHeaderSize, 1, (uint)at, segments[i].Address, segments[i].Address, size, size, 5, 4);
            if (sectionName is not null)
            {
                Words(file, sectionsAt + i * SectionHeaderSize, (uint)nameAt, 1, 2, segments[i].Address, (uint)at, size, 0, 0, 4, 0);
                nameAt += sectionName(i).Length + 1;
            }

            at += (int)size;
        }

        if (sectionCount > 0)
        {
            Words(file, sectionsAt + (sectionCount - 1) * SectionHeaderSize, 0, 3, 0, 0, (uint)namesAt, (uint)names.Length, 0, 0, 1, 0);
        }

        return file;
    }

    public static void Words(byte[] file, int at, params IReadOnlyList<uint> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + i * 4), words[i]);
        }
    }

    private static void Halves(byte[] file, int at, params IReadOnlyList<int> halves)
    {
        for (var i = 0; i < halves.Count; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at + i * 2), (ushort)halves[i]);
        }
    }
}
