using System.Text;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Sketches;

namespace UploadHelper.Tests.VirtualBoard.InProcess;

/// <summary>The bus and the serial ports of a board in this process: what they cost, and how they fail.</summary>
public class InProcessFacesTests
{
    private static readonly UsbSetup GetStatus = new(0xA1, (byte)DfuRequest.GetStatus, 0, 0, 6);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_control_transfer_takes_a_millisecond()
    {
        using var system = System("f4boot,start=bootloader");
        using var device = Open(system);
        var start = system.Clock.Now;

        Assert.Equal(6, device.ControlIn(GetStatus, new byte[6], Second));

        Assert.Equal(TimeSpan.FromMilliseconds(1), system.Clock.Now - start);
    }

    [Fact]
    public void Reading_a_kibibyte_takes_four_and_a_half()
    {
        using var system = System("f4boot,start=bootloader");
        using var device = Open(system);
        var start = system.Clock.Now;

        device.ControlIn(new UsbSetup(0xA1, (byte)DfuRequest.Upload, 2, 0, 1024), new byte[1024], Second);

        Assert.Equal(TimeSpan.FromMilliseconds(4.5), system.Clock.Now - start);
    }

    [Fact]
    public void A_transfer_that_times_out_is_finished_by_the_board_and_the_next_one_waits_for_it()
    {
        using var system = System("f4boot,start=bootloader");
        using var device = Open(system);
        device.ControlOut(new UsbSetup(0x21, (byte)DfuRequest.Download, 0, 0, 5), [0x41, 0x00, 0x00, 0x02, 0x08], Second);
        var start = system.Clock.Now;

        var e = Assert.Throws<UsbException>(() => device.ControlIn(GetStatus, new byte[6], TimeSpan.FromMilliseconds(100)));
        Assert.Equal(UsbFault.Timeout, e.Fault);
        Assert.Equal(TimeSpan.FromMilliseconds(100), system.Clock.Now - start);

        var status = new byte[6];
        device.ControlIn(GetStatus, status, TimeSpan.FromSeconds(2));
        Assert.Equal(DfuState.DownloadIdle, DfuStatus.Read(status).State);
        Assert.InRange((system.Clock.Now - start).TotalMilliseconds, 1000, 1010);
        Assert.Equal(1, system.Board.Flash.Erases[5]);
    }

    [Fact]
    public void A_board_that_is_pulled_is_gone_and_comes_back_as_another_enumeration()
    {
        using var system = System("f4boot,start=bootloader");
        var before = Assert.Single(system.Usb.List());
        using var device = system.Usb.Open(before);

        system.Board.Unplug();
        Assert.Empty(system.Usb.List());
        Assert.Equal(UsbFault.Gone, Assert.Throws<UsbException>(() => device.ControlIn(GetStatus, new byte[6], Second)).Fault);

        system.Board.Plug();
        system.Clock.Advance(Second);
        var after = Assert.Single(system.Usb.List());
        Assert.Equal(before.Path, after.Path);
        Assert.NotEqual(before.Number, after.Number);
        Assert.Equal(UsbFault.Gone, Assert.Throws<UsbException>(() => device.ControlIn(GetStatus, new byte[6], Second)).Fault);
        Assert.Equal(UsbFault.Gone, Assert.Throws<UsbException>(() => system.Usb.Open(before)).Fault);
    }

    [Fact]
    public void A_ghost_costs_the_whole_time_limit()
    {
        using var system = System("f4boot,ghost=1,start=bootloader,sketch=none");
        system.Clock.Advance(TimeSpan.FromSeconds(12));
        using var device = Open(system);
        var start = system.Clock.Now;

        Assert.Equal(UsbFault.Timeout, Assert.Throws<UsbException>(() => device.ControlIn(GetStatus, new byte[6], Second)).Fault);

        Assert.Equal(Second, system.Clock.Now - start);
    }

    [Fact]
    public void A_running_sketch_has_a_port_with_its_ids_and_greets_who_raises_dtr()
    {
        using var system = System("f4boot,sketch=libmaple-f1");
        var port = Assert.Single(system.SerialPorts.List());

        Assert.Equal(new SerialPortInfo("sim", 0x1EAF, 0x0004, null, "1-1") { Product = "Maple" }, port);
        Assert.Null(system.Board.BulkIn(SketchFunction.InEndpoint, 64));
        using var line = system.SerialPorts.Open(port.Name, 9600);
        Assert.Equal("sketch old\r\n", Encoding.ASCII.GetString(system.Board.BulkIn(SketchFunction.InEndpoint, 64)!));
    }

    [Fact]
    public void A_wedged_sketch_takes_nothing_more_until_the_time_limit_ends_the_write()
    {
        using var system = System("f4boot,sketch=libmaple-f4");
        using var line = system.SerialPorts.Open("sim", 9600);
        line.SetDtr(false);
        line.Write("x"u8, Second);
        line.SetDtr(true);
        var start = system.Clock.Now;

        Assert.Equal(SerialFault.Timeout, Assert.Throws<SerialException>(() => line.Write("1EAF"u8, Second)).Fault);

        Assert.InRange(system.Clock.Now - start, Second, 1.1 * Second);
        Assert.NotNull(system.Board.RunningSketch);
    }

    [Fact]
    public void The_magic_takes_the_port_away()
    {
        using var system = System("f4boot,sketch=libmaple-f4");
        using var line = system.SerialPorts.Open("sim", 9600);
        line.Write("1EAF"u8, Second);

        Assert.Empty(system.SerialPorts.List());
        Assert.Equal(SerialFault.Gone, Assert.Throws<SerialException>(() => line.SetDtr(false)).Fault);
        Assert.Equal(SerialFault.NotFound, Assert.Throws<SerialException>(() => system.SerialPorts.Open("sim", 9600)).Fault);
        system.Clock.Advance(Second);
        Assert.Equal(0xDF11, Assert.Single(system.Usb.List()).ProductId);
    }

    [Fact]
    public void An_unchanged_line_sends_nothing()
    {
        using var system = System("f4boot");
        using var line = system.SerialPorts.Open("sim", 9600);
        var before = system.Board.ControlTransfers;

        line.SetDtr(true);
        line.SetRts(true);
        Assert.Equal(before, system.Board.ControlTransfers);
        line.SetRts(false);
        Assert.Equal(before + 1, system.Board.ControlTransfers);
    }

    [Fact]
    public void The_flash_is_kept_in_its_file_and_a_half_written_sketch_does_not_run()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.Delete(file);
            using (var system = System($"f4boot,flash={file}"))
            {
                system.Board.Flash.Erase(1);
            }

            using var again = System($"f4boot,flash={file}");
            Assert.True(again.Board.Flash.IsErased(0x0800_4000, 0x4000));
            Assert.Null(again.Board.RunningSketch);
            Assert.Equal(0xDF11, Assert.Single(again.Usb.List()).ProductId);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static SimulatedSystem System(string options) => new(SimulationOptions.Parse(options), _ => { });

    private static IUsbDevice Open(SimulatedSystem system) => system.Usb.Open(Assert.Single(system.Usb.List()));
}
