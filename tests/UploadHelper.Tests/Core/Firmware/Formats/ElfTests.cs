using System.Buffers.Binary;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Core.Firmware.Formats;

public class ElfTests
{
    private const int FirstProgramHeader = ElfWriter.HeaderSize;

    [Fact]
    public void Variables_are_stored_in_flash_and_the_files_own_headers_are_no_part_of_the_sketch()
    {
        // The linker put the headers into the first segment, which therefore begins at 0x08003F8C, in the bootloader.
        var elf = ImageReader.Read(TestFiles.Firmware("blink-08004000.elf"), null);

        Assert.Equal(0x0800_4000u, elf.Start);
        Assert.Equal(TestFiles.Firmware("blink-08004000.bin").Content.ToArray(), Assert.Single(elf.Segments).Data.ToArray());
        Assert.Empty(elf.LeftOut);
    }

    [Fact]
    public void So_it_is_without_section_headers()
    {
        var file = TestFiles.Firmware("blink-08004000.elf").Content.ToArray();
        file.AsSpan(0x20, 4).Clear();
        file.AsSpan(0x30, 4).Clear();

        var elf = ImageReader.Read(new ImageFile("x.elf", file), null);

        Assert.Equal(TestFiles.Firmware("blink-08004000.bin").Content.ToArray(), Assert.Single(elf.Segments).Data.ToArray());
    }

    [Fact]
    public void Sections_in_RAM_are_left_out_by_name()
    {
        var elf = ImageReader.Read(TestFiles.Firmware("h747.elf"), null);

        Assert.Equal([new LeftOutSegment(0x2400_0000, 48, ".retained"), new LeftOutSegment(0x3000_0000, 16, ".shared")], elf.LeftOut);
        Assert.Equal(TestFiles.Firmware("h747.bin").Content.ToArray(), Assert.Single(elf.Segments).Data.ToArray());
    }

    [Theory]
    [InlineData(0x04, 2, "it is for a 64-bit processor")]
    [InlineData(0x05, 2, "it is big-endian")]
    [InlineData(0x12, 83, "it is for AVR")]
    [InlineData(0x12, 0xF1, "it is for machine 241")]
    [InlineData(0x10, 1, "it is compiled but not linked")]
    [InlineData(0x10, 4, "it is the memory image of a crashed program (core dump, ELF type 4)")]
    public void What_no_STM32_can_run_is_refused(int offset, byte value, string what)
    {
        var file = ElfWriter.Write([new Segment(0x0800_4000, new byte[16])]);
        file[offset] = value;

        var e = Assert.Throws<UploadException>(() => ImageReader.Read(new ImageFile("x.elf", file), null));

        Assert.Equal(UploadError.ImageUnreadable, e.Error);
        Assert.StartsWith($"x.elf is not a program for an STM32: {what}. ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_that_the_file_does_not_have_takes_no_memory()
    {
        var file = ElfWriter.Write([new Segment(0x0800_4000, new byte[16])]);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(FirstProgramHeader + 16), uint.MaxValue);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var e = Assert.Throws<UploadException>(() => ImageReader.Read(new ImageFile("x.elf", file), null));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Matches("byte 0x34.* 0x08004000 .*bytes 0x54 to 0x100000052, ", e.Message);
    }

    [Fact]
    public void Headers_that_all_claim_the_same_bytes_take_no_more_memory_than_the_file()
    {
        const int Count = 200;
        var file = ElfWriter.Write([.. Enumerable.Range(0, Count).Select(i => new Segment(0x0900_0000 + (uint)i * 0x10_0000, new byte[64]))]);
        for (var i = 0; i < Count; i++)
        {
            ElfWriter.Words(file, FirstProgramHeader + i * ElfWriter.ProgramHeaderSize, 1, 0, 0, 0x0900_0000 + (uint)i * 0x10_0000, (uint)file.Length, (uint)file.Length);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var e = Assert.Throws<UploadException>(() => ImageReader.Read(new ImageFile("x.elf", file), null));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        Assert.Equal(UploadError.ImageUnreadable, e.Error);
        Assert.Contains("segments", e.Message, StringComparison.Ordinal);
    }
}
