using System.Net;
using System.Net.Sockets;
using UploadHelper.Core.Usb.UsbIp;

namespace UploadHelper.VirtualBoard.UsbIp;

/// <summary>
/// Exports virtual boards over TCP, so that any USB/IP client (this program's own, or Linux's usbip) can flash them.
/// Whoever can connect can do with the boards what they like: it listens on loopback unless told otherwise.
/// </summary>
public sealed class UsbIpServer : IDisposable
{
    private readonly Lock _gate = new();
    private readonly IReadOnlyList<ExportedBoard> _boards;
    private readonly Socket _listener;
    private readonly List<Socket> _clients = [];
    private readonly List<Thread> _threads = [];
    private bool _closed;

    /// <summary>Begins to listen.</summary>
    /// <param name="address">Where; port 0 takes a free one, see <see cref="EndPoint"/>.</param>
    /// <param name="boards">The boards; the first is exported as "1-1", the second as "2-1".</param>
    /// <exception cref="SocketException">The address is not this machine's, or the port is taken.</exception>
    public UsbIpServer(IPEndPoint address, IReadOnlyList<BoardRunner> boards)
    {
        _boards = [.. boards.Select((runner, i) => new ExportedBoard(runner, i + 1))];
        _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _listener.Bind(address);
            _listener.Listen();
        }
        catch
        {
            _listener.Dispose();
            throw;
        }

        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        Start("USB/IP listener", AcceptClients);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Stops listening and closes all connections.</summary>
    public void Dispose()
    {
        Thread[] threads;
        lock (_gate)
        {
            _closed = true;
            _listener.Dispose();
            _clients.ForEach(client => client.Dispose());
            threads = [.. _threads];
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }
    }

    private void Start(string name, ThreadStart run)
    {
        lock (_gate)
        {
            var thread = new Thread(run) { IsBackground = true, Name = name };
            _threads.RemoveAll(t => !t.IsAlive);
            thread.Start();
            _threads.Add(thread);
        }
    }

    private void AcceptClients()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = _listener.Accept();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (_closed)
                {
                    return;
                }

                // A client that gave up before it was accepted.
                continue;
            }

            lock (_gate)
            {
                if (_closed)
                {
                    client.Dispose();
                    return;
                }

                client.NoDelay = true;
                _clients.Add(client);
                Start("USB/IP client", () => Serve(client));
            }
        }
    }

    private void Serve(Socket client)
    {
        try
        {
            Answer(client);
        }
        catch (Exception e) when (e is UsbIpFormatException or SocketException or ObjectDisposedException)
        {
            // A client that speaks nonsense or goes away loses its connection; the boards go on.
        }
        finally
        {
            lock (_gate)
            {
                _clients.Remove(client);
                client.Dispose();
            }
        }
    }

    private void Answer(Socket client)
    {
        var header = new byte[UsbIpOperation.Size];
        if (!client.TryReceive(header))
        {
            return;
        }

        switch (UsbIpOperation.Read(header).Code)
        {
            case UsbIpOperationCode.RequestDeviceList:
                client.SendAll(DeviceList());
                break;
            case UsbIpOperationCode.RequestImport:
                var busId = new byte[UsbIpBusId.Size];
                if (client.TryReceive(busId))
                {
                    Import(client, UsbIpBusId.Read(busId));
                }

                break;
            default:
                throw new UsbIpFormatException("a reply from a client");
        }
    }

    private byte[] DeviceList()
    {
        var message = new MemoryStream();
        var count = new byte[UsbIpOperation.CountSize];
        var devices = _boards
            .Select(board => (Board: board, Device: board.Runner.Use(port => port.Attached)))
            .Where(b => b.Device is not null)
            .ToArray();
        UsbIpOperation.WriteCount(count, devices.Length);
        message.Write(Operation(UsbIpOperationCode.ReplyDeviceList, UsbIpOperationStatus.Ok));
        message.Write(count);
        foreach (var (board, device) in devices)
        {
            message.Write(Record(UsbIpDescription.Describe(device!, board.Bus)));
            foreach (var each in UsbIpDescription.Interfaces(device!))
            {
                var record = new byte[UsbIpInterface.Size];
                each.Write(record);
                message.Write(record);
            }
        }

        return message.ToArray();
    }

    private void Import(Socket client, string busId)
    {
        var board = _boards.FirstOrDefault(b => b.BusId == busId);
        if (board?.Runner.Use(port => port.Attached) is not { } device)
        {
            client.SendAll(Operation(UsbIpOperationCode.ReplyImport, UsbIpOperationStatus.NoDevice));
            return;
        }

        if (!board.TryTake())
        {
            client.SendAll(Operation(UsbIpOperationCode.ReplyImport, UsbIpOperationStatus.DeviceBusy));
            return;
        }

        try
        {
            client.SendAll([.. Operation(UsbIpOperationCode.ReplyImport, UsbIpOperationStatus.Ok), .. Record(UsbIpDescription.Describe(device, board.Bus))]);
            UsbIpSession.Run(client, board.Runner, device);
        }
        finally
        {
            board.Release();
        }
    }

    private static byte[] Operation(UsbIpOperationCode code, UsbIpOperationStatus status)
    {
        var message = new byte[UsbIpOperation.Size];
        new UsbIpOperation(code, status).Write(message);
        return message;
    }

    private static byte[] Record(UsbIpDevice device)
    {
        var record = new byte[UsbIpDevice.Size];
        device.Write(record);
        return record;
    }
}
