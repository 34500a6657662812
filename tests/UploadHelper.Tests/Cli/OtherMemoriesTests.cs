using System.Text;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Firmware.Formats;
using UploadHelper.Tests.Arduino;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>Memories outside the internal flash: the board's map says what is there. The board is a Portenta H7 with flash on its QSPI.</summary>
public class OtherMemoriesTests
{
    private const uint Qspi = 0x9000_0000;
    private const string Board = "--usb-id 2341:035B --simulate h747,boot=arduino,start=bootloader,flash=flash.bin,spi=spi.bin";

    [Theory]
    [InlineData(5)]
    [InlineData(4_096)]
    [InlineData(10_001)]
    public void Data_is_written_compared_and_read_back(int size)
    {
        using var run = new ProgramRun();
        var data = SketchImage.Noise(size, size);
        run.With("data.bin", data);
        run.Do($"list {Files(run)}").Exits(0);
        var before = run.Bytes("flash.bin");

        Do(run, "upload data.bin --offset 0x90040000").Exits(0).Warns("written-as-data", "0x90040000").Prints("verified", ", 0 violations").PrintsNot("[address-unproven]");
        Do(run, "verify data.bin --offset 0x90040000").Exits(0);
        Do(run, $"read 0x90040000 {size} dump.bin").Exits(0);
        Do(run, "upload data.bin --offset 0x90040000").Exits(0).Prints($"{size} bytes");

        Assert.Equal(data, run.Bytes("dump.bin"));
        Assert.Equal(data, run.Bytes("spi.bin").AsSpan(0x4_0000, size).ToArray());
        Assert.All(run.Bytes("spi.bin").Take(0x4_0000), b => Assert.Equal(0xFF, b));
        Assert.Equal(before, run.Bytes("flash.bin"));
        run.With("data.bin", [.. data[..^1], (byte)~data[^1]]);
        Do(run, "verify data.bin --offset 0x90040000").Fails(9, "verify-failed", $"0x{Qspi + 0x4_0000 + size - 1:X8}");
    }

    /// <summary>Some boards run programs from there.</summary>
    [Fact]
    public void A_program_for_such_an_address_is_checked_like_any_other()
    {
        using var run = new ProgramRun();
        run.Sketch(Qspi + 0x4_0000, 20_000).With("even.bin", Even());

        Do(run, "upload blink.bin --offset 0x90040000").Exits(0).Prints("verified", ", 0 violations").PrintsNot("[written-as-data]", "[address-unproven]");
        Do(run, "upload even.bin --offset 0x90040000").Exits(0).Warns("unusual-vectors", "even", "0x90040254");
        Do(run, "upload blink.bin --offset 0x90000000").Exits(0).Warns("written-as-data", "0x90000000");
        run.Do("image blink.bin --offset 0x90040000").Exits(0).Prints("0x90040000", "it needs one that starts sketches at 0x90040000");

        // Its NMI handler is even.
        static byte[] Even()
        {
            var image = SketchImage.Bytes(Qspi + 0x4_0000, 4_000);
            image[8] &= 0xFE;
            return image;
        }
    }

    [Theory]
    [InlineData("upload blink.bin --offset 0x90FFF000", 4, "image-too-large", "0x90FFFFFF")]
    [InlineData("upload blink.bin --offset 0x91000000", 4, "not-writable", "@Ext RAW  Flash 16MB /0x90000000/4096*004Kg")]
    [InlineData("upload blink.bin --offset 0xA0000000", 4, "not-writable", "0xA0000000")]
    [InlineData("upload blink.bin --offset 0x90040800", 4, "not-a-sector-start", "0x90040000 to 0x90040FFF")]
    [InlineData("upload blink.bin --offset 0x90040000 --alt 0", 4, "not-writable", "alternate setting 0")]
    [InlineData("upload blink.bin --offset 0x90040000 --alt 3", 4, "not-writable", "alternate setting 3")]
    [InlineData("read 0x90FFF000 0x2000 dump.bin", 4, "not-in-memory", "4096 bytes")]
    [InlineData("read 0x90040800 dump.bin", 4, "not-a-sector-start", "0x90040000 to 0x90040FFF")]
    [InlineData("read 0xA0000000 dump.bin", 4, "not-in-memory", "0xA0000000")]
    [InlineData("verify blink.bin --offset 0x91000000", 4, "not-in-memory", "0x91000000")]
    [InlineData("read 0x1FFFC000 dump.bin", 2, "address-invalid", "option bytes")]
    [InlineData("upload blink.bin --offset 0x20000000", 2, "address-invalid", "RAM")]
    public void What_the_map_does_not_have_is_refused(string line, int status, string code, string fact)
    {
        using var run = new ProgramRun();
        run.With("blink.bin", SketchImage.Noise(3, 5_000));

        Do(run, line).Fails(status, code, fact);

        Assert.False(File.Exists(run.PathOf("dump.bin")));
    }

    [Fact]
    public void A_board_without_such_a_memory_is_asked_and_stays_as_it_is()
    {
        using var run = new ProgramRun();
        var flash = run.File("flash.bin", SketchImage.Noise(9, 1 << 20));
        var before = File.ReadAllBytes(flash);
        run.With("data.bin", SketchImage.Noise(3, 5_000));

        run.Do("upload data.bin --offset 0x90040000 --simulate f4boot,flash=flash.bin,start=bootloader").Fails(4, "not-writable", "0x90040000", "@Internal Flash");

        Assert.Equal(before, File.ReadAllBytes(flash));
    }

    /// <summary>The ROM of an L083 names its EEPROM, which is inside the range of the flash.</summary>
    [Fact]
    public void The_EEPROM_of_an_L0_is_read_and_compared_and_not_written()
    {
        const string L083 = "--simulate f072-rom,chip=l083,flash=flash.bin,start=bootloader";
        using var run = new ProgramRun();
        var text = new StringWriter();
        IntelHexWriter.Write(text, [new Segment(0x0800_0000, SketchImage.Bytes(0x0800_0000, 4_000, 0x2000_5000)), new Segment(0x0808_0000, new byte[10])]);
        run.With("blink.hex", Encoding.ASCII.GetBytes(text.ToString())).With("data.bin", new byte[16]).With("flash.bin", SketchImage.Noise(5, 192 << 10));

        run.Do($"upload blink.hex {L083}").Fails(4, "not-writable", "10 bytes for 0x08080000", "data EEPROM (DATA Memory)").Hints("Remove that part", "Let the sketch write its EEPROM", "read 0x08080000");
        run.Do($"upload data.bin --offset 0x08080000 {L083}").Fails(4, "no-vector-table").Hints("Data for the EEPROM of an STM32L0");
        run.Do($"upload data.bin --offset 0x08080000 --force stack,address {L083}").Fails(4, "not-writable", "data EEPROM");

        Assert.Equal(SketchImage.Noise(5, 192 << 10), run.Bytes("flash.bin"));
        run.Do($"read 0x08080000 0x1800 dump.bin {L083}").Exits(0);
        Assert.Equal(new byte[0x1800], run.Bytes("dump.bin"));
        run.Do($"read 0x08080000 0x1801 dump.bin {L083}").Fails(4, "not-in-memory", "0x08080000");
    }

    /// <summary>The same address is in the flash of a larger chip.</summary>
    [Fact]
    public void Where_there_is_flash_instead_it_is_written()
    {
        using var run = new ProgramRun();
        run.Sketch(0x0808_0000, 4_000);

        run.Do("upload blink.bin --offset 0x80000 --simulate f4rom,start=bootloader").Exits(0).Prints("verified");
    }

    /// <summary>Option bytes have a memory map of their own, and a file can name them.</summary>
    [Fact]
    public void Option_bytes_in_a_file_are_not_compared()
    {
        using var run = new ProgramRun();
        var text = new StringWriter();
        IntelHexWriter.Write(text, [new Segment(0x0800_0000, SketchImage.Bytes(0x0800_0000, 4_000)), new Segment(0x1FFF_C000, new byte[8])]);
        run.With("blink.hex", Encoding.ASCII.GetBytes(text.ToString()));

        run.Do("verify blink.hex --simulate f4rom").Fails(2, "address-invalid", "0x1FFFC000", "Option Bytes");
    }

    /// <summary>The hint names places that this board has.</summary>
    [Theory]
    [InlineData("0", "not-writable", "On this board, a sketch can begin at 0x08040000 (--offset 0x40000).")]
    [InlineData("0x30000", "not-a-sector-start", "Did you mean --offset 0x40000?")]
    [InlineData("0x50000", "not-a-sector-start", "Did you mean --offset 0x40000 or --offset 0x60000?")]
    [InlineData("0x1F0000", "not-a-sector-start", "Did you mean --offset 0x1E0000?")]
    public void The_hint_proposes_what_the_board_has(string offset, string code, string hint)
    {
        using var run = new ProgramRun();
        run.Sketch(0x0800_0000 + (offset == "0" ? 0 : Convert.ToUInt32(offset, 16)));

        Do(run, $"upload blink.bin --offset {offset}").Fails(4, code).Hints(hint);
    }

    /// <summary>The sketch in the internal flash stays as it is, whatever happens to the other memory: nothing else may be said of it.</summary>
    [Theory]
    [InlineData("upload data.bin --offset 0x90040000", true)]
    [InlineData("upload program.bin --offset 0x90040000", true)]
    [InlineData("erase 0x90040000 0x4000 --yes", false)]
    public void A_failure_says_nothing_of_the_sketch_in_the_internal_flash(string line, bool isUpload)
    {
        using var run = new ProgramRun();
        run.With("data.bin", SketchImage.Noise(3, 10_000)).With("program.bin", SketchImage.Bytes(Qspi + 0x4_0000, 10_000));
        run.Do($"list {Files(run)}").Exits(0);
        var (flash, spi) = (run.Bytes("flash.bin"), SketchImage.Noise(7, 1 << 24));
        var states = new HashSet<string>();
        string[] known = ["Nothing was erased", "The board is unchanged", "did not confirm the first erase", "may be incomplete", "at least in part", "content of the file is on the board"];
        for (var at = 0; ; at++)
        {
            run.With("spi.bin", spi);

            run.Do($"{line} {Files(run)},fault=gone@{at}");

            Assert.Equal(flash, run.Bytes("flash.bin"));
            if (run.Printed.Status == 0)
            {
                break;
            }

            run.Printed.PrintsNot("sketch on the board", "old sketch", "no sketch will be", "[device-limit]");
            var state = Assert.Single(known, s => run.Printed.Transcript.Contains(s, StringComparison.Ordinal));
            states.Add(state);
            Assert.True(state is not ("Nothing was erased" or "The board is unchanged") || spi.AsSpan().SequenceEqual(run.Bytes("spi.bin")), $"at transfer {at}: {run.Printed.Transcript}");
        }

        Assert.Contains("did not confirm the first erase", states);
        Assert.Contains(isUpload ? "may be incomplete" : "at least in part", states);
    }

    /// <summary>The limitations of a bootloader concern the sketch in the internal flash.</summary>
    [Fact]
    public void A_limitation_is_told_only_where_it_matters()
    {
        using var run = new ProgramRun();
        run.With("data.bin", SketchImage.Noise(3, 5_000)).Sketch(0x0804_0000, stack: 0x2408_0000);

        Do(run, "upload data.bin --offset 0x90040000").Exits(0).PrintsNot("[device-limit]");
        Do(run, "upload blink.bin --offset 0x40000").Exits(0).Warns("device-limit");
    }

    [Fact]
    public void The_address_proposed_for_leave_is_the_boards_own()
    {
        using var run = new ProgramRun();

        run.Do("leave 0x90040000 --simulate h747,boot=arduino,start=bootloader").Warns("no-sketch", "0x90040000").Prints("upload-helper leave 0x08040000").PrintsNot("0x08004000");
    }

    [Fact]
    public void Without_an_address_no_place_is_proposed()
    {
        using var core = new InstalledCore("ArduinoCore-mbed", withOverlay: false);
        using var run = new ProgramRun();
        run.Sketch(0x0810_0000);

        run.Run("upload", run.PathOf("blink.bin"), "--simulate=h747,boot=arduino", "--board", $"{core.Boards}:envie_m4:split=100_0");

        run.Printed.Fails(2, "address-missing", "blink.bin").Hints("--offset OFFSET").PrintsNot("0x4000");
    }

    [Fact]
    public void The_boards_of_a_core_that_calls_dfu_util_are_listed()
    {
        using var core = new InstalledCore("ArduinoCore-mbed", withOverlay: false);
        using var run = new ProgramRun();

        run.Run("boards", core.Boards);

        run.Printed.Exits(0).Prints(
            "  security=none: 2341:035B alt 0, offset 0x40000, 786432 to 1966080 bytes at most\n",
            "  security=sien: 2341:035B alt 2, address 0xA0000000, 786432 to 1966080 bytes at most\n",
            "  split=75_25: 2341:035B alt 0, offset 0x180000, 524288 bytes at most\n",
            "  split=100_0: 2341:035B alt 0, no offset, 524288 bytes at most\n",
            "  target_core=cm4,split=50_50: 2341:0366 alt 0, offset 0x100000, 1966080 bytes at most\n",
            "nicla_vision: Small Nicla\n  2341:035F alt 0, offset 0x40000, 1966080 bytes at most\n",
            "  security=sien: 2341:0364 alt 2, address 0xA0000000, 1966080 bytes at most\n",
            "  not by DFU (bossac)\n");
    }

    [Fact]
    public void A_sketch_is_uploaded_with_nothing_but_its_board()
    {
        using var core = new InstalledCore("ArduinoCore-mbed", withOverlay: false);
        using var run = new ProgramRun();
        run.Sketch(0x0804_0000, 20_000, 0x2408_0000);

        run.Run("upload", run.PathOf("blink.bin"), "--simulate=h747,boot=arduino", "--board", $"{core.Boards}:envie_m7");

        run.Printed.Exits(0).Prints("Done: 20000 bytes at 0x08040000, verified", ", 0 violations").Steps("Image Reset Wait Found Compare Plan warning Erase Write Verify Finalize Start Wait Board");
    }

    private static string Files(ProgramRun run) => $"--simulate h747,boot=arduino,start=bootloader,flash={run.PathOf("flash.bin")},spi={run.PathOf("spi.bin")}";

    private static Printed Do(ProgramRun run, string line) => run.Do($"{line} {Board.Replace("spi.bin", run.PathOf("spi.bin"), StringComparison.Ordinal)}");
}
