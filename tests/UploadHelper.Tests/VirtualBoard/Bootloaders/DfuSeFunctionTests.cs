using UploadHelper.Core.Dfu;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>The bootloaders on the wire, wrong behaviours included. Sources: the classes themselves name them.</summary>
public class DfuSeFunctionTests
{
    private readonly List<BoardEvent> _log = [];

    [Fact]
    public void An_operation_runs_inside_the_status_request_that_says_busy()
    {
        var board = Board("f4boot,start=bootloader");

        Download(board, 0, 0x41, 0x00, 0x40, 0x00, 0x08);
        Assert.Equal(0, board.Flash.Erases.Sum());
        var (first, busy) = Status(board);
        var (second, after) = Status(board);

        Assert.Equal((DfuState.DownloadBusy, TimeSpan.FromMilliseconds(50)), (first.State, first.PollTimeout));
        Assert.Equal(TimeSpan.FromMilliseconds(250), busy);
        Assert.Equal(DfuState.DownloadIdle, second.State);
        Assert.Equal(1, board.Flash.Erases[1]);
        Assert.InRange(after, TimeSpan.Zero, busy);
    }

    [Theory]
    [InlineData("f4boot", 50, 50)]
    [InlineData("f4rom", 104, 100)]
    public void Poll_timeouts_are_the_devices_own(string name, int setAddress, int erase)
    {
        var board = Board($"{name},start=bootloader");
        Idle(board);

        Download(board, 0, 0x21, 0x00, 0x00, 0x01, 0x08);
        Assert.Equal(setAddress, Status(board).Status.PollTimeout.TotalMilliseconds);
        Status(board);
        Download(board, 0, 0x41, 0x00, 0x00, 0x01, 0x08);
        Assert.Equal(erase, Status(board).Status.PollTimeout.TotalMilliseconds);
    }

    [Fact]
    public void The_rom_powers_up_in_error()
    {
        var board = Board("f4rom,start=bootloader");

        var status = Status(board).Status;

        Assert.Equal((DfuState.Error, DfuStatusCode.ErrFirmware), (status.State, status.Code));
        Request(board, DfuRequest.ClearStatus);
        Assert.Equal(DfuState.Idle, Status(board).Status.State);
    }

    [Theory]
    [InlineData("f4boot")]
    [InlineData("f4rom")]
    public void Clrstatus_outside_an_error_makes_one(string name)
    {
        var board = Board($"{name},start=bootloader");
        Idle(board);

        Request(board, DfuRequest.ClearStatus);

        var status = Status(board).Status;
        Assert.Equal((DfuState.Error, DfuStatusCode.ErrUnknown), (status.State, status.Code));
        Assert.Single(board.Violations);
    }

    [Fact]
    public void F4Bootloader_stays_busy_for_ever_after_a_mismatch_and_clrstatus_twice_frees_it()
    {
        var board = Board("f4boot,start=bootloader");
        SetAddress(board, 0x40);
        Download(board, 2, 0xFF, 0xFF, 0xFF, 0xFF);

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(DfuState.DownloadBusy, Status(board).Status.State);
        }

        Request(board, DfuRequest.Abort);
        Assert.Equal(DfuState.DownloadBusy, Status(board).Status.State);
        Request(board, DfuRequest.ClearStatus);
        Request(board, DfuRequest.ClearStatus);
        Assert.Equal(DfuState.Idle, Status(board).Status.State);
        Assert.Contains(board.Violations, v => v.Text.Contains("not erased", StringComparison.Ordinal));
    }

    [Fact]
    public void F4Bootloader_takes_every_address_it_does_not_know_for_sector_7()
    {
        var board = Board("f4boot,start=bootloader");

        Download(board, 0, 0x41, 0x00, 0x00, 0x00, 0x20);
        Status(board);
        Status(board);
        Download(board, 0, 0x41, 0x00, 0x00, 0x08, 0x08);
        Status(board);

        Assert.Equal(2, board.Flash.Erases[7]);
        Assert.Equal(2, board.Violations.Count);
    }

    [Fact]
    public void F4Bootloader_protects_nothing_not_even_itself()
    {
        var board = Board("f4boot,start=bootloader");

        Download(board, 0, 0x41, 0x00, 0x00, 0x00, 0x08);

        Assert.Equal(ControlOutcome.Silent, board.Control(StatusSetup, []).Outcome);
        Assert.Equal(1, board.Flash.Erases[0]);
        Assert.Single(board.Violations);
    }

    [Fact]
    public void Erasing_moves_the_pointer()
    {
        var board = Board("f4boot,start=bootloader");
        Download(board, 0, 0x41, 0x00, 0x80, 0x00, 0x08);
        Status(board);

        Assert.Equal(0x0800_8000u, Assert.IsType<F4Bootloader>(board.Function, exactMatch: true).Pointer);
    }

    [Fact]
    public void Block_1_is_reserved_written_it_does_nothing()
    {
        var board = Board("f4boot,start=bootloader");
        var before = board.Flash.Bytes.ToArray();

        Assert.Equal(ControlOutcome.Done, Download(board, 1, 0x00).Outcome);
        Status(board);

        Assert.Equal(DfuState.DownloadIdle, Status(board).Status.State);
        Assert.Equal(before, board.Flash.Bytes.ToArray());
    }

    [Fact]
    public void Block_1_is_reserved_read_it_stalls_and_leaves_a_state_that_only_clrstatus_ends()
    {
        var board = Board("f4boot,start=bootloader");

        Assert.Equal(ControlOutcome.Stall, Upload(board, 1).Outcome);

        Assert.Equal(15, (int)Status(board).Status.State);
        Request(board, DfuRequest.Abort);
        Assert.Equal(15, (int)Status(board).Status.State);
        Request(board, DfuRequest.ClearStatus);
        Request(board, DfuRequest.ClearStatus);
        Assert.Equal(DfuState.Idle, Status(board).Status.State);
    }

    [Fact]
    public void A_request_in_the_wrong_state_stalls_and_changes_nothing()
    {
        var board = Board("f4boot,start=bootloader");
        SetAddress(board, 0x40);

        Assert.Equal(ControlOutcome.Stall, Upload(board, 2).Outcome);

        var status = Status(board).Status;
        Assert.Equal((DfuState.DownloadIdle, DfuStatusCode.Ok), (status.State, status.Code));
        Assert.Single(board.Violations);
    }

    [Fact]
    public void Reading_past_the_end_hangs()
    {
        var board = Board("f4boot,start=bootloader");
        SetAddress(board, 0x00, 0x00, 0x10, 0x08);
        Request(board, DfuRequest.Abort);

        Assert.Equal(ControlOutcome.Silent, Upload(board, 2).Outcome);
        Assert.Equal(ControlOutcome.Silent, board.Control(StatusSetup, []).Outcome);

        board.PressReset();
        board.AdvanceTo(board.Now + TimeSpan.FromSeconds(1));
        Assert.Equal(DfuState.Idle, Status(board).Status.State);
    }

    [Fact]
    public void A_mismatch_ends_the_write_at_its_word()
    {
        var board = Board("f4boot,start=bootloader");
        Erase(board, 0x40);
        Write(board, [0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00]);
        Download(board, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

        Assert.Equal(DfuState.DownloadBusy, Status(board).Status.State);

        Assert.Equal([1, 2, 3, 4, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF], board.Flash.Read(0x0800_4000, 12).ToArray());
    }

    [Fact]
    public void The_last_word_of_a_short_block_is_filled_from_the_block_before()
    {
        var board = Board("f4boot,start=bootloader");
        Erase(board, 0x40);
        Write(board, [1, 2, 3, 4, 5, 6, 7, 8]);
        SetAddress(board, 0x41);
        Write(board, [0x11, 0x12, 0x13, 0x14, 0x15]);

        Assert.Equal([0x11, 0x12, 0x13, 0x14, 0x15, 6, 7, 8, 0xFF], board.Flash.Read(0x0800_4100, 9).ToArray());
    }

    [Fact]
    public void Programming_takes_16_us_a_word()
    {
        var board = Board("f4boot,start=bootloader");
        Erase(board, 0x40);

        Assert.Equal(TimeSpan.FromMicroseconds(256 * 16), Write(board, new byte[1024]));
    }

    [Fact]
    public void A_bus_reset_starts_the_class_afresh()
    {
        var board = Board("f4boot,start=bootloader");
        SetAddress(board, 0x80);

        board.BusReset();

        Assert.Equal(DfuState.Idle, Status(board).Status.State);
        Assert.Equal(0x0800_4000u, Assert.IsType<F4Bootloader>(board.Function, exactMatch: true).Pointer);
    }

    [Fact]
    public void A_board_that_waited_without_a_sketch_starts_a_new_one_while_it_is_written()
    {
        var board = Board("f4boot,start=empty");
        board.AdvanceTo(TimeSpan.FromMinutes(1));
        Assert.IsType<F4Bootloader>(board.Function, exactMatch: true);
        SetAddress(board, 0x40);
        Write(board, [0x00, 0x00, 0x02, 0x20, 0x41, 0x40, 0x00, 0x08]);

        board.AdvanceTo(board.Now + TimeSpan.FromMilliseconds(300));

        Assert.Null(board.Attached);
        Assert.Null(board.RunningSketch);
        Assert.Contains(_log, e => e.Text.EndsWith("and crashes", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("f4boot")]
    [InlineData("f4rom")]
    public void With_boot0_high_the_rom_starts_whatever_is_in_flash(string name)
    {
        var board = Board($"{name},boot0=1");
        Assert.IsType<F4Rom>(board.Function, exactMatch: true);

        board.PressReset();
        board.AdvanceTo(board.Now + TimeSpan.FromSeconds(1));
        Assert.IsType<F4Rom>(board.Function, exactMatch: true);
    }

    [Fact]
    public void Without_a_program_in_flash_and_with_boot0_low_nothing_comes_onto_the_bus()
    {
        var board = Board("f4rom,start=empty");

        board.PressReset();
        board.AdvanceTo(board.Now + TimeSpan.FromMinutes(1));

        Assert.Null(board.Attached);
        Assert.Null(board.RunningSketch);
    }

    [Fact]
    public void The_rom_erases_everything_if_it_is_told_to()
    {
        var board = Board("f4rom,start=bootloader");
        Idle(board);

        Download(board, 0, 0x41);
        var busy = Status(board).Busy;

        Assert.Equal(TimeSpan.FromMilliseconds(4 * 250 + 550 + 7 * 1000), busy);
        Assert.All(board.Flash.Erases, erases => Assert.Equal(1, erases));
    }

    [Fact]
    public void F4Bootloader_leaves_before_the_status_stage_comes_back_and_starts_the_sketch_after_10_s()
    {
        var board = Board("f4boot,start=bootloader");
        board.Control(new UsbSetup(0x21, (byte)DfuRequest.Download, 2, 0, 0), []);

        Assert.Equal(ControlOutcome.Gone, board.Control(StatusSetup, []).Outcome);
        Assert.Null(board.Attached);
        var left = board.Now;
        board.AdvanceTo(left + TimeSpan.FromSeconds(1));
        Assert.IsType<F4Bootloader>(board.Function, exactMatch: true);
        board.AdvanceTo(left + TimeSpan.FromSeconds(10.3));
        Assert.Null(board.RunningSketch);
        board.AdvanceTo(left + TimeSpan.FromSeconds(10.4));
        Assert.Equal("old", board.RunningSketch?.Name);
    }

    [Fact]
    public void The_boot_window_runs_only_while_idle()
    {
        var board = Board("f4boot,start=bootloader");
        SetAddress(board, 0x40);

        board.AdvanceTo(TimeSpan.FromMinutes(5));

        Assert.Null(board.RunningSketch);
    }

    [Fact]
    public void The_rom_jumps_to_the_pointer_and_resets_if_there_is_no_program()
    {
        var board = Board("f4rom,start=bootloader");
        Idle(board);
        SetAddress(board, 0x00, 0x00, 0x04, 0x08);
        board.Control(new UsbSetup(0x21, (byte)DfuRequest.Download, 2, 0, 0), []);
        Assert.Equal(DfuState.Manifest, Status(board).Status.State);
        board.AdvanceTo(board.Now + TimeSpan.FromSeconds(1));
        Assert.IsType<F4Rom>(board.Function, exactMatch: true);

        Idle(board);
        SetAddress(board, 0x00, 0x00, 0x00, 0x08);
        board.Control(new UsbSetup(0x21, (byte)DfuRequest.Download, 2, 0, 0), []);
        Status(board);
        board.AdvanceTo(board.Now + TimeSpan.FromSeconds(1));
        Assert.Equal("old", board.RunningSketch?.Name);
    }

    [Fact]
    public void The_old_build_leaves_a_ghost_behind_a_sketch_without_usb()
    {
        var board = Board("f4boot-old,start=bootloader,sketch=none");
        var generation = board.Attached!.Generation;

        board.AdvanceTo(TimeSpan.FromSeconds(12));

        Assert.Equal("old", board.RunningSketch?.Name);
        Assert.Equal(generation, board.Attached!.Generation);
        Assert.Equal(ControlOutcome.Silent, board.Control(StatusSetup, []).Outcome);
    }

    private static readonly UsbSetup StatusSetup = new(0xA1, (byte)DfuRequest.GetStatus, 0, 0, 6);

    private Board Board(string options)
    {
        var board = new BoardFactory().Create(SimulationOptions.Parse(options), _log.Add);
        board.AdvanceTo(TimeSpan.FromSeconds(1));
        return board;
    }

    private static void Idle(Board board)
    {
        if (Status(board).Status.State == DfuState.Error)
        {
            Request(board, DfuRequest.ClearStatus);
        }
    }

    private static void SetAddress(Board board, byte second) => SetAddress(board, 0x00, second, 0x00, 0x08);

    private static void SetAddress(Board board, byte a0, byte a1, byte a2, byte a3)
    {
        Download(board, 0, 0x21, a0, a1, a2, a3);
        Status(board);
        Status(board);
    }

    private static void Erase(Board board, byte second)
    {
        Download(board, 0, 0x41, 0x00, second, 0x00, 0x08);
        Status(board);
        Status(board);
    }

    private static TimeSpan Write(Board board, byte[] data)
    {
        Download(board, 2, data);
        var busy = Status(board).Busy;
        Assert.Equal(DfuState.DownloadIdle, Status(board).Status.State);
        return busy;
    }

    private static ControlReply Upload(Board board, ushort block) =>
        board.Control(new UsbSetup(0xA1, (byte)DfuRequest.Upload, block, 0, 1024), []);

    private static ControlReply Download(Board board, ushort block, params byte[] data) =>
        board.Control(new UsbSetup(0x21, (byte)DfuRequest.Download, block, 0, (ushort)data.Length), data);

    private static void Request(Board board, DfuRequest request) => board.Control(new UsbSetup(0x21, (byte)request, 0, 0, 0), []);

    private static (DfuStatus Status, TimeSpan Busy) Status(Board board)
    {
        var reply = board.Control(StatusSetup, []);
        board.AdvanceTo(board.Now + reply.Busy);
        return (DfuStatus.Read(reply.Data.Span), reply.Busy);
    }
}
