using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Uploading;

public class UploaderTests
{
    public static TheoryData<string, uint, int> Boards()
    {
        var data = new TheoryData<string, uint, int>();
        foreach (var size in (int[])[600, 1024, 4_004, 65_536, 200_003])
        {
            foreach (var sketch in (string[])["libmaple-f4", "stm32generic", "libmaple-f1"])
            {
                data.Add($"f4boot,sketch={sketch}", 0x0800_4000, size);
                if (sketch != "stm32generic")
                {
                    // STM32GENERIC leaves no flag, and the old build only starts the sketch anew.
                    data.Add($"f4boot-old,sketch={sketch}", 0x0801_0000, size);
                }

                data.Add($"f4rom,sketch={sketch}", 0x0800_0000, size);
                data.Add($"h747,sketch={sketch}", 0x0800_0000, size);
                data.Add($"l496,sketch={sketch}", 0x0800_0000, size);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void From_a_running_sketch_to_the_new_one(string board, uint address, int size)
    {
        var bench = new Bench(board);
        var bootloader = bench.Flash(0x0800_0000, (int)(address - 0x0800_0000));
        var request = bench.Request(address, size);

        var result = bench.Upload(request);

        Assert.Equal(request.File.Content.ToArray(), bench.Flash(address, size));
        Assert.Equal(bootloader, bench.Flash(0x0800_0000, bootloader.Length));
        Assert.Empty(bench.Board.Violations);
        Assert.True(result.Verified);
        Assert.Equal(InProcessSerialPorts.FirstName, result.Port);
        Assert.Equal(address, bench.Board.RunningSketch!.Address);
        Assert.All(bench.Board.Flash.Erases, e => Assert.InRange(e, 0, 1));
    }

    [Fact]
    public void The_vector_tables_sector_is_erased_first_and_its_block_programmed_last()
    {
        var bench = new Bench("f4boot");

        bench.Upload(bench.Request(0x0800_4000, 50_000));

        var flash = bench.Log.Where(e => e.Kind == BoardEventKind.Flash).Select(e => e.Text).ToList();
        Assert.Equal("erase sector 1 at 0x08004000", flash[0]);
        Assert.Equal("program 4 bytes at 0x08004000", flash[^1]);
    }

    [Fact]
    public void The_address_is_set_once_a_run()
    {
        var bench = new Bench("f4boot");

        bench.Upload(bench.Request(0x0800_4000, 64 * 1024));

        // For a look at the sketch that is there, for the comparison, for a look whether it is erased, twice for writing (the last
        // block is short) and once for reading all but the stack pointer, twice for that, and before leaving.
        Assert.Equal(9, bench.Log.Count(e => e.Text.StartsWith("DNLOAD block 0, 5 bytes", StringComparison.Ordinal)) - bench.Board.Flash.Erases.Sum());
    }

    [Fact]
    public void A_port_that_no_look_shows_gets_the_whole_reset_sequence()
    {
        // A link of udev's or a pseudo terminal opens, but is not among the listed ports: that is no sign of a reset.
        var bench = new Bench("f4boot,sketch=libmaple-f1");

        var outcome = new SketchReset(new UnlistedPorts(bench.System.SerialPorts), bench.System.Clock, _ => { }).Run("sim", default);

        Assert.Equal(new ResetOutcome(null, null), outcome);
        Assert.Contains(bench.Log, e => e.Text == "off the bus: reset: magic");
    }

    [Theory]
    [InlineData("h747")]
    [InlineData("h747,rom=9.1")]
    public void An_image_that_reaches_from_one_bank_into_the_other_is_one_image(string board)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var request = bench.Request(0x080E_0000, 0x2_0000 + 3_000) with { Port = null };

        Assert.True(bench.Upload(request).Verified);

        Assert.Equal(request.File.Content.ToArray(), bench.Flash(0x080E_0000, request.File.Content.Length));
        Assert.All(bench.Board.Flash.Erases.Select((e, sector) => (e, sector)), s => Assert.Equal(s.sector is 7 or 8, s.e > 0));
        Assert.Empty(bench.Board.Violations);
    }

    [Fact]
    public void A_board_whose_serial_number_changes_is_named_by_its_place()
    {
        var bench = new Bench("l496", StartState.Bootloader);
        var request = bench.Request(0x0800_0000) with { Port = null, Leave = false };
        var first = bench.Upload(request).Device;
        bench.Board.Unplug();
        bench.Board.Plug();
        bench.Board.Reset("BOOT0", BootCause.ByHand);
        bench.Wait(TimeSpan.FromSeconds(1));

        var bySerial = request with { Filter = request.Filter with { SerialNumber = first.SerialNumber }, Timeout = TimeSpan.FromSeconds(1) };
        Assert.Equal(UploadError.NoDevice, Assert.Throws<UploadException>(() => bench.Upload(bySerial)).Error);
        var second = bench.Upload(request with { Filter = request.Filter with { UsbPath = first.Device.Path } }).Device;
        Assert.NotEqual(first.SerialNumber, second.SerialNumber);
    }

    [Fact]
    public void Two_boards_in_dfu_mode_are_refused_with_the_list()
    {
        var clock = new VirtualClock();
        var boards = Enumerable.Range(0, 2)
            .Select(_ => BoardFactory.Create(SimulationOptions.Parse("f4rom,start=bootloader"), _ => { })).ToArray();
        var uploader = new Uploader(new InProcessBus(clock, boards), new InProcessSerialPorts(clock, boards), clock, _ => { });
        var request = new UploadRequest(SketchImage.File(0x0800_0000, 20_000), 0x0800_0000, new DeviceFilter([DeviceFilter.StDfu]));

        var e = Assert.Throws<UploadException>(() => uploader.Run(request, default));

        Assert.Equal(UploadError.SeveralDevices, e.Error);
        Assert.Contains("0483:DF11 at 1-1", e.Message, StringComparison.Ordinal);
        Assert.Contains("0483:DF11 at 1-2", e.Message, StringComparison.Ordinal);
        Assert.Contains("--usb-path 1-1", e.Hint, StringComparison.Ordinal);
        Assert.All(boards, b => Assert.Equal(0, b.Flash.Erases.Sum()));

        var result = uploader.Run(request with { Filter = request.Filter with { UsbPath = "1-2" } }, default);
        Assert.Equal("1-2", result.Device.Device.Path);
        Assert.Equal(0, boards[0].Flash.Erases.Sum());
    }

    [Fact]
    public void A_ghost_is_told_apart_from_a_bootloader_and_reset_helps()
    {
        var bench = new Bench("f4boot,ghost=1,sketch=none", StartState.Bootloader);
        bench.System.Clock.Advance(TimeSpan.FromSeconds(12));
        var request = bench.Request(0x0800_4000) with { Port = null };

        var e = Assert.Throws<UploadException>(() => bench.Upload(request));

        Assert.Equal(UploadError.GhostDevice, e.Error);
        Assert.Contains("Press RESET", e.Hint, StringComparison.Ordinal);
        Assert.Contains(bench.Events, w => w is UploadWarning { Code: WarningCode.GhostDevice });
        Assert.Equal(0, bench.Board.Flash.Erases.Sum());

        bench.Board.PressReset();
        Assert.True(bench.Upload(request).Verified);
    }

    [Theory]
    [InlineData(UsbFault.AccessDenied, UploadError.AccessDenied, "udev rules")]
    [InlineData(UsbFault.Busy, UploadError.DeviceBusy, "Close that program")]
    [InlineData(UsbFault.WrongDriver, UploadError.WrongDriver, "WinUSB")]
    public void A_device_that_may_not_be_opened_is_told_apart_from_none(UsbFault fault, UploadError error, string hint)
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        bench.Bus.OnOpen = fault;

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(0x0800_0000) with { Port = null }));

        Assert.Equal(error, e.Error);
        Assert.Equal(7, e.Error.ExitStatus());
        Assert.Contains(hint, e.Hint, StringComparison.Ordinal);
        Assert.Equal(0, bench.Board.Flash.Erases.Sum());
    }

    [Fact]
    public void A_device_that_is_known_to_exaggerate_is_not_waited_for_unless_that_is_asked_for()
    {
        TimeSpan Elapsed(bool strict)
        {
            var bench = new Bench("f4rom", StartState.Bootloader);
            var result = bench.Upload(bench.Request(0x0800_0000, 100_000) with { Port = null, StrictPolling = strict });
            Assert.True(result.Verified);
            return result.Elapsed;
        }

        Assert.InRange(Elapsed(strict: true) / Elapsed(strict: false), 1.5, 10);
    }

    [Fact]
    public void A_board_without_a_sketch_is_started_anew_so_that_it_does_not_start_the_sketch_before_the_end()
    {
        // F4Bootloader without a sketch starts whatever appears once its boot window is used up: as soon as the vector
        // table is written, and before it can be compared.
        for (var phase = 0; phase < 300; phase += 5)
        {
            var bench = new Bench("f4boot", StartState.Empty);
            bench.System.Clock.Advance(TimeSpan.FromSeconds(60) + TimeSpan.FromMilliseconds(phase));
            var request = bench.Request(0x0800_4000) with { Port = null };

            Assert.True(bench.Upload(request).Verified, $"{phase} ms");
            Assert.Equal(request.File.Content.ToArray(), bench.Flash(0x0800_4000, 20_000));
        }
    }

    [Theory]
    [InlineData(false, InterruptedUpload.LastBlock)]
    [InlineData(true, InterruptedUpload.WrittenUnverified)]
    public void A_board_lost_with_its_last_block_is_told_truly(bool acknowledged, string state)
    {
        var bench = new Bench("f4boot", StartState.Bootloader);
        bench.Bus.BeforeTransfer = _ =>
        {
            if (bench.Events[^1] is FlashProgress { Phase: FlashPhase.Finalize } p && p.Done > 0 == acknowledged)
            {
                bench.Board.Unplug();
            }
        };

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(0x0800_4000) with { Port = null }));

        Assert.Equal(UploadError.DeviceLost, e.Error);
        Assert.Contains(state, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("incomplete", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancelling_is_told_with_the_state_of_the_board()
    {
        var bench = new Bench("f4boot");
        using var cancellation = new CancellationTokenSource();
        bench.Bus.BeforeTransfer = n =>
        {
            if (n == 40)
            {
                cancellation.Cancel();
            }
        };

        Assert.Throws<OperationCanceledException>(() => bench.Upload(bench.Request(0x0800_4000), cancellation.Token));

        Assert.Contains(bench.Events, e => e is UploadCancelled { State: InterruptedUpload.Incomplete });
    }

    [Fact]
    public void A_byte_that_does_not_stick_fails_the_verification()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        bench.Bus.BeforeTransfer = _ =>
        {
            if (bench.Board.Flash.BytesProgrammed > 4_000)
            {
                bench.Board.Flash.Preload(0x0800_0805, [0x00]);
            }
        };

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(0x0800_0000) with { Port = null }));

        Assert.Equal(UploadError.VerifyFailed, e.Error);
        Assert.Contains("0x08000805", e.Message, StringComparison.Ordinal);
        Assert.True(bench.Board.Flash.IsErased(0x0800_0000, 4), "the stack pointer is not written before the rest is verified");
    }

    [Fact]
    public void The_last_byte_is_compared_too()
    {
        const int Size = 20_000;
        var bench = new Bench("f4rom", StartState.Bootloader);
        var request = bench.Request(0x0800_0000, Size) with { Port = null };
        var last = (byte)~request.File.Content.Span[Size - 1];
        bench.Bus.BeforeTransfer = _ =>
        {
            if (bench.Board.Flash.BytesProgrammed > Size - 100)
            {
                bench.Board.Flash.Preload(0x0800_0000 + Size - 1, [last]);
            }
        };

        Assert.Contains("0x08004E1F", Assert.Throws<UploadException>(() => bench.Upload(request)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sketch_that_fills_the_last_sector_is_read_back_and_nothing_behind_it()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);

        Assert.True(bench.Upload(bench.Request(0x080E_0000, 0x2_0000) with { Port = null }).Verified);

        Assert.Empty(bench.Board.Violations);
    }

    private sealed class UnlistedPorts(ISerialPorts ports) : ISerialPorts
    {
        public IReadOnlyList<SerialPortInfo> List() => [];

        public ISerialLine Open(string name, int baudRate) => ports.Open(name, baudRate);
    }
}
