using System.Net;
using System.Net.Sockets;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.Devices.Usb.UsbIp;
using UploadHelper.Tests.VirtualBoard.UsbIp;
using UploadHelper.VirtualBoard.Usb;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.Tests.Devices.Usb.UsbIp;

/// <summary>Client and server talking over loopback TCP, around a device that is fully in the test's hand.</summary>
public sealed class UsbIpBusTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly UsbSetup Ask = new(0xA1, 3, 0, 0, 6);
    private static readonly UsbSetup Tell = new(0x21, 1, 5, 0, 3);

    private readonly FakePort _port = new();
    private readonly BoardRunner _runner;
    private readonly UsbIpServer _server;
    private readonly UsbIpBus _bus;

    public UsbIpBusTests()
    {
        _runner = new BoardRunner(_port, TimeProvider.System);
        _server = new UsbIpServer(new IPEndPoint(IPAddress.Loopback, 0), [_runner]);
        _bus = BusAt(_server.EndPoint.Port);
    }

    public void Dispose()
    {
        _server.Dispose();
        _runner.Dispose();
    }

    [Fact]
    public void The_list_shows_what_is_attached()
    {
        var device = Assert.Single(_bus.List());
        Assert.Equal((1, "1-1", 0x0483, 0xDF11, 0x0200), (device.Bus, device.Path, device.VendorId, device.ProductId, device.Release));
        Assert.Equal(new UsbInterfaceInfo(0, 0, 0x0A, 0, 0), Assert.Single(device.Interfaces));
        Assert.Empty(_port.Setups);

        _runner.Use(_ => _port.Detach());
        Assert.Empty(_bus.List());
    }

    [Fact]
    public void A_device_that_enumerates_again_has_another_number()
    {
        var before = _bus.List()[0];
        _runner.Use(_ => _port.Enumerate());
        Assert.NotEqual(before.Number, _bus.List()[0].Number);
        AssertFault(UsbFault.Gone, () => _bus.Open(before));
    }

    [Fact]
    public void Opening_selects_the_first_configuration()
    {
        using var device = Open();
        Assert.Contains(new UsbSetup(0x00, 9, 7, 0, 0), _port.Setups);
    }

    [Fact]
    public void Only_one_client_at_a_time_has_the_device()
    {
        var info = _bus.List()[0];
        using (_bus.Open(info))
        {
            AssertFault(UsbFault.Busy, () => _bus.Open(info));
        }

        _bus.Open(info).Dispose();
    }

    [Fact]
    public void Data_goes_both_ways()
    {
        var told = Array.Empty<byte>();
        _port.OnControl = (setup, data) =>
        {
            told = data.Length > 0 ? data : told;
            return FakePort.Done(setup.IsIn ? [1, 2, 3, 4] : []);
        };
        using var device = Open();
        device.ControlOut(Tell, [7, 8, 9], Limit);
        var answer = new byte[6];

        Assert.Equal(4, device.ControlIn(Ask, answer, Limit));
        Assert.Equal([1, 2, 3, 4, 0, 0], answer);
        Assert.Equal([7, 8, 9], told);
    }

    [Fact]
    public void A_stall_is_reported_and_the_next_transfer_works()
    {
        using var device = Open();
        AssertFault(UsbFault.Stall, () => device.ControlIn(Ask, new byte[6], Limit));
        device.SetAlternateSetting(0, 2);
        Assert.Contains(new UsbSetup(0x01, 11, 2, 0, 0), _port.Setups);
    }

    [Fact]
    public void A_busy_device_ends_the_transfer_late_and_holds_the_next_one()
    {
        var busy = TimeSpan.FromMilliseconds(60);
        _port.OnControl = (_, _) => FakePort.Done([], busy);
        using var device = Open();
        var start = TimeProvider.System.GetTimestamp();
        device.ControlIn(Ask, new byte[6], Limit);
        device.ControlIn(Ask, new byte[6], Limit);
        Assert.True(TimeProvider.System.GetElapsedTime(start) >= busy * 2);
    }

    [Fact]
    public void A_time_limit_unlinks_the_transfer_and_the_board_still_finishes()
    {
        var busy = TimeSpan.FromSeconds(1);
        _port.OnControl = (_, _) => FakePort.Done([5], _port.Setups.Count > 3 ? TimeSpan.Zero : busy);
        using var device = Open();
        var start = TimeProvider.System.GetTimestamp();
        AssertFault(UsbFault.Timeout, () => device.ControlIn(Ask, new byte[6], busy / 100));
        Assert.Equal(1, device.ControlIn(Ask, new byte[6], Limit));
        Assert.True(TimeProvider.System.GetElapsedTime(start) >= busy);
    }

    [Fact]
    public void A_silent_device_only_takes_the_time_limit()
    {
        var silent = true;
        _port.OnControl = (_, _) => silent ? new ControlReply(ControlOutcome.Silent, default, TimeSpan.Zero) : FakePort.Done([1]);
        using var device = Open();
        AssertFault(UsbFault.Timeout, () => device.ControlIn(Ask, new byte[6], TimeSpan.FromMilliseconds(20)));
        silent = false;
        Assert.Equal(1, device.ControlIn(Ask, new byte[6], Limit));
    }

    [Fact]
    public void A_board_that_leaves_the_bus_fails_the_pending_transfer()
    {
        _port.OnControl = (_, _) =>
        {
            _port.Enumerate();
            return new ControlReply(ControlOutcome.Gone, default, TimeSpan.Zero);
        };
        using var device = Open();
        AssertFault(UsbFault.Gone, () => device.ControlIn(Ask, new byte[6], Limit));
        AssertFault(UsbFault.Gone, () => device.ControlIn(Ask, new byte[6], Limit));
        Open().Dispose();
    }

    [Fact]
    public void A_reset_reaches_the_board_once()
    {
        using var device = Open();
        device.Reset();
        Assert.Equal(1, _port.Resets);
        device.SetAlternateSetting(0, 0);
    }

    [Fact]
    public void A_reset_that_brings_another_device_is_a_success()
    {
        _port.ReenumeratesAtReset = true;
        using var device = Open();
        device.Reset();
        AssertFault(UsbFault.Gone, () => device.SetAlternateSetting(0, 0));
    }

    [Theory]
    [InlineData(64, 1)]
    [InlineData(8, 1)]
    [InlineData(18, 0)]
    public void A_host_that_enumerates_again_has_reset_the_port(ushort length, int resets)
    {
        using var device = Open();
        device.ControlIn(new UsbSetup(0x80, 6, 0x0100, 0, length), new byte[length], Limit);
        device.ControlOut(new UsbSetup(0x00, 9, 7, 0, 0), [], Limit);
        device.ControlOut(new UsbSetup(0x00, 9, 7, 0, 0), [], Limit);
        Assert.Equal(resets, _port.Resets);
    }

    [Fact]
    public void The_address_of_all_interfaces_is_accepted()
    {
        var e = Record.Exception(() => new UsbIpBus(new UsbIpEndpoint("0.0.0.0", _server.EndPoint.Port), TimeProvider.System).List());

        Assert.True(e is null or UsbException, $"{e}");
    }

    [Fact]
    public void A_missing_server_is_named()
    {
        var port = _server.EndPoint.Port;
        _server.Dispose();
        var e = AssertFault(UsbFault.Io, () => BusAt(port).List());
        Assert.StartsWith($"Cannot connect to a USB/IP server at 127.0.0.1:{port}: ", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("485454502F312E3120343030")]
    [InlineData("0111000500000000FFFFFFFF")]
    [InlineData("0111000300000000")]
    public void A_server_that_does_not_speak_USBIP_is_reported(string answerHex)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var server = new Thread(() =>
        {
            using var client = listener.AcceptSocket();
            client.Receive(new byte[UsbIpOperation.Size]);
            client.Send(Convert.FromHexString(answerHex));
            client.Shutdown(SocketShutdown.Send);
        });
        server.Start();
        var e = AssertFault(UsbFault.Io, () => BusAt(((IPEndPoint)listener.LocalEndpoint).Port).List());
        server.Join();
        Assert.Contains("USB/IP", e.Message, StringComparison.Ordinal);
    }

    private static UsbIpBus BusAt(int port) => new(new UsbIpEndpoint("127.0.0.1", port), TimeProvider.System);

    private static UsbException AssertFault(UsbFault fault, Action action)
    {
        var e = Assert.Throws<UsbException>(action);
        Assert.Equal(fault, e.Fault);
        return e;
    }

    private IUsbDevice Open() => _bus.Open(_bus.List()[0]);
}
