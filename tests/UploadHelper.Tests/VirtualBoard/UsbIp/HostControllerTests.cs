using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.Tests.VirtualBoard.UsbIp;

public class HostControllerTests
{
    private const byte In = 0x81;
    private const byte Out = 0x02;

    private readonly FakePort _port = new();
    private readonly List<(uint Sequence, int Status, byte[] Data)> _ended = [];
    private readonly HostController _host;
    private TimeSpan _now;
    private int _ends;

    public HostControllerTests() => _host = new HostController(
        _port.Attached!, (transfer, status) => _ended.Add((transfer.Sequence, status, transfer.Data)), () => _ends++);

    [Fact]
    public void An_in_transfer_waits_for_data()
    {
        Ask(1, In, 64);
        Assert.Empty(_ended);

        _port.ToHost.Enqueue([1, 2, 3]);
        Serve();
        Assert.Equal([1, 2, 3], Assert.Single(_ended).Data);
    }

    [Fact]
    public void Full_packets_go_on_until_a_short_one()
    {
        Ask(1, In, 64);
        _port.ToHost.Enqueue([1, 2, 3, 4, 5, 6, 7, 8]);
        Serve();
        Assert.Empty(_ended);

        _port.ToHost.Enqueue([9]);
        Serve();
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9], Assert.Single(_ended).Data);
    }

    [Fact]
    public void An_in_transfer_that_is_full_ends()
    {
        _port.ToHost.Enqueue([1, 2, 3, 4, 5, 6, 7, 8]);
        Ask(1, In, 8);
        Assert.Single(_ended);
    }

    [Fact]
    public void A_transfer_that_is_taken_back_is_not_answered_and_the_next_gets_the_data()
    {
        Ask(1, In, 8);
        Ask(2, In, 8);
        Assert.True(_host.Unlink(1));
        Assert.False(_host.Unlink(1));
        _port.ToHost.Enqueue([1]);
        Serve();
        Assert.Equal(2u, Assert.Single(_ended).Sequence);
    }

    [Fact]
    public void An_out_transfer_goes_in_packets_and_waits_while_the_device_takes_none()
    {
        _port.TakesPackets = false;
        Tell(1, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        Assert.Empty(_ended);

        _port.TakesPackets = true;
        Serve();
        Assert.Equal([[1, 2, 3, 4, 5, 6, 7, 8], [9, 10]], _port.Packets);
        Assert.Equal(UsbIpProtocol.StatusOk, Assert.Single(_ended).Status);
    }

    [Fact]
    public void An_empty_packet_is_a_packet()
    {
        Tell(1, []);
        Assert.Equal([[]], _port.Packets);
        Assert.Single(_ended);
    }

    [Fact]
    public void A_busy_control_pipe_does_not_stop_the_others()
    {
        _port.OnControl = (_, _) => FakePort.Done([], TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(3), Control(1));
        Tell(2, [1]);
        Assert.Equal([2u], _ended.Select(e => e.Sequence));

        _now = TimeSpan.FromSeconds(2.9);
        Serve();
        Assert.Single(_ended);

        _now = TimeSpan.FromSeconds(3);
        Assert.Null(Serve());
        Assert.Equal([2u, 1u], _ended.Select(e => e.Sequence));
    }

    [Fact]
    public void A_transfer_that_is_taken_back_leaves_the_device_busy()
    {
        _port.OnControl = (_, _) => FakePort.Done([], TimeSpan.FromSeconds(3));
        Control(1);
        Assert.True(_host.Unlink(1));
        Control(2);
        Assert.Single(_port.Setups);

        _now = TimeSpan.FromSeconds(3);
        Serve();
        Assert.Equal(2, _port.Setups.Count);
    }

    [Fact]
    public void A_device_that_leaves_the_bus_fails_what_is_under_way_and_hears_no_more()
    {
        _port.OnControl = (_, _) => FakePort.Done([], TimeSpan.FromSeconds(3));
        Control(1);
        Control(2);
        Ask(3, In, 8);
        _port.Enumerate();
        Serve();
        Serve();

        Assert.Equal([1u, 2u, 3u], _ended.Select(e => e.Sequence));
        Assert.All(_ended, e => Assert.Equal(UsbIpProtocol.StatusShutdown, e.Status));
        Assert.Equal(1, _ends);
        Assert.Single(_port.Setups);
    }

    // Linux's vhci waits 5 s for the answer to what it asks a board that has just left.
    [Fact]
    public void A_host_that_does_not_know_yet_that_the_device_has_left_is_answered()
    {
        _port.Enumerate();
        Serve();

        Control(1);

        Assert.Equal(UsbIpProtocol.StatusShutdown, Assert.Single(_ended).Status);
        Assert.Empty(_port.Setups);
    }

    [Fact]
    public void A_host_that_resets_the_port_is_known_until_it_configures_the_device_again()
    {
        _port.OnControl = (_, _) => FakePort.Done([], TimeSpan.Zero);
        Submit(new Transfer(1, 0, new UsbSetup(0x00, 9, 1, 0, 0), 0, []));
        Assert.False(_host.IsInReset);

        Submit(new Transfer(2, 0, new UsbSetup(0x80, 6, 0x0100, 0, 64), 64, []));
        Assert.True(_host.IsInReset);

        Submit(new Transfer(3, 0, new UsbSetup(0x00, 9, 1, 0, 0), 0, []));
        Assert.False(_host.IsInReset);
    }

    private TimeSpan? Serve() => _host.Serve(_port, _now);

    private TimeSpan? Control(uint sequence) => Submit(new Transfer(sequence, 0, new UsbSetup(0x21, 1, 0, 0, 0), 0, []));

    private void Ask(uint sequence, byte endpoint, int length) => Submit(new Transfer(sequence, endpoint, default, length, []));

    private void Tell(uint sequence, byte[] data) => Submit(new Transfer(sequence, Out, default, data.Length, data));

    private TimeSpan? Submit(Transfer transfer)
    {
        _host.Submit(transfer);
        return Serve();
    }
}
