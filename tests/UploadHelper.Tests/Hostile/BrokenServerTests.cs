using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.Devices.Usb.UsbIp;
using UploadHelper.Tests.Faults;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;
using Xunit.Abstractions;

namespace UploadHelper.Tests.Hostile;

/// <summary>What goes wrong at one byte of what a USB/IP server sends.</summary>
public enum WireFault
{
    /// <summary>It closes the connection before that byte.</summary>
    Closes,

    /// <summary>The same, and it takes no connection for 3 s.</summary>
    Restarts,

    /// <summary>It sends nothing more over that connection.</summary>
    Stops,

    /// <summary>A byte comes between two frames that belongs to neither.</summary>
    Surplus,

    /// <summary>From there on, each byte takes 2 ms.</summary>
    Slows,
}

/// <summary>An upload through a USB/IP server that fails in the middle of a frame, at every byte, and works when it is connected to again.</summary>
public class BrokenServerTests(ITestOutputHelper output)
{
    // All bytes of the lists, the import and the first requests; then a byte in each part of a frame in turn.
    private const int First = 700;
    private const int Stride = 29;

    public static TheoryData<string, WireFault> Faults()
    {
        var data = new TheoryData<string, WireFault>();
        foreach (var board in (string[])["f4boot", "maple20", "dapboot"])
        {
            Array.ForEach(Enum.GetValues<WireFault>(), fault => data.Add(board, fault));
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void The_upload_goes_on_or_has_not_begun(string board, WireFault fault)
    {
        var kind = FaultBench.All.Single(b => b.Board == board);
        var (whole, _) = Upload(kind, fault, -1);
        var ends = new SortedDictionary<string, int>(StringComparer.Ordinal);

        for (var at = 0; at < whole; at += at < First ? 1 : Stride)
        {
            var (_, end) = Upload(kind, fault, at);
            ends[end] = ends.GetValueOrDefault(end) + 1;
        }

        output.WriteLine($"{board}, {fault}: {whole} bytes; {string.Join(", ", ends.Select(e => $"{e.Key} {e.Value}"))}");

        Assert.True(ends.Keys.All(end => end is "verified" or "not begun" or "not started"), string.Join('\n', ends.Keys));
        Assert.InRange(ends["verified"], 50, int.MaxValue);
    }

    private static (int Bytes, string End) Upload(FaultBench kind, WireFault fault, int at)
    {
        var bench = new Bench(kind.Board, StartState.Bootloader);
        var server = new Server(bench, fault, at);
        var bus = new UsbIpBus(new UsbIpEndpoint("broken", 3240), bench.System.Clock, server.Connect);
        try
        {
            var result = new Uploader(bus, bench.System.SerialPorts, bench.System.Clock, bench.Events.Add).Run(kind.Request(bench) with { Port = null }, CancellationToken.None);
            kind.AssertComplete(bench);
            return (server.Sent, result.Verified ? "verified" : "written");
        }
        catch (UploadException e)
        {
            var isUntouched = !bench.Board.Flash.Erases.Any(erased => erased > 0);
            if (e.Message.Contains(ErrorMessages.Written, StringComparison.Ordinal))
            {
                kind.AssertComplete(bench);
                return (server.Sent, "not started");
            }

            return (server.Sent, isUntouched && e.Hint.Length > 0 ? "not begun" : $"{fault} at {at}: {e.Message}");
        }
    }

    /// <summary>A USB/IP server for the boards of a bench, on their clock.</summary>
    private sealed class Server(Bench bench, WireFault fault, int at)
    {
        private TimeSpan _isUpAt;
        private bool _isSlow;
        private bool _hasSurplus;

        /// <summary>How many bytes were sent, over all connections.</summary>
        public int Sent { get; private set; }

        public IUsbIpConnection Connect() => Clock.Now >= _isUpAt ? new Connection(this) : throw UsbIpConnection.NoServer(new UsbIpEndpoint("broken", 3240), "Connection refused", null);

        private sealed class Connection(Server server) : IUsbIpConnection
        {
            private readonly Queue<byte> _answers = [];
            private IUsbDevice? _device;
            private bool _isOver;

            private VirtualClock Clock => server.Clock;

            public void Send(ReadOnlySpan<byte> message)
            {
                if (_isOver)
                {
                    throw Closed();
                }

                if (_device is not null)
                {
                    Answer(message);
                }
                else if (UsbIpOperation.Read(message).Code == UsbIpOperationCode.RequestDeviceList)
                {
                    var devices = server.Devices;
                    Say(UsbIpOperation.Size, new UsbIpOperation(UsbIpOperationCode.ReplyDeviceList, UsbIpOperationStatus.Ok).Write);
                    Say(UsbIpOperation.CountSize, wire => UsbIpOperation.WriteCount(wire, devices.Count));
                    foreach (var device in devices)
                    {
                        Say(UsbIpDevice.Size, Wire(device).Write);
                        foreach (var i in device.Interfaces.DistinctBy(i => i.Number))
                        {
                            Say(UsbIpInterface.Size, new UsbIpInterface(i.Class, i.SubClass, i.Protocol).Write);
                        }
                    }
                }
                else
                {
                    var device = server.Devices.Single();
                    _device = server.Open(device);
                    Say(UsbIpOperation.Size, new UsbIpOperation(UsbIpOperationCode.ReplyImport, UsbIpOperationStatus.Ok).Write);
                    Say(UsbIpDevice.Size, Wire(device).Write);
                }
            }

            public bool WaitForData(long since, TimeSpan limit)
            {
                if (_isOver)
                {
                    throw Closed();
                }

                if (_answers.Count > 0 && !server.StopsAt(server.Sent))
                {
                    return true;
                }

                Clock.Advance(limit - Clock.GetElapsedTime(since));
                return false;
            }

            public void Receive(Span<byte> buffer)
            {
                for (var i = 0; i < buffer.Length; i++)
                {
                    if (_isOver || server.ClosesAt(server.Sent))
                    {
                        (_isOver, server.Sent) = (true, server.Sent + 1);
                        throw Closed();
                    }

                    if (server.StopsAt(server.Sent))
                    {
                        server.Sent++;
                        _answers.Clear();
                    }

                    if (_answers.Count == 0)
                    {
                        Clock.Advance(UsbIpConnection.AnswerLimit);
                        throw new UsbException(UsbFault.Io, "The USB/IP server at broken does not answer.");
                    }

                    buffer[i] = _answers.Dequeue();
                    server.Count();
                }
            }

            public void Dispose()
            {
                _isOver = true;
                _device?.Dispose();
            }

            private static UsbException Closed() => new(UsbFault.Gone, "The USB/IP server at broken closed the connection; the device is gone.");

            private static UsbIpDevice Wire(UsbDeviceInfo device) => new(
                "/x", device.Path, (uint)device.Bus, (uint)device.Number, UsbIpSpeed.Full, device.VendorId, device.ProductId, device.Release, 0, 0, 0, 1, 1,
                (byte)device.Interfaces.Select(i => i.Number).Distinct().Count());

            private void Answer(ReadOnlySpan<byte> message)
            {
                var header = UsbIpHeader.Read(message);
                if (header.Command == UsbIpCommand.Unlink)
                {
                    Say(UsbIpHeader.MessageSize, new UsbIpUnlinkReply(header.Sequence, UsbIpProtocol.StatusOk).Write);
                    return;
                }

                var submit = UsbIpSubmit.Read(message);
                var data = submit.Direction == UsbIpDirection.In ? new byte[submit.Length] : message[UsbIpHeader.MessageSize..].ToArray();
                var (status, length) = Transfer(submit, data);
                Say(UsbIpHeader.MessageSize, new UsbIpSubmitReply(header.Sequence, status, length).Write);
                if (submit.Direction == UsbIpDirection.In)
                {
                    Array.ForEach(data[..length], _answers.Enqueue);
                }
            }

            private (int Status, int Length) Transfer(UsbIpSubmit submit, byte[] data)
            {
                // A host's server has configured the device already.
                if (submit.Setup is { RequestType: 0, Request: 9 })
                {
                    return (UsbIpProtocol.StatusOk, 0);
                }

                try
                {
                    var limit = TimeSpan.FromMinutes(1);
                    if (submit.Setup is { RequestType: 1, Request: 11 })
                    {
                        _device!.SetAlternateSetting((byte)submit.Setup.Index, (byte)submit.Setup.Value);
                        return (UsbIpProtocol.StatusOk, 0);
                    }

                    if (submit.Direction == UsbIpDirection.In)
                    {
                        return (UsbIpProtocol.StatusOk, _device!.ControlIn(submit.Setup, data, limit));
                    }

                    _device!.ControlOut(submit.Setup, data, limit);
                    return (UsbIpProtocol.StatusOk, data.Length);
                }
                catch (UsbException e)
                {
                    return (e.Fault == UsbFault.Stall ? UsbIpProtocol.StatusStall : UsbIpProtocol.StatusShutdown, 0);
                }
            }

            private void Say(int size, SpanWriter write)
            {
                var bytes = new byte[size];
                write(bytes);
                if (size == UsbIpHeader.MessageSize && server.IsSurplusDue())
                {
                    _answers.Enqueue(0xA5);
                }

                Array.ForEach(bytes, _answers.Enqueue);
            }

            private delegate void SpanWriter(Span<byte> wire);
        }

        private VirtualClock Clock => bench.System.Clock;

        private IReadOnlyList<UsbDeviceInfo> Devices => bench.System.Usb.List();

        private IUsbDevice Open(UsbDeviceInfo device) => bench.System.Usb.Open(device);

        private bool ClosesAt(int sent)
        {
            if (fault is not (WireFault.Closes or WireFault.Restarts) || sent != at)
            {
                return false;
            }

            _isUpAt = fault == WireFault.Restarts ? Clock.Now + TimeSpan.FromSeconds(3) : _isUpAt;
            return true;
        }

        private bool StopsAt(int sent) => fault == WireFault.Stops && sent == at;

        private bool IsSurplusDue()
        {
            var isDue = fault == WireFault.Surplus && !_hasSurplus && Sent >= at;
            _hasSurplus |= isDue;
            return isDue && at >= 0;
        }

        private void Count()
        {
            _isSlow |= fault == WireFault.Slows && Sent == at;
            if (_isSlow)
            {
                Clock.Advance(TimeSpan.FromMilliseconds(2));
            }

            Sent++;
        }
    }
}
