using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Uploading;

/// <summary>Maple bootloaders start a sketch by a reset of the bus, which is not possible everywhere.</summary>
public class MapleBusResetTests
{
    private const uint Alt2 = 0x0800_2000;

    [Theory]
    [InlineData(WaitPort.Yes, true)]
    [InlineData(WaitPort.Yes, false)]
    [InlineData(WaitPort.Auto, false)]
    [InlineData(WaitPort.No, false)]
    public void Where_the_bus_cannot_be_reset_the_user_is_told_before_and_does_it(WaitPort wait, bool pressesReset)
    {
        var bench = new Bench("maple20,reset=no");
        var request = bench.Request(Alt2) with { WaitPort = wait };
        var told = -1;
        bench.Bus.BeforeTransfer = _ => told = told < 0 && bench.Events.Any(e => e is UploadWarning { Code: WarningCode.ResetNeeded }) ? bench.Board.Flash.Erases.Sum() : told;

        UploadResult? result = null;
        var e = Record.Exception(() => result = new Uploader(bench.Bus, bench.System.SerialPorts, bench.System.Clock, Press).Run(request, default));

        Assert.Equal(0, told);
        Assert.Equal(request.File.Content.ToArray(), bench.Flash(Alt2, 20_000));
        Assert.DoesNotContain(bench.Events, x => x is LeavingBootloader);
        if (wait == WaitPort.Yes && !pressesReset)
        {
            Assert.Equal(10, Assert.IsType<UploadException>(e).Error.ExitStatus());
        }
        else
        {
            Assert.Null(e);
            Assert.Equal(pressesReset ? "sim" : null, result!.Port);
            Assert.False(result.Left);
        }

        void Press(UploadEvent x)
        {
            bench.Events.Add(x);
            if (pressesReset && x is WaitingForSketch { AskForReset: true })
            {
                bench.Board.PressReset();
            }
        }
    }

    [Fact]
    public void A_bootloader_that_waits_for_its_reset_is_given_it()
    {
        var bench = new Bench("maple20", StartState.Empty);
        using (var device = bench.System.Usb.Open(bench.System.Usb.List()[0]))
        {
            device.SetAlternateSetting(0, 2);
            Out(device, 1, new byte[1024]);
            In(device, 3);
            Out(device, 1, []);
            In(device, 3);
        }

        Assert.True(bench.Upload(bench.Request(Alt2) with { Port = null }).Verified);

        static void Out(IUsbDevice device, byte request, byte[] data) =>
            device.ControlOut(new UsbSetup(0x21, request, 0, 0, (ushort)data.Length), data, TimeSpan.FromSeconds(1));

        static void In(IUsbDevice device, byte request) =>
            device.ControlIn(new UsbSetup(0xA1, request, 0, 0, 6), new byte[6], TimeSpan.FromSeconds(1));
    }
}
