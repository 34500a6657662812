using System.Text;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Faults;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Faults;

/// <summary>What each fault does to an F4Bootloader; the first transfer is number 0.</summary>
public class FaultInjectorTests
{
    private const uint Sector1 = 0x0800_4000;
    private const string Board = "f4boot,start=bootloader,fault=";
    private const string OpenBoard = "f4boot,start=empty,fault=";

    [Fact]
    public void A_stall_refuses_one_transfer_and_nothing_is_done()
    {
        var wire = new DfuWire(Board + "stall@0");

        Assert.Equal(ControlOutcome.Stall, wire.Download(0, 0x21, 0, 0, 0, 8).Outcome);

        Assert.Equal(DfuState.Idle, wire.State);
    }

    [Fact]
    public void A_later_one_is_counted_from_now_and_can_be_called_off()
    {
        var wire = new DfuWire(OpenBoard + "stall@99");
        _ = wire.State;
        wire.Board.InjectFault(Fault.Parse("stall@1"));

        Assert.Equal(ControlOutcome.Done, wire.GetStatus().Outcome);
        Assert.Equal(ControlOutcome.Stall, wire.GetStatus().Outcome);

        wire.Board.InjectFault(Fault.Parse("stall@0"));
        wire.Board.ClearFaults();
        Assert.Equal(ControlOutcome.Done, wire.GetStatus().Outcome);
    }

    [Fact]
    public void A_silent_transfer_does_not_arrive_and_a_late_one_does()
    {
        var silent = new DfuWire(Board + "silent@0");
        Assert.Equal(ControlOutcome.Silent, silent.Download(0, 0x21, 0, 0, 0, 8).Outcome);
        Assert.Equal(DfuState.Idle, silent.State);

        var late = new DfuWire(Board + "late@0");
        Assert.Equal(ControlOutcome.Silent, late.Download(0, 0x21, 0, 0, 0, 8).Outcome);
        Assert.NotEqual(DfuState.Idle, late.State);
    }

    [Theory]
    [InlineData("gone", false, null)]
    [InlineData("reset", true, "1-1")]
    [InlineData("renamed", true, "1-1")]
    [InlineData("moved", true, "2-1")]
    public void A_board_leaves_and_comes_back_or_does_not(string fault, bool comesBack, string? path)
    {
        var system = new SimulatedSystem(SimulationOptions.Parse(OpenBoard + fault + "@2"), _ => { });
        using var device = system.Usb.Open(Assert.Single(system.Usb.List()));
        var serial = Serial(device);
        Assert.Equal(UsbFault.Gone, Assert.Throws<UsbException>(() => Serial(device)).Fault);

        system.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(comesBack ? [path!] : [], system.Usb.List().Select(d => d.Path));
        if (comesBack)
        {
            using var back = system.Usb.Open(system.Usb.List()[0]);
            Assert.Equal(fault != "renamed", Serial(back) == serial);
        }
    }

    [Fact]
    public void A_twin_comes_onto_the_bus_beside_it()
    {
        var system = new SimulatedSystem(SimulationOptions.Parse(OpenBoard + "twin@2"), _ => { });
        using var device = system.Usb.Open(Assert.Single(system.Usb.List()));
        Serial(device);
        Serial(device);

        system.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["1-1", "1-2"], system.Usb.List().Select(d => d.Path));
    }

    [Fact]
    public void A_replugged_board_starts_its_sketch()
    {
        var system = new SimulatedSystem(SimulationOptions.Parse("f4rom,start=bootloader,fault=replug@2"), _ => { });
        using var device = system.Usb.Open(Assert.Single(system.Usb.List()));
        Serial(device);
        Assert.Throws<UsbException>(() => Serial(device));

        system.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("old", Assert.Single(system.SerialPorts.List().Select(_ => system.Board.RunningSketch?.Name)));
    }

    [Fact]
    public void A_cut_erase_leaves_half_of_the_sector_and_a_board_without_its_power()
    {
        var wire = new DfuWire(Board + "cut-erase@1");
        wire.Board.Flash.Preload(Sector1, new byte[0x8000]);
        wire.Command(0x41, Sector1);

        Assert.Equal(ControlOutcome.Gone, wire.GetStatus().Outcome);

        Assert.Null(wire.Board.Attached);
        Assert.True(wire.Board.Flash.IsErased(Sector1, 0x2000));
        Assert.Equal(new byte[0x6000], wire.Board.Flash.Read(Sector1 + 0x2000, 0x6000).ToArray());
    }

    [Theory]
    [InlineData("cut-program", new byte[] { 1, 2, 3, 4, 0xFF, 0xFF }, ControlOutcome.Gone)]
    [InlineData("lost", new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF }, ControlOutcome.Done)]
    [InlineData("bit", new byte[] { 3, 2, 3, 4, 5, 6 }, ControlOutcome.Done)]
    public void Programming_fails_and_only_a_loss_of_power_is_seen(string fault, byte[] stands, ControlOutcome outcome)
    {
        // SET_CONFIGURATION, SET_ADDRESS with two GETSTATUS, and the block. (F4Bootloader would compare each word itself.)
        var wire = new DfuWire($"h0wch33,start=bootloader,fault={fault}@5").Configure();
        wire.Board.Flash.Erase((int)(Sector1 - wire.Board.Flash.Base) / 1024);
        wire.SetAddress(Sector1);
        wire.Download(2, 1, 2, 3, 4, 5, 6, 7, 8);

        var reply = wire.GetStatus();

        Assert.Equal(outcome, reply.Outcome);
        Assert.Equal(stands, wire.Board.Flash.Read(Sector1, stands.Length).ToArray());
    }

    [Fact]
    public void A_busy_device_stays_busy_whatever_is_done_about_it()
    {
        var wire = new DfuWire(Board + "busy@0");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(DfuState.DownloadBusy, wire.State);
            Assert.Equal(ControlOutcome.Stall, wire.Send(DfuRequest.Abort).Outcome);
            Assert.Equal(ControlOutcome.Stall, wire.Send(DfuRequest.ClearStatus).Outcome);
        }
    }

    [Fact]
    public void A_status_is_told_until_it_is_cleared()
    {
        var wire = new DfuWire(Board + "status-6@0");

        Assert.Equal((DfuState.Error, DfuStatusCode.ErrProg), (wire.Status().Status.State, wire.Status().Status.Code));

        Assert.Equal(ControlOutcome.Stall, wire.Download(0, 0x21, 0, 0, 0, 8).Outcome);
        wire.Send(DfuRequest.ClearStatus);
        Assert.Equal(DfuState.Idle, wire.State);
    }

    [Fact]
    public void An_early_poll_is_punished_with_a_stall_and_one_in_time_is_not()
    {
        var wire = new DfuWire(Board + "early@0");
        wire.Command(0x21, Sector1);
        var status = wire.Status().Status;
        Assert.Equal(DfuState.DownloadBusy, status.State);

        Assert.Equal(ControlOutcome.Stall, wire.GetStatus().Outcome);

        wire.Wait(status.PollTimeout);
        Assert.Equal(DfuState.DownloadIdle, wire.State);
    }

    [Fact]
    public void A_short_answer_is_half_of_it() => Assert.Equal(DfuStatus.Size / 2, new DfuWire(Board + "short@0").GetStatus().Data.Length);

    [Fact]
    public void A_layout_lies()
    {
        var board = new DfuWire(Board + "layout@1").Board;
        string Map() => Encoding.Unicode.GetString(board.Control(new UsbSetup(0x80, 6, 0x0304, 0x0409, 255), []).Data.Span[2..]);

        var truth = Map();
        Assert.Equal("@Internal Flash   /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg", truth);
        Assert.Equal("@Internal Flash   /0x08000000/01*016Kg,03*016Kg,01*064Kg,08*128Kg", Map());
        Assert.Equal(truth, Map());
    }

    [Fact]
    public void A_host_may_not_open_a_board_that_has_just_come_and_another_program_has_it_for_a_while()
    {
        var system = new SimulatedSystem(SimulationOptions.Parse("f4rom,boot0=1,denied=1500,held=2500"), _ => { });
        var found = Assert.Single(system.Usb.List());
        Assert.Equal(UsbFault.AccessDenied, Assert.Throws<UsbException>(() => system.Usb.Open(found)).Fault);

        system.Clock.Advance(TimeSpan.FromSeconds(1));
        using var device = system.Usb.Open(found);
        Assert.Equal(UsbFault.Busy, Assert.Throws<UsbException>(() => device.Claim(0)).Fault);

        system.Clock.Advance(TimeSpan.FromSeconds(1));
        device.Claim(0);
    }

    private static string Serial(IUsbDevice device) => UsbDescriptors.ReadString(device, 3);
}
