using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Uploading;

/// <summary>A device in DFU run-time mode is told to start its bootloader if the user has named it, and only then.</summary>
public class RuntimeDfuTests
{
    private const uint Start = 0x0800_2000;
    private static readonly UsbId Runtime = new(0x1209, 0x0001);
    private static readonly UsbId Dapboot = new(0x1209, 0xDB42);

    public static TheoryData<string, string> Named()
    {
        var data = new TheoryData<string, string>();
        foreach (var sketch in (string[])["dfu-runtime", "dfu-runtime-reset"])
        {
            foreach (var by in (string[])["id", "path", "option"])
            {
                data.Add(sketch, by);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Named))]
    public void A_device_that_is_named_is_told_to_start_its_bootloader(string sketch, string by)
    {
        var bench = new Bench($"dapboot,sketch={sketch}");

        var result = bench.Upload(By(bench, by));

        Assert.True(result.Verified);
        var detaching = Assert.Single(bench.Events.OfType<Detaching>());
        Assert.Equal((Runtime, sketch == "dfu-runtime-reset"), (detaching.Device.Id, detaching.BusReset));
        Assert.False(Assert.Single(bench.Events.OfType<WaitingForBootloader>()).AskForReset);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("other id")]
    [InlineData("other path")]
    public void A_device_that_is_not_named_is_left_alone(string by)
    {
        var bench = new Bench("dapboot,sketch=dfu-runtime");

        var e = Assert.Throws<UploadException>(() => bench.Upload(By(bench, by)));

        Assert.Equal(UploadError.NoDevice, e.Error);
        Assert.Empty(bench.Events.OfType<Detaching>());
        Assert.Equal("old", bench.Board.RunningSketch?.Name);
        Assert.DoesNotContain(bench.Log, l => l.Text.StartsWith("class", StringComparison.Ordinal));
    }

    [Fact]
    public void What_it_takes_to_name_it_is_said()
    {
        var bench = new Bench("dapboot,sketch=dfu-runtime");

        var e = Assert.Throws<UploadException>(() => bench.Upload(By(bench, "nothing")));

        Assert.Contains("1209:0001 at 1-1 is in DFU run-time mode", e.Message, StringComparison.Ordinal);
        Assert.Contains("--detach", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_two_devices_none_is_told_by_the_option_alone()
    {
        var bench = new Bench("dapboot,sketch=dfu-runtime,count=2");

        var e = Assert.Throws<UploadException>(() => bench.Upload(By(bench, "option")));

        Assert.Equal(UploadError.SeveralDevices, e.Error);
        Assert.Contains("--usb-path 1-1", e.Hint, StringComparison.Ordinal);
        Assert.Empty(bench.Events.OfType<Detaching>());
    }

    [Fact]
    public void The_other_of_two_boards_is_left_alone_by_the_path()
    {
        var bench = new Bench("dapboot,sketch=dfu-runtime,count=2");

        Assert.True(bench.Upload(By(bench, "path")).Verified);

        Assert.Equal("old", bench.System.Boards[1].RunningSketch?.Name);
        Assert.Equal(0, bench.System.Boards[1].SectorsErased);
    }

    [Fact]
    public void A_reset_that_is_not_possible_is_told_and_the_bootloader_waited_for()
    {
        var bench = new Bench("dapboot,sketch=dfu-runtime-reset,reset=no");

        var e = Assert.Throws<UploadException>(() => bench.Upload(By(bench, "option")));

        Assert.Equal(UploadError.NoDevice, e.Error);
        var warning = Assert.Single(bench.Events.OfType<UploadWarning>(), w => w.Code == WarningCode.DetachFailed);
        Assert.Contains("WinUSB", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bootloader_that_answers_is_used_and_nothing_is_told_to_leave()
    {
        var bench = new Bench("dapboot,sketch=dfu-runtime,count=2");
        bench.Board.Reset("its button is held", BootCause.ByHand);
        bench.Wait(TimeSpan.FromSeconds(1));

        Assert.True(bench.Upload(By(bench, "option")).Verified);

        Assert.Empty(bench.Events.OfType<Detaching>());
    }

    private static UploadRequest By(Bench bench, string name)
    {
        var request = bench.Request(Start) with { Port = null, File = SketchImage.File(Start, 4_000, 0x2000_5000), Timeout = TimeSpan.FromSeconds(3), WaitPort = WaitPort.No };
        return name switch
        {
            "id" => request with { Filter = new DeviceFilter([Runtime, Dapboot]) },
            "other id" => request with { Filter = new DeviceFilter([Dapboot]) },
            "path" => request with { Filter = bench.Filter with { UsbPath = "1-1" } },
            "other path" => request with { Filter = bench.Filter with { UsbPath = "1-7" }, Detach = true },
            "option" => request with { Detach = true },
            _ => request,
        };
    }
}
