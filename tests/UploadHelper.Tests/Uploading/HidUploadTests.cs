using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Uploading;

/// <summary>Uploads through the HID bootloader: each generation, and everything that is known to go wrong with it.</summary>
public class HidUploadTests
{
    private const uint Start = 0x0800_0800;
    private static readonly byte[] Restart = [.. "BTLDCMD"u8, 0, .. new byte[56]];

    public static TheoryData<string, uint> Boards => new()
    {
        { "hid-f1", Start },
        { "hid-f1,size=512", Start },
        { "hid-f1,generation=2.2.1", Start },
        { "hid-f1,generation=2.1", Start },
        { "hid-f1,generation=2019", Start },
        { "hid-f1,generation=2.0", 0x0800_1000 },
        { "hid-f4", 0x0800_4000 },
    };

    public static TheoryData<string, uint, bool, int> LeftOver()
    {
        var data = new TheoryData<string, uint, bool, int>();
        foreach (var row in Boards)
        {
            foreach (var reports in (int[])[1, 5, 15, 17, 31])
            {
                data.Add((string)row[0], (uint)row[1], true, reports);
                data.Add((string)row[0], (uint)row[1], false, reports);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void Everything_is_written_and_started_and_said_not_to_be_verified(string board, uint address)
    {
        foreach (var size in (int[])[600, 1_024, 1_025, 2_048, 2_049, 3_072, 16_384, 16_385, 40_003])
        {
            var bench = new Bench(board, StartState.Bootloader);
            var below = bench.Board.Flash.Bytes[..(int)(address - 0x0800_0000)].ToArray();
            var request = bench.Request(address, size) with { Port = null };

            var result = bench.Upload(request);
            bench.Wait(TimeSpan.FromSeconds(2));

            Assert.False(result.Verified);
            Assert.Contains(bench.Events, e => e is UploadWarning { Code: WarningCode.NotVerifiable });
            Assert.Equal(request.File.Content.ToArray(), bench.Flash(address, size));
            Assert.Equal(below, bench.Board.Flash.Bytes[..below.Length].ToArray());
            Assert.Equal(address, bench.Board.RunningSketch?.Address);
            Assert.Empty(bench.Board.Violations);
            Assert.DoesNotContain(bench.Log, e => e.Text.Contains("NoHandshake", StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void A_running_sketch_is_reset_into_it(string board, uint address)
    {
        var bench = new Bench(board);
        var request = bench.Request(address);

        bench.Upload(request);

        Assert.Equal(request.File.Content.ToArray(), bench.Flash(address, request.File.Content.Length));
    }

    [Fact]
    public void A_sketch_that_sets_the_register_of_older_builds_only_comes_back_as_it_was_and_that_is_said()
    {
        var bench = new Bench("hid-f1,sketch=libmaple-f1");
        var before = bench.Board.Flash.Bytes.ToArray();

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(Start) with { Timeout = TimeSpan.FromSeconds(5) }));

        Assert.Equal(UploadError.NoDevice, e.Error);
        Assert.Equal(before, bench.Board.Flash.Bytes.ToArray());
    }

    // With the means of the host to reset the bus, and without.
    [Theory]
    [MemberData(nameof(LeftOver))]
    public void Part_of_a_page_that_a_cancelled_upload_has_left_shifts_nothing(string board, uint address, bool canReset, int reports)
    {
        var bench = new Bench($"{board},reset={(canReset ? "yes" : "no")}", StartState.Bootloader);
        Send(bench, reports);
        var request = bench.Request(address, 9_001) with { Port = null };

        bench.Upload(request);

        Assert.Equal(request.File.Content.ToArray(), bench.Flash(address, 9_001));
        Assert.Empty(bench.Board.Violations);
    }

    [Fact]
    public void A_request_that_is_not_acknowledged_because_it_writes_a_page_is_sent_again()
    {
        var bench = new Bench("hid-f1,reset=no", StartState.Bootloader);
        var sent = 0;
        bench.Bus.BeforeTransfer = _ =>
        {
            // Another host's page ends at the first report of this one.
            if (bench.Events.Any(e => e is PlanMade) && sent++ == 1)
            {
                bench.Board.Control(new UsbSetup(0x21, 9, 0x0200, 0, 1024), new byte[1024]);
            }
        };
        var request = bench.Request(Start, 5_000) with { Port = null };

        bench.Upload(request);

        Assert.Contains(bench.Log, e => e.Text.Contains("NoHandshake", StringComparison.Ordinal));
        Assert.Empty(bench.Events.OfType<Recovering>());
        Assert.Equal(request.File.Content.ToArray(), bench.Flash(Start, 5_000));
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void A_confirmation_that_is_lost_makes_it_send_everything_again(string board, uint address)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var asked = 0;
        bench.Bus.BeforeInterrupt = () =>
        {
            if (++asked == 6)
            {
                throw new UsbException(UsbFault.Timeout, "lost");
            }
        };
        var request = bench.Request(address, 9_001) with { Port = null };

        bench.Upload(request);

        Assert.Single(bench.Events.OfType<Recovering>());
        Assert.Equal(request.File.Content.ToArray(), bench.Flash(address, 9_001));
    }

    [Fact]
    public void Beyond_the_pages_of_1_KiB_nothing_is_sent()
    {
        var bench = new Bench("hid-f1", StartState.Bootloader);
        var below = bench.Flash(0x0800_0000, 0x800);

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(Start, 130_000) with { Port = null }));

        Assert.Contains("pages of 1 KiB", e.Message, StringComparison.Ordinal);
        Assert.Equal(1, bench.Board.SectorsErased);
        Assert.Equal(below, bench.Flash(0x0800_0000, 0x800));
        bench.Upload(bench.Request(Start, 126 * 1024) with { Port = null });
    }

    [Fact]
    public void A_build_for_2_KiB_takes_up_to_510_KiB_and_no_byte_more()
    {
        const int Most = 510 * 1024;
        var bench = new Bench("hid-f1,size=512", StartState.Bootloader);
        var before = bench.Board.Flash.Bytes.ToArray();

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(Start, Most + 1) with { Port = null }));
        Assert.Equal(UploadError.ImageTooLarge, e.Error);
        Assert.Equal(before, bench.Board.Flash.Bytes.ToArray());

        bench.Board.Reset("BOOT1 is set", BootCause.ByHand);
        var request = bench.Request(Start, Most) with { Port = null };
        bench.Upload(request);
        Assert.Equal(request.File.Content.ToArray(), bench.Flash(Start, Most));
        Assert.Empty(bench.Board.Violations);
    }

    [Theory]
    [InlineData("hid-f1", Start, 1024, true)]
    [InlineData("hid-f1", Start, 1024 + 64, false)]
    [InlineData("hid-f4", 0x0800_4000, 1024 + 64, true)]
    [InlineData("hid-f4", 0x0800_4000, 1024 + 65, false)]
    public void Data_that_it_would_take_for_a_command_is_refused_before_anything_is_erased(string board, uint address, int at, bool refused)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var content = SketchImage.Bytes(address, 5_000, bench.Board.StackPointer);
        Restart.CopyTo(content, at);
        var request = new UploadRequest(new ImageFile("x.bin", content), address, bench.Filter);

        var e = Record.Exception(() => bench.Upload(request));

        Assert.Equal(refused, e is UploadException { Error: UploadError.NotForThisDevice });
        Assert.Equal(refused, bench.Board.SectorsErased == 0);
        Assert.True(refused || bench.Flash(address, 5_000).SequenceEqual(content));
    }

    [Theory]
    [InlineData("hid-f1", Start)]
    [InlineData("hid-f1,generation=2.0", 0x0800_1000)]
    [InlineData("hid-f1,size=512", Start)]
    public void Unplugged_before_the_last_page_it_is_there_again_after_a_reset(string board, uint address)
    {
        var bench = new Bench(board, StartState.Bootloader);
        bench.Seen = e =>
        {
            if (e.Text.StartsWith("program", StringComparison.Ordinal) && e.Text.EndsWith($"0x{address + 4096:X8}", StringComparison.Ordinal))
            {
                bench.Board.Unplug();
            }
        };
        Assert.Throws<UploadException>(() => bench.Upload(bench.Request(address) with { Port = null }));
        bench.Seen = _ => { };

        bench.Board.Plug();
        bench.Wait(TimeSpan.FromSeconds(2));
        Assert.NotNull(bench.Board.Attached);
        Assert.Null(bench.Board.RunningSketch);

        var request = bench.Request(address) with { Port = null };
        bench.Upload(request);
        Assert.Equal(request.File.Content.ToArray(), bench.Flash(address, request.File.Content.Length));
    }

    [Theory]
    [InlineData("1209:BEBA", 0x0310, "TKG-HID")]
    [InlineData("0483:572A", 0x0200, "WeAct")]
    public void Bootloaders_with_other_commands_are_refused_by_name(string id, int release, string name)
    {
        var bench = new Bench("hid-f1", StartState.Bootloader);
        var ids = UsbId.Parse(id);
        var bus = new DisguisedBus(bench.System.Usb, d => d with { VendorId = ids.Vendor, ProductId = ids.Product, Release = (ushort)release });
        var request = bench.Request(Start) with { Port = null, Filter = new DeviceFilter([ids]), Timeout = TimeSpan.FromSeconds(1) };

        var e = Assert.Throws<UploadException>(() => bench.Upload(bus, request));

        Assert.Equal(UploadError.NotSupported, e.Error);
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
        Assert.Equal(0, bench.Board.DfuRequests);
    }

    private static void Send(Bench bench, int reports)
    {
        using var device = bench.System.Usb.Open(bench.System.Usb.List().Single());
        for (var i = 0; i < reports; i++)
        {
            device.ControlOut(new UsbSetup(0x21, 9, 0x0200, 0, 64), SketchImage.Noise(i, 64), TimeSpan.FromSeconds(1));
            bench.Wait(TimeSpan.FromSeconds(i == 15 ? 1 : 0));
        }
    }
}
