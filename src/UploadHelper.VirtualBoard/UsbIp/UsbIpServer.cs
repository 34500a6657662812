using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.UsbIp;

/// <summary>
/// Exports virtual boards over TCP, so that any USB/IP client (this program's own, or Linux's usbip) can flash them.
/// Anyone who can connect has full control of the boards, so it listens on loopback by default.
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
    /// <param name="boards">The boards, and the adapters at them; the first is exported as "1-1", the second as "2-1".</param>
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

                // The client disconnected before it was accepted.
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
            // A client that sends invalid data or disconnects loses its connection; the boards keep running.
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

/// <summary>A board as the server exports it: on port 1 of a bus of its own.</summary>
internal sealed class ExportedBoard
{
    // A host that disconnects and connects again at once can be faster than the end of its old session.
    private static readonly TimeSpan HandOver = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _free = new(1, 1);

    public ExportedBoard(BoardRunner runner, int bus)
    {
        Runner = runner;
        Bus = bus;
    }

    public BoardRunner Runner { get; }

    public int Bus { get; }

    public string BusId => UsbIpDescription.BusId(Bus);

    /// <summary>Reserves the board for one host.</summary>
    /// <returns>False when another has it.</returns>
    public bool TryTake() => _free.Wait(HandOver);

    /// <summary>Releases the board.</summary>
    public void Release() => _free.Release();
}

/// <summary>The USB/IP records of an enumeration of a board, from its descriptors (USB 2.0, 9.6).</summary>
internal static class UsbIpDescription
{
    /// <summary>The device record, for port 1 of a bus; the device number counts enumerations.</summary>
    public static UsbIpDevice Describe(AttachedDevice device, int bus)
    {
        var descriptor = device.DeviceDescriptor.Span;
        var configuration = device.ConfigurationDescriptor.Span;
        return new UsbIpDevice(
            $"/virtual/{BusId(bus)}",
            BusId(bus),
            (uint)bus,
            DeviceNumber(device),
            UsbIpSpeed.Full,
            BinaryPrimitives.ReadUInt16LittleEndian(descriptor[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(descriptor[10..]),
            BinaryPrimitives.ReadUInt16LittleEndian(descriptor[12..]),
            descriptor[4],
            descriptor[5],
            descriptor[6],
            configuration[5],
            descriptor[17],
            (byte)Interfaces(device).Count);
    }

    /// <summary>The bus id of port 1 of a bus.</summary>
    public static string BusId(int bus) => $"{bus}-1";

    /// <summary>The first alternate setting of each interface, in the order of their numbers (USB 2.0, 9.6.5).</summary>
    public static IReadOnlyList<UsbIpInterface> Interfaces(AttachedDevice device) =>
    [
        .. UsbDescriptors.Interfaces(device.ConfigurationDescriptor)
            .DistinctBy(i => i.Number)
            .OrderBy(i => i.Number)
            .Select(i => new UsbIpInterface(i.Class, i.SubClass, i.Protocol)),
    ];

    // 0 means no device, and a device number has 16 bits in a transfer's device id.
    private static uint DeviceNumber(AttachedDevice device) => (uint)(device.Generation % 0xFFFF) + 1;
}
