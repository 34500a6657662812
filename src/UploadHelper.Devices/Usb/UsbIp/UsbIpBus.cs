using System.Net;
using System.Net.Sockets;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;

namespace UploadHelper.Devices.Usb.UsbIp;

/// <summary>
/// The devices that a USB/IP server exports (Linux usbipd, usbipd-win, a virtual board), reached over TCP without
/// the help of this machine's kernel. The path of a device is its bus id on the server.
/// </summary>
public sealed class UsbIpBus : IUsbBus
{
    // A list normally arrives at once. Without a limit, a server that sends it byte by byte would hold the program for hours.
    private static readonly TimeSpan ListLimit = TimeSpan.FromSeconds(30);

    private readonly UsbIpEndpoint _server;
    private readonly TimeProvider _time;
    private readonly Func<IUsbIpConnection> _connect;
    private IPAddress[]? _addresses;

    /// <summary>The devices of one server; nothing is connected yet.</summary>
    /// <param name="server">Where it listens.</param>
    /// <param name="time">The clock for time limits; must be a real one.</param>
    public UsbIpBus(UsbIpEndpoint server, TimeProvider time)
        : this(server, time, null)
    {
    }

    /// <summary>The devices of one server, through a connection other than TCP.</summary>
    internal UsbIpBus(UsbIpEndpoint server, TimeProvider time, Func<IUsbIpConnection>? connect)
    {
        _server = server;
        _time = time;
        _connect = connect ?? Connect;
    }

    /// <inheritdoc/>
    /// <exception cref="UsbException"><see cref="UsbFault.Io"/>: no server listens there, or it does not speak USB/IP.</exception>
    public IReadOnlyList<UsbDeviceInfo> List()
    {
        var start = _time.GetTimestamp();
        using var connection = _connect();
        try
        {
            Span<byte> request = stackalloc byte[UsbIpOperation.Size];
            new UsbIpOperation(UsbIpOperationCode.RequestDeviceList, UsbIpOperationStatus.Ok).Write(request);
            connection.Send(request);
            var status = ReadReply(connection, UsbIpOperationCode.ReplyDeviceList);
            if (status != UsbIpOperationStatus.Ok)
            {
                throw new UsbException(UsbFault.Io, $"The USB/IP server at {_server} refuses to list its devices (status {(uint)status}).");
            }

            var devices = new UsbDeviceInfo[UsbIpOperation.ReadCount(connection.Receive(UsbIpOperation.CountSize))];
            for (var i = 0; i < devices.Length; i++)
            {
                if (_time.GetElapsedTime(start) > ListLimit)
                {
                    throw new UsbException(UsbFault.Io, $"The USB/IP server at {_server} does not finish its list of devices.");
                }

                var device = UsbIpDevice.Read(connection.Receive(UsbIpDevice.Size));
                devices[i] = Describe(device, ReadInterfaces(connection, device.Interfaces));
            }

            return devices;
        }
        catch (UsbIpFormatException e)
        {
            throw NotUsbIp(e);
        }
        catch (UsbException e) when (e.Fault == UsbFault.Gone)
        {
            throw new UsbException(UsbFault.Io, $"The server at {_server} closed the connection. Is it a USB/IP server?", e);
        }
    }

    /// <inheritdoc/>
    public IUsbDevice Open(UsbDeviceInfo device)
    {
        var connection = _connect();
        try
        {
            Span<byte> request = stackalloc byte[UsbIpOperation.Size + UsbIpBusId.Size];
            new UsbIpOperation(UsbIpOperationCode.RequestImport, UsbIpOperationStatus.Ok).Write(request);
            UsbIpBusId.Write(request[UsbIpOperation.Size..], device.Path);
            connection.Send(request);
            var status = ReadReply(connection, UsbIpOperationCode.ReplyImport);
            if (status != UsbIpOperationStatus.Ok)
            {
                throw Refused(device, status);
            }

            var imported = UsbIpDevice.Read(connection.Receive(UsbIpDevice.Size));
            if (imported.Bus != device.Bus || imported.Number != device.Number)
            {
                throw new UsbException(UsbFault.Gone, $"Device {device.Path} at {_server} has disconnected and enumerated again since it was listed.");
            }

            var open = new UsbIpOpenDevice(device, new UsbIpTransfers(connection, imported.DeviceId, _time));
            open.Configure();
            return open;
        }
        catch (UsbIpFormatException e)
        {
            connection.Dispose();
            throw NotUsbIp(e);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static UsbInterfaceInfo[] ReadInterfaces(IUsbIpConnection connection, int count)
    {
        var interfaces = new UsbInterfaceInfo[count];
        for (var i = 0; i < count; i++)
        {
            var read = UsbIpInterface.Read(connection.Receive(UsbIpInterface.Size));
            // The list contains neither numbers nor alternate settings. Devices number their interfaces from 0.
            interfaces[i] = new UsbInterfaceInfo((byte)i, 0, read.Class, read.SubClass, read.Protocol);
        }

        return interfaces;
    }

    private static UsbDeviceInfo Describe(UsbIpDevice device, UsbInterfaceInfo[] interfaces) => new(
        (int)device.Bus, (int)device.Number, device.BusId, device.VendorId, device.ProductId, device.Release, interfaces);

    private static UsbIpOperationStatus ReadReply(IUsbIpConnection connection, UsbIpOperationCode expected)
    {
        var reply = UsbIpOperation.Read(connection.Receive(UsbIpOperation.Size));
        return reply.Code == expected
            ? reply.Status
            : throw new UsbIpFormatException($"received {reply.Code} instead of {expected}");
    }

    private IUsbIpConnection Connect()
    {
        try
        {
            _addresses ??= IPAddress.TryParse(_server.Host, out var address) ? [address] : Dns.GetHostAddresses(_server.Host);
        }
        catch (SocketException e)
        {
            throw UsbIpConnection.NoServer(_server, e.Message, e);
        }

        return UsbIpConnection.Connect(_server, _addresses, _time);
    }

    private UsbException Refused(UsbDeviceInfo device, UsbIpOperationStatus status) => status switch
    {
        UsbIpOperationStatus.DeviceBusy => new UsbException(
            UsbFault.Busy, $"Another client of the USB/IP server at {_server} is using device {device.Path}."),
        UsbIpOperationStatus.NotAvailable or UsbIpOperationStatus.NoDevice => new UsbException(
            UsbFault.Gone, $"Device {device.Path} is no longer available at the USB/IP server {_server}."),
        _ => new UsbException(
            UsbFault.Io, $"The USB/IP server at {_server} refuses access to device {device.Path} (status {(uint)status})."),
    };

    private UsbException NotUsbIp(UsbIpFormatException e) => new(
        UsbFault.Io, $"The server at {_server} does not speak USB/IP correctly: {e.Message}.", e);
}
