using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Tests.Support;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Faults;

/// <summary>What every bootloader with a row in the fault sweep does apart from it: the upload itself, what it refuses, and an upload that is cut off.</summary>
public class EveryRowTests
{
    // Those that have no row of their own, each with the row that stands for it.
    private static readonly Dictionary<string, string> StandsFor = new()
    {
        ["f4boot,ghost=1"] = "f4boot",
        ["f4boot,build=cubemx"] = "f4boot",
        ["f4rom,map=long"] = "f4rom",
        ["h747,rom=9.0"] = "h747",
        ["h747,rom=9.1"] = "h747",
        ["h747,rom=9.2"] = "h747",
        ["blackpill-f401"] = "blackpill-f411",
        ["f407-rom"] = "blackpill-f411",
        ["l476-rom"] = "l496",
        ["g431-rom,chip=g0b1"] = "g431-rom",
        ["g431-rom,chip=g0b1xe"] = "g431-rom",
        ["g431-rom,chip=h563"] = "g431-rom,chip=c562",
        ["gd32vf103,rom=0100"] = "gd32vf103",
        ["hid-f1,generation=2.2.2"] = "hid-f1",
        ["maple20,chip=ch32"] = "maple20",
    };

    // What differs in them is not the bootloader: the crystal, the start-up code, a pin, option bytes.
    private static readonly string[] Surroundings = ["magic=", "pa10=", "hse=", "banks="];

    public static TheoryData<string> Boards() => new(FaultBench.All.Select(b => b.Board));

    public static TheoryData<string> BoardsOfKnownSize() => new(FaultBench.All.Select(b => b.Board).Where(b => !HidesItsSize(b)));

    [Fact]
    public void Every_virtual_bootloader_has_a_row_or_one_that_stands_for_it()
    {
        var all = BoardFactory.UsbNames.SelectMany(n => BoardFactory.Variants(n).Where(v => !Surroundings.Any(v.StartsWith)).Select(v => $"{n},{v}").Prepend(n)).ToList();
        var rows = FaultBench.All.Select(b => b.Board).ToHashSet();

        Assert.Equal([], all.Except(rows).Except(StandsFor.Keys));
        Assert.All(StandsFor, s => Assert.True(all.Contains(s.Key) && !rows.Contains(s.Key) && rows.Contains(s.Value), s.Key));
        Assert.Equal([], rows.Except(all));
    }

    [Fact]
    public void Every_row_is_swept()
    {
        var sources = string.Concat(TestFiles.Sources("tests/UploadHelper.Tests"));

        Assert.All(FaultBench.All, b => Assert.Contains($"FaultSweep(output, \"{b.Board}\")", sources, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void It_is_written_and_started_and_said_to_be_verified_only_where_it_can_be_read(string board)
    {
        var (kind, bench) = On(board);

        var result = bench.Upload(kind.Request(bench));
        bench.Settle();

        kind.AssertComplete(bench);
        Assert.Equal((CanVerify(board), true), (result.Verified, result.Left));
        Assert.Equal(!CanVerify(board), bench.Events.OfType<UploadWarning>().Any(w => w.Code == WarningCode.NotVerifiable));
        Assert.Equal(kind.Address, bench.Board.RunningSketch?.Address);
        Assert.Empty(bench.Board.Violations);
    }

    // No wait of the host is shorter than what a data sheet allows.
    [Theory]
    [MemberData(nameof(Boards))]
    public void It_is_written_in_one_go_however_long_the_flash_takes(string board)
    {
        var kind = FaultBench.All.Single(b => b.Board == board);
        var slow = kind.Create(",times=longest");

        slow.Upload(kind.Request(slow));

        kind.AssertComplete(slow);
        Assert.DoesNotContain(slow.Events, e => e is Recovering or UploadWarning { Code: WarningCode.WrittenAgain });
        Assert.Empty(slow.Board.Violations);
    }

    // One for a RISC-V has nothing that tells its address; there, it is a sketch for an ARM.
    [Theory]
    [MemberData(nameof(Boards))]
    public void A_sketch_for_another_address_is_refused_and_nothing_changes(string board)
    {
        var (kind, bench) = On(board);
        var before = bench.Board.Flash.Bytes.ToArray();
        var wrong = new ImageFile("wrong.bin", SketchImage.Bytes(kind.Address + (kind.IsRiscV ? 0 : 0x1_0000u), 20_000, bench.Board.StackPointer));

        var error = Assert.Throws<UploadException>(() => bench.Upload(kind.Request(bench) with { File = wrong }));

        Assert.Equal(kind.IsRiscV ? UploadError.NoVectorTable : UploadError.ImageLinkedElsewhere, error.Error);
        Assert.Equal(before, bench.Board.Flash.Bytes.ToArray());
    }

    [Theory]
    [MemberData(nameof(BoardsOfKnownSize))]
    public void A_sketch_that_is_larger_than_the_flash_is_refused_and_nothing_changes(string board)
    {
        var (kind, bench) = On(board);
        var before = bench.Board.Flash.Bytes.ToArray();
        var size = before.Length - (int)(kind.Address - bench.Board.Flash.Base) + 4;
        var large = new ImageFile("large.bin", kind.IsRiscV ? SketchImage.RiscV(size) : SketchImage.Bytes(kind.Address, size, bench.Board.StackPointer));

        var error = Assert.Throws<UploadException>(() => bench.Upload(kind.Request(bench) with { File = large }));

        Assert.Equal(UploadError.ImageTooLarge, error.Error);
        Assert.Equal(before, bench.Board.Flash.Bytes.ToArray());
    }

    // What it starts after that, its user was told of before.
    [Theory]
    [MemberData(nameof(Boards))]
    public void Cut_off_in_the_middle_it_says_what_is_on_the_board_and_takes_the_same_upload_again(string board)
    {
        var (kind, bench) = On(board);
        var programs = CountPrograms(kind);
        var at = 0;
        bench.Seen = e =>
        {
            if (e.Text.StartsWith("program", StringComparison.Ordinal) && ++at == (programs + 1) / 2)
            {
                bench.Board.Unplug();
            }
        };

        var error = Assert.Throws<UploadException>(() => bench.Upload(kind.Request(bench)));
        bench.Seen = _ => { };
        bench.Board.Plug();
        bench.Settle();

        Assert.Equal(UploadError.DeviceLost, error.Error);
        Assert.NotEmpty(error.Hint);
        Assert.True(
            bench.Board.RunningSketch?.Address != kind.Address || bench.Events.OfType<UploadWarning>().Any(w => w.Code == WarningCode.DeviceLimit),
            $"{bench.Board.RunningSketch} runs, and the user was not told: {error.Message}");
        bench.Board.Reset("by hand", BootCause.ByHand);
        bench.Upload(kind.Request(bench));
        kind.AssertComplete(bench);
    }

    private static (FaultBench Kind, Bench Bench) On(string board)
    {
        var kind = FaultBench.All.Single(b => b.Board == board);
        return (kind, kind.Create());
    }

    private static int CountPrograms(FaultBench kind)
    {
        var programs = 0;
        var bench = kind.Create();
        bench.Seen = e => programs += e.Text.StartsWith("program", StringComparison.Ordinal) ? 1 : 0;
        bench.Upload(kind.Request(bench));
        return programs;
    }

    private static bool CanVerify(string board) => !board.StartsWith("hid", StringComparison.Ordinal) && board is not ("h0wch33" or "maple-f4" or "dapboot,ids=custom" or "dapboot,ids=custom-unreadable");

    // HidUploadTests and DapbootUploadTests have what happens there.
    private static bool HidesItsSize(string board) => board.StartsWith("hid", StringComparison.Ordinal) || board.Contains("ids=custom", StringComparison.Ordinal);
}
