using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.Tests.VirtualBoard.UsbIp;

/// <summary>The server as a kernel's client uses it, with more than one transfer under way.</summary>
public sealed class UsbIpServerTests : IDisposable
{
    private readonly FakePort _port = new();
    private readonly BoardRunner _runner;
    private readonly UsbIpServer _server;

    public UsbIpServerTests()
    {
        _runner = new BoardRunner(_port, TimeProvider.System);
        _server = new UsbIpServer(new IPEndPoint(IPAddress.Loopback, 0), [_runner]);
    }

    public void Dispose()
    {
        _server.Dispose();
        _runner.Dispose();
    }

    [Fact]
    public void An_unlinked_transfer_is_answered_by_the_unlink_alone()
    {
        using var host = Import();
        Submit(host, 1);
        Unlink(host, 2, 1);
        Assert.Equal(new UsbIpUnlinkReply(2, UsbIpProtocol.StatusUnlinked), UsbIpUnlinkReply.Read(Receive(host)));

        Submit(host, 3);
        _runner.Use(_ => _port.ToHost.Enqueue([42]));
        Assert.Equal(new UsbIpSubmitReply(3, 0, 1), UsbIpSubmitReply.Read(Receive(host)));
        Assert.Equal([42], Receive(host, 1));
    }

    [Fact]
    public void An_unlink_that_comes_too_late_says_so_after_the_reply()
    {
        using var host = Import();
        _runner.Use(_ => _port.ToHost.Enqueue([42]));
        Submit(host, 1);
        Unlink(host, 2, 1);
        Assert.Equal(new UsbIpSubmitReply(1, 0, 1), UsbIpSubmitReply.Read(Receive(host)));
        Receive(host, 1);
        Assert.Equal(new UsbIpUnlinkReply(2, UsbIpProtocol.StatusOk), UsbIpUnlinkReply.Read(Receive(host)));
    }

    [Fact]
    public void A_board_that_leaves_the_bus_fails_what_is_under_way_and_closes_the_connection()
    {
        using var host = Import();
        Submit(host, 1);
        SpinWait.SpinUntil(() => _runner.Use(_ => _port.InRequests > 0));
        _runner.Use(_ => _port.Detach());
        Assert.Equal(new UsbIpSubmitReply(1, UsbIpProtocol.StatusShutdown, 0), UsbIpSubmitReply.Read(Receive(host)));
        Assert.False(host.TryReceive(new byte[1]));
    }

    [Fact]
    public void An_unknown_device_is_refused()
    {
        using var host = Connect();
        Assert.Equal(UsbIpOperationStatus.NoDevice, RequestImport(host, "7-1"));
    }

    [Fact]
    public void Garbage_costs_the_client_its_connection_and_nobody_else_anything()
    {
        Prop.ForAll<byte[]>(garbage =>
        {
            using var host = Import();
            host.SendAll([0, 0, 0, 1, .. garbage, .. new byte[64]]);
            host.Shutdown(SocketShutdown.Send);
            while (host.TryReceive(new byte[1]))
            {
            }
        }).QuickCheckThrowOnFailure();
        Import().Dispose();
    }

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(_server.EndPoint);
        return socket;
    }

    private Socket Import()
    {
        var socket = Connect();
        Assert.Equal(UsbIpOperationStatus.Ok, RequestImport(socket, "1-1"));
        var device = UsbIpDevice.Read(Receive(socket, UsbIpDevice.Size));
        Assert.Equal((0x0483, 0xDF11, UsbIpSpeed.Full), (device.VendorId, device.ProductId, device.Speed));
        return socket;
    }

    private static UsbIpOperationStatus RequestImport(Socket socket, string busId)
    {
        var request = new byte[UsbIpOperation.Size + UsbIpBusId.Size];
        new UsbIpOperation(UsbIpOperationCode.RequestImport, UsbIpOperationStatus.Ok).Write(request);
        UsbIpBusId.Write(request.AsSpan(UsbIpOperation.Size), busId);
        socket.SendAll(request);
        return UsbIpOperation.Read(Receive(socket, UsbIpOperation.Size)).Status;
    }

    private static void Submit(Socket socket, uint sequence)
    {
        var message = new byte[UsbIpHeader.MessageSize];
        new UsbIpSubmit(sequence, 0x10001, UsbIpDirection.In, 1, 8, default(UsbSetup)).Write(message);
        socket.SendAll(message);
    }

    private static void Unlink(Socket socket, uint sequence, uint unlinked)
    {
        var message = new byte[UsbIpHeader.MessageSize];
        new UsbIpUnlink(sequence, 0x10001, unlinked).Write(message);
        socket.SendAll(message);
    }

    private static byte[] Receive(Socket socket, int length = UsbIpHeader.MessageSize)
    {
        var bytes = new byte[length];
        Assert.True(socket.TryReceive(bytes), "the server closed the connection");
        return bytes;
    }
}
