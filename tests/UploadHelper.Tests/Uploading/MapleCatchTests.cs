using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Uploading;

/// <summary>Bootloaders that stay for a moment are caught, and what came instead is told.</summary>
public class MapleCatchTests
{
    private const uint Alt1 = 0x0800_5000;
    private const uint Alt2 = 0x0800_2000;
    private const uint F4 = 0x0801_0000;

    [Fact]
    public void A_bootloader_that_was_missed_is_asked_for_again_twice_at_most()
    {
        // A machine that is too busy to look while the bootloader is there.
        var bench = new Bench("maple20,sketch=stm32generic");
        var resets = 0;
        var missed = 0;
        var uploader = new Uploader(
            new BlinkingBus(bench.Bus, devices => devices.Any(d => d.ProductId == 3) && resets <= missed),
            bench.System.SerialPorts,
            bench.System.Clock,
            e =>
            {
                bench.Events.Add(e);
                resets += e is ResettingSketch ? 1 : 0;
            });

        missed = 2;
        Assert.Equal("sim", uploader.Run(bench.Request(Alt2), default).Port);
        Assert.Equal(3, resets);

        (missed, resets) = (99, 0);
        var e = Assert.Throws<UploadException>(() => uploader.Run(bench.Request(Alt2, 10_000), default));
        Assert.Equal(UploadError.NoDevice, e.Error);
        Assert.Equal(3, resets);
    }

    // Its descriptors alone take a slow machine longer than the F4 port stays.
    [Theory]
    [InlineData("maple-f4", F4)]
    [InlineData("maple-orig", Alt1)]
    public void A_bootloader_that_stays_for_a_moment_is_held_before_it_is_asked_what_it_is(string board, uint address)
    {
        var bench = new Bench(board);
        bench.Bus.BeforeTransfer = _ => bench.Wait(TimeSpan.FromMilliseconds(200));

        Assert.Equal("sim", bench.Upload(bench.Request(address, 1000)).Port);
        Assert.Single(bench.Events.OfType<ResettingSketch>());
    }

    [Fact]
    public void A_bootloader_that_is_wanted_by_its_serial_number_is_held_only_once_that_is_known()
    {
        var bench = new Bench("maple20", StartState.Bootloader);
        var request = bench.Request(Alt2) with
        {
            Filter = new DeviceFilter(DeviceFilter.KnownIds, SerialNumber: "another"),
            Port = null,
            Timeout = TimeSpan.FromSeconds(1),
        };

        Assert.Equal(UploadError.NoDevice, Assert.Throws<UploadException>(() => bench.Upload(request)).Error);
        Assert.Equal(0, bench.Board.DfuRequests);
    }

    [Theory]
    [InlineData("maple20", "0483:DF11")]
    [InlineData("f4rom", "1EAF:0003")]
    [InlineData("f4boot", "1EAF:0003")]
    public void A_board_that_comes_back_with_another_bootloader_is_told_at_once_and_runs_its_old_sketch_again(string board, string wanted)
    {
        var bench = new Bench(board);
        var request = bench.Request(bench.Board.RunningSketch!.Address) with { Filter = new DeviceFilter([UsbId.Parse(wanted)]) };
        var start = bench.System.Clock.Now;

        var e = Assert.Throws<UploadException>(() => bench.Upload(request));

        Assert.Equal(UploadError.NoDevice, e.Error);
        Assert.Contains($"not {wanted}", e.Message, StringComparison.Ordinal);
        Assert.InRange(bench.System.Clock.Now - start, TimeSpan.Zero, request.Timeout / 3);
        bench.Settle();
        bench.Settle();
        Assert.Equal("old", bench.Board.RunningSketch!.Name);
        Assert.Equal(0, bench.Board.Flash.Erases.Sum());
    }

    private sealed class BlinkingBus(IUsbBus bus, Func<IReadOnlyList<UsbDeviceInfo>, bool> isBlind) : IUsbBus
    {
        public IReadOnlyList<UsbDeviceInfo> List() => bus.List() is var devices && isBlind(devices) ? [] : devices;

        public IUsbDevice Open(UsbDeviceInfo device) => bus.Open(device);
    }
}
