using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Core.Operations;

public class BootloaderInquiryTests
{
    private readonly Bench _bench = new("f4rom", StartState.Bootloader);

    [Fact]
    public void The_state_is_told_and_left_as_it_is()
    {
        var inquiry = new BootloaderInquiry(_bench.Bus, _bench.System.Clock, _bench.Events.Add);
        var device = inquiry.Choose(null, null);

        for (var i = 0; i < 2; i++)
        {
            var state = inquiry.Ask(device, default);
            Assert.Equal((DfuState.Error, DfuStatusCode.ErrFirmware), (state.Status!.Value.State, state.Status!.Value.Code));
        }

        Assert.Equal(2, _bench.Board.DfuRequests);
        Assert.Empty(_bench.Events);
    }

    [Fact]
    public void A_maple_bootloader_is_not_asked_before_the_user_is_told_what_that_does()
    {
        var bench = new Bench("maple20", StartState.Bootloader);
        int? asked = null;
        var inquiry = new BootloaderInquiry(bench.Bus, bench.System.Clock, e =>
        {
            asked = bench.Board.DfuRequests;
            Assert.Equal(WarningCode.StaysInDfu, Assert.IsType<UploadWarning>(e).Code);
        });

        inquiry.Ask(inquiry.Choose(null, null), default);

        Assert.Equal(0, asked);
        Assert.Equal(1, bench.Board.DfuRequests);
    }

    [Fact]
    public void What_a_bootloader_left_on_the_bus_is_told()
    {
        var bench = new Bench("f4boot,ghost=1,sketch=none", StartState.Bootloader);
        bench.System.Clock.Advance(TimeSpan.FromSeconds(12));
        var inquiry = new BootloaderInquiry(bench.Bus, bench.System.Clock, bench.Events.Add);

        var e = Assert.Throws<UploadException>(() => inquiry.Ask(inquiry.Choose(null, null), default));

        Assert.Equal(UploadError.GhostDevice, e.Error);
    }

    [Fact]
    public void One_that_may_not_be_opened_is_told()
    {
        var inquiry = new BootloaderInquiry(_bench.Bus, _bench.System.Clock, _bench.Events.Add);
        var device = inquiry.Choose([DeviceFilter.StDfu], "1-1");
        _bench.Bus.OnOpen = UsbFault.AccessDenied;

        Assert.Equal(UploadError.AccessDenied, Assert.Throws<UploadException>(() => inquiry.Ask(device, default)).Error);
    }

    [Fact]
    public void Of_several_the_serial_number_says_which()
    {
        var clock = new VirtualClock();
        var boards = ((string[])["f4rom", "f4boot"])
            .Select(b => BoardFactory.Create(SimulationOptions.Parse($"{b},start=bootloader"), _ => { })).ToArray();
        var inquiry = new BootloaderInquiry(new InProcessBus(clock, boards), clock, _ => { });

        Assert.Equal(UploadError.SeveralDevices, Assert.Throws<UploadException>(() => inquiry.Choose(null, null)).Error);
        Assert.Equal("1-2", inquiry.Choose(null, null, "3057365A3131").Path);
        Assert.Equal(UploadError.NoDevice, Assert.Throws<UploadException>(() => inquiry.Choose(null, null, "1")).Error);
        Assert.All(boards, b => Assert.Equal(0, b.DfuRequests));
    }

    [Theory]
    [InlineData(0x1EAF, null, "No board with 1EAF:0003 is in DFU mode.")]
    [InlineData(0x0483, "1-2", "No board with 0483:0003 at 1-2 is in DFU mode.")]
    public void One_that_is_not_there_is_told_by_what_was_asked_for(ushort vendor, string? path, string message)
    {
        var inquiry = new BootloaderInquiry(_bench.Bus, _bench.System.Clock, _bench.Events.Add);

        var e = Assert.Throws<UploadException>(() => inquiry.Choose([new UsbId(vendor, 3)], path));

        Assert.Equal((UploadError.NoDevice, message), (e.Error, e.Message));
    }
}
