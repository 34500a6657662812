using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.DropIns;

/// <summary>dfu-util's command lines on virtual boards. Real dfu-util is beside it in the rig (DropInTests).</summary>
public class DfuUtilTests
{
    private const uint Flash = 0x0800_0000;

    [Fact]
    public void A_download_is_verified_and_started_with_the_lines_that_callers_read()
    {
        using var run = With("f4rom", Flash);

        run.Do("dfu-util -a 0 -d 0483:DF11 -s 0x08000000:leave -D blink.bin").Exits(0)
            .Prints("Download done.", "File downloaded successfully", "4000 bytes at 0x08000000, verified", "was told to start the sketch", ", 0 violations");

        Assert.Equal(run.Bytes("blink.bin"), run.Bytes("flash.bin")[..4000]);
    }

    [Fact]
    public void Without_leave_the_board_stays_in_its_bootloader()
    {
        using var run = With("f4rom", Flash);

        run.Do("dfu-util -s 0x08000000 -D blink.bin").Exits(0).Prints("Download done.", "still in its bootloader", "; in its bootloader");
    }

    /// <summary>Plain DFU knows no other end of a download than the start of the sketch.</summary>
    [Theory]
    [InlineData("maple20", "-d 1EAF:0003 -a 2 -R", 0x0800_2000u)]
    [InlineData("maple20", "-d 1EAF:0003 -a 1", 0x0800_5000u)]
    [InlineData("dapboot", "-d 1209:db42", 0x0800_2000u)]
    [InlineData("dapboot,boot=skr", "-a 2", 0x0800_2000u)]
    public void Plain_DFU_places_the_file_itself(string board, string arguments, uint linkedFor)
    {
        using var run = With(board, linkedFor);

        run.Do($"dfu-util {arguments} -D blink.bin").Exits(0).Prints("Download done.", "Done!", $"at 0x{linkedFor:X8}, verified", ", 0 violations");
    }

    /// <summary>qmk calls it so for a GD32VF103; the file is no program for an ARM, and does not say so.</summary>
    [Fact]
    public void A_known_RISC_V_needs_no_option()
    {
        using var run = With("gd32vf103", Flash);
        run.With("riscv.bin", [0x37, 0x01, 0x00, 0x20, .. SketchImage.Noise(5, 3_000)]);

        run.Do("dfu-util -a 0 -d 28e9:0189 -s 0x08000000:leave -D riscv.bin").Exits(0).Prints("Download done.", ", verified");
        run.Do("dfu-util -a 0 -d 28e9:0189 -s 0x08000000:leave -D blink.bin").Fails(65, "no-vector-table");
    }

    [Theory]
    [InlineData("f4rom", "-a 0 -s 0x08000000:leave -D none.bin", 66, "image-missing")]
    [InlineData("f4rom", "-a 0 -s 0x08004000 -D blink.bin", 65, "image-linked-elsewhere")]
    [InlineData("f4rom", "-a 0 -D blink.bin", 64, "usage")]
    [InlineData("f4rom", "-a 0 -s 0x08000800 -D blink.bin", 65, "image-linked-elsewhere")]
    [InlineData("f4rom", "-a 0 -s 0x08000800:force -D blink.bin", 64, "not-a-sector-start")]
    [InlineData("f4rom", "-a 0 -s 0x08100000:force -D blink.bin", 64, "not-writable")]
    [InlineData("f4rom", "-a 1 -s 0x1FFFC000:force -D blink.bin", 64, "not-writable")]
    [InlineData("f4rom", "-d 1eaf:0003 -s 0x08000000 -D blink.bin", 74, "no-device")]
    [InlineData("f4rom", "-a 7 -s 0x08000000 -D blink.bin", 74, "no-device")]
    [InlineData("f4rom,count=2", "-s 0x08000000 -D blink.bin", 74, "several-devices")]
    [InlineData("maple20", "-d 1EAF:0003 -D blink.bin", 74, "several-devices")]
    [InlineData("f4rom,rdp=1", "-s 0x08000000 -D blink.bin", 74, "read-protected")]
    [InlineData("f4rom", "-U blink.bin", 73, "configuration")]
    [InlineData("f4rom", "-U no-folder/new", 73, "configuration")]
    [InlineData("f4rom", "-s 0x09000000 -U new.bin", 64, "not-in-memory")]
    [InlineData("f4rom", "-q", 64, "usage")]
    public void Failures_have_its_exit_statuses_and_change_nothing(string board, string arguments, int status, string code)
    {
        using var run = With(board, Flash);
        run.Do("list").Exits(0);
        var before = run.Bytes("flash.bin");

        run.Do($"dfu-util {arguments}").Fails(status, code).PrintsNot("Download done.", "--usb", "--offset", "--alt");

        Assert.Equal(before, run.Bytes("flash.bin"));
        Assert.False(File.Exists(run.PathOf("new.bin")));
    }

    /// <summary>The file's own ids select the board if -d does not; if -d does, they must fit it.</summary>
    [Fact]
    public void The_suffix_of_a_file_counts()
    {
        using var run = With("f4rom", Flash);
        run.With("wrong.dfu", DfuFileWriter.WithSuffix(run.Bytes("blink.bin"), new DfuFileIds(0x1234, 0x5678, 0xFFFF)));

        run.Do("dfu-util -s 0x08000000 -D wrong.dfu").Fails(74, "no-device");
        run.Do("dfu-util -d 0483:df11 -s 0x08000000 -D wrong.dfu").Fails(64, "not-for-this-device");
        run.Do("dfu-util -d 0483:df11 -s 0x08000000:force -D wrong.dfu").Exits(0).Warns("check-overridden");
    }

    [Theory]
    [InlineData("-s 0x08000000:1000 -U new.bin", 0, 1000)]
    [InlineData("-s 0x08000123:7 -U new.bin", 0x123, 7)]
    [InlineData("-a 0 -s 0x08000000 -U new.bin", 0, 0x1_0000)]
    [InlineData("-a 0 -U new.bin", 0, 0x4000)]
    public void It_reads_as_dfu_util_does(string arguments, int from, int length)
    {
        using var run = With("f4rom", Flash);
        run.Do("list").Exits(0);

        run.Do($"dfu-util {arguments}").Exits(0).Prints("Upload done.");

        Assert.Equal(run.Bytes("flash.bin").AsSpan(from, length).ToArray(), run.Bytes("new.bin"));
    }

    [Fact]
    public void A_file_can_come_from_standard_input()
    {
        using var run = With("f4rom", Flash);
        run.Input = run.Bytes("blink.bin");

        run.Do("dfu-util -s 0x08000000 -D -").Exits(0).Prints("Download done.", "standard input: 4000 bytes");
        run.Input = [];
        run.Do("dfu-util -s 0x08000000 -D -").Fails(65, "image-unreadable", "standard input is empty");
    }

    [Fact]
    public void Option_bytes_can_be_read()
    {
        using var run = With("f4rom", Flash);

        run.Do("dfu-util -a 1 -s 0x1FFFC000:16 -U new.bin").Exits(0);

        Assert.Equal(16, run.Bytes("new.bin").Length);
    }

    [Fact]
    public void A_mass_erase_erases_everything_first()
    {
        using var run = With("f4rom", Flash);
        run.Do("list").Exits(0);

        run.Do("dfu-util -s 0x08000000:mass-erase:force -D blink.bin").Exits(0).Prints("Download done.");

        Assert.All(run.Bytes("flash.bin")[4000..], b => Assert.Equal(0xFF, b));
        run.Do("dfu-util -s :mass-erase:force").Exits(0);
        Assert.All(run.Bytes("flash.bin"), b => Assert.Equal(0xFF, b));
    }

    /// <summary>The file is checked before anything is erased.</summary>
    [Theory]
    [InlineData("-s 0x08000800:mass-erase:force -D blink.bin")]
    [InlineData("-s 0x08000000:mass-erase:force -D none.bin")]
    [InlineData("-s 0x08100000:mass-erase:force -D blink.bin")]
    [InlineData("-s :mass-erase:force -D blink.bin")]
    public void A_mass_erase_for_a_file_that_is_refused_erases_nothing(string arguments)
    {
        using var run = With("f4rom", Flash);
        run.Do("list").Exits(0);
        var before = run.Bytes("flash.bin");

        Assert.NotEqual(0, run.Do($"dfu-util {arguments}").Status);

        Assert.Equal(before, run.Bytes("flash.bin"));
    }

    [Fact]
    public void The_read_protection_is_removed_only_by_that_word()
    {
        using var run = With("f4rom,rdp=1", Flash);

        run.Do("dfu-util -s :unprotect").Fails(64, "usage");
        run.Do("dfu-util -s :unprotect:force").Exits(0).Prints("the read protection is removed");
    }

    /// <summary>A device in run-time mode is told to detach if the call names it, and only then.</summary>
    [Fact]
    public void Run_time_mode()
    {
        using var run = With("dapboot,sketch=dfu-runtime,start=sketch", 0x0800_2000);

        run.Do("dfu-util -l").Exits(0).Prints("Found Runtime: [1209:0001] ver=0200, devnum=");
        run.Do("dfu-util -D blink.bin").Fails(74, "no-device");
        run.Do("dfu-util -d 1209:0001 -e").Exits(0).Prints("told to start its bootloader");
        run.Do("dfu-util -d 1209:0001,1209:db42 -D blink.bin").Exits(0).Prints("Download done.");
        run.Do("dfu-util -d 1209:0001 -D blink.bin").Exits(0);
    }

    [Fact]
    public void It_waits_with_w()
    {
        using var run = With("f4boot,start=sketch", 0x0800_4000);

        run.Do("dfu-util -d 0483:df11 -s 0x08004000 -D blink.bin").Fails(74, "no-device").Hints("-w");
    }

    [Fact]
    public void Its_list_has_a_line_for_each_alternate_setting()
    {
        using var run = With("f4rom", Flash);

        run.Do("dfu-util -l -a 0").Exits(0).Prints(
            """
            Found DFU: [0483:df11] ver=2200, devnum=100, cfg=1, intf=0, path="1-1", alt=0, name="@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg", serial="315A34663432"
            """);
        Assert.Equal(4, run.Do("dfu-util -l").Out.Split("Found DFU").Length - 1);
        Assert.Equal("", run.Do("dfu-util -l -d ,1234:5678").Out);
    }

    [Fact]
    public void Its_version_is_on_the_first_line()
    {
        using var run = new ProgramRun();

        Assert.StartsWith("dfu-util 0.11 (upload-helper ", run.Do("dfu-util --version").Exits(0).Out, StringComparison.Ordinal);
        run.Do("dfu-util --help").Exits(0).Prints("--dfuse-address");
    }

    [Theory]
    [InlineData("dfu-util")]
    [InlineData("/usr/bin/dfu-util")]
    [InlineData(@"C:\tools\DFU-Util.exe")]
    public void The_name_of_the_executable_selects_it(string program)
    {
        using var run = new ProgramRun { Program = program };

        run.Do("-V").Exits(0).Prints("dfu-util 0.11");
    }

    private static ProgramRun With(string board, uint linkedFor)
    {
        var run = new ProgramRun();
        run.Environment["UPLOADHELPER_SIMULATE"] = $"{board},flash={run.PathOf("flash.bin")}" + (board.Contains("start=", StringComparison.Ordinal) ? "" : ",start=bootloader");
        return run.Sketch(linkedFor, stack: 0x2000_5000);
    }
}
