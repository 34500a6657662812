using System.Buffers.Binary;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Uploading;

/// <summary>A GD32VF103: a program for a RISC-V has no vector table, and the ROM is full of oddities.</summary>
public class RiscVTests
{
    private const uint Base = 0x0800_0000;

    [Theory]
    [InlineData("gd32vf103")]
    [InlineData("gd32vf103,rom=0100")]
    public void It_is_written_to_the_page_and_started(string board)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var request = bench.Request(Base, 9_001) with { Port = null };

        var result = bench.Upload(request);
        bench.Settle();

        Assert.Equal((true, true), (result.Verified, result.Left));
        Assert.Equal(request.File.Content.ToArray(), bench.Flash(Base, 9_001));
        Assert.Equal(9, bench.Board.SectorsErased); // of 1 KiB, although one of the maps says 2
        Assert.Equal(Base, bench.Board.RunningSketch!.Address);
        Assert.Equal("3CBJ", result.Device.SerialNumber);
        Assert.Empty(bench.Board.Violations);
    }

    // The first block comes last, as with a vector table: 4 bytes.
    [Fact]
    public void The_first_instruction_is_written_last()
    {
        var bench = new Bench("gd32vf103", StartState.Bootloader);

        bench.Upload(bench.Request(Base, 3_000) with { Port = null });

        Assert.Equal($"program 4 bytes at 0x{Base:X8}", bench.Log.Last(e => e.Text.StartsWith("program", StringComparison.Ordinal)).Text);
    }

    [Fact]
    public void The_flash_ends_where_the_serial_number_says()
    {
        var bench = new Bench("gd32vf103", StartState.Bootloader);

        var error = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(Base, (128 << 10) + 4) with { Port = null }));

        Assert.Equal(UploadError.ImageTooLarge, error.Error);
        Assert.Contains("0x0801FFFF (4 bytes too many)", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, bench.Board.SectorsErased);
    }

    [Theory]
    [InlineData("gd32vf103", "stm32", "but the board has a GD32VF103 (RISC-V)")]
    [InlineData("f4rom", "gd32vf103", "but the board has an ARM chip")]
    [InlineData("at32f415", "gd32vf103", "but the board has an ARM chip")]
    [InlineData("f4boot", "gd32vf103", "but the board has an ARM chip")]
    public void A_program_for_another_processor_is_refused(string board, string chip, string says)
    {
        using var run = new ProgramRun();
        var isRiscV = chip == "gd32vf103";
        var offset = board == "f4boot" ? 0x4000u : 0;
        run.With("blink.bin", isRiscV ? SketchImage.RiscV(4_000) : SketchImage.Bytes(Base, 4_000, 0x2000_8000));

        run.Do($"upload blink.bin --offset 0x{offset:X} --chip {chip} --simulate {board},start=bootloader")
            .Fails(4, "not-for-this-device", says, "Nothing was erased.");
    }

    [Fact]
    public void The_file_of_a_linker_says_its_processor_itself()
    {
        using var run = new ProgramRun();
        var elf = ElfWriter.Write([new Segment(Base, SketchImage.RiscV(4_000))], machine: 243);
        run.With("blink.bin", elf);

        run.Do("upload blink.bin --simulate gd32vf103,start=bootloader").Exits(0).Prints(", verified", "runs sketch");
        run.Do("upload blink.bin --simulate f4rom,start=bootloader").Fails(4, "not-for-this-device", "blink.bin is a program for a GD32VF103 (RISC-V)");
        run.Do("upload blink.bin --chip stm32 --simulate f4rom").Fails(3, "image-unreadable", "is a program for a GD32VF103 (RISC-V), not for an ARM chip");
        run.Do("image blink.bin").Exits(0).Prints("processor     a GD32VF103 (RISC-V)", "fits          GigaDevice GD32VF103 bootloader: --chip gd32vf103 --offset 0", "does not fit  ST system bootloader");
    }

    [Theory]
    [InlineData(false, "--chip gd32vf103", "its first two bytes are no RISC-V instruction", "")]
    [InlineData(true, "--chip gd32vf103", "begins with the vector table of a program for an ARM", "")]
    public void What_begins_otherwise_is_no_program_for_it(bool isArm, string options, string says, string hint)
    {
        using var run = new ProgramRun();
        run.With("blink.bin", isArm ? SketchImage.Bytes(Base, 4_000, 0x2000_8000) : new byte[4_000]);

        run.Do($"upload blink.bin --offset 0 {options} --simulate gd32vf103,start=bootloader").Fails(4, "no-vector-table", says).Hints(hint);
    }

    // As a stack pointer, the first word is in no RAM, or in that of some chip.
    [Theory]
    [InlineData(0x3040_5073, "no-vector-table")] // csrwi mie, 0 (riscv-rt)
    [InlineData(0x0000_006F, "image-linked-elsewhere")]
    public void Without_the_chip_the_hint_names_the_option(uint first, string code)
    {
        using var run = new ProgramRun();
        var image = SketchImage.RiscV(4_000);
        BinaryPrimitives.WriteUInt32LittleEndian(image, first);
        run.With("blink.bin", image);

        run.Do("upload blink.bin --offset 0 --simulate gd32vf103,start=bootloader").Fails(4, code).Hints("--chip gd32vf103");
        run.Do("upload blink.bin --offset 0 --chip gd32vf103 --simulate gd32vf103,start=bootloader").Exits(0).Prints(", verified");
        run.Do("image blink.bin --chip gd32vf103").Exits(0).Prints("processor     a GD32VF103 (RISC-V)");
    }

    [Fact]
    public void Lists_and_ports_show_its_serial_number_as_it_is_meant()
    {
        using var run = new ProgramRun();

        run.Do("list --simulate gd32vf103").Exits(0).Prints("28E9:0189 at 1-1", "serial number 3CBJ");
        run.Do("info --simulate gd32vf103,start=bootloader --serial 3CBJ").Exits(0).Prints("GigaDevice GD32VF103 bootloader");
    }

    [Fact]
    public void Every_chip_has_a_processor()
    {
        Assert.Equal([Processor.Arm, Processor.RiscV], ChipNames.Names.Select(ChipNames.ProcessorOf));
        Assert.Throws<ArgumentException>(() => ChipNames.ProcessorOf("avr"));
    }
}
