using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.Devices.Usb.UsbIp;

namespace UploadHelper.Fuzz.Targets;

/// <summary>USB/IP: each message alone, and a server that sends anything.</summary>
internal static class UsbIpTargets
{
    private static readonly UsbIpDevice Device = new("/sys/devices/1-1", "1-1", 1, 2, UsbIpSpeed.Full, 0x0483, 0xDF11, 0x0200, 0, 0, 0, 1, 1, 1);

    private static readonly Action<byte[]>[] Parsers =
    [
        b => UsbIpOperation.Read(b),
        b => UsbIpOperation.ReadCount(b),
        b => UsbIpDevice.Read(b),
        b => UsbIpInterface.Read(b),
        b => UsbIpBusId.Read(b),
        b => UsbIpHeader.Read(b),
        b => UsbIpSubmit.Read(b),
        b => UsbIpSubmitReply.Read(b),
        b => UsbIpUnlink.Read(b),
        b => UsbIpUnlinkReply.Read(b),
    ];

    /// <summary>The message that the first byte chooses.</summary>
    public static FuzzTarget Messages { get; } = new(
        "usbip",
        ["UploadHelper.Core.Usb.UsbIp."],
        MessageSeeds,
        [[0x01, 0x11], [0x80, 0x05], [0, 3], [0, 0, 0, 3], [0, 0x10, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF]],
        input =>
        {
            if (input.Length == 0)
            {
                return "nothing";
            }

            try
            {
                Parsers[input[0] % Parsers.Length](input[1..]);
                return $"message {(char)('a' + input[0] % Parsers.Length)}";
            }
            catch (UsbIpFormatException e)
            {
                return e.Message;
            }
        });

    /// <summary>A client at a server that sends the input: a list, then an import, a request each way, and a reset.</summary>
    public static FuzzTarget Client { get; } = new(
        "usbip-client",
        ["UploadHelper.Devices.Usb.UsbIp.UsbIpBus", "UploadHelper.Devices.Usb.UsbIp.UsbIpOpenDevice"],
        () => [Conversation()],
        [Message(new UsbIpSubmitReply(3, 0, 18).Write), Message(new UsbIpSubmitReply(1, -32, 0).Write), Message(new UsbIpUnlinkReply(2, -104).Write), [0x01, 0x11, 0, 5, 0, 0, 0, 0], [0x01, 0x11, 0, 3, 0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF]],
        RunClient);

    private static string RunClient(byte[] input)
    {
        var stream = new Stream(input);
        var bus = new UsbIpBus(new UsbIpEndpoint("hostile", 3240), TimeProvider.System, () => stream);
        var step = "list";
        try
        {
            var devices = bus.List();
            step = "open";
            using var device = bus.Open(devices.Count > 0 ? devices[0] : new UsbDeviceInfo(1, 2, "1-1", 0, 0, 0, []));
            step = "in";
            device.ControlIn(new UsbSetup(0x80, 6, 0x0100, 0, 18), new byte[18], TimeSpan.FromSeconds(1));
            step = "out";
            device.ControlOut(new UsbSetup(0x21, 1, 0, 0, 4), new byte[4], TimeSpan.FromSeconds(1));
            step = "reset";
            device.Reset();
            return "through";
        }
        catch (UsbException e)
        {
            return $"{step}: {e.Message}";
        }
    }

    private static IEnumerable<byte[]> MessageSeeds()
    {
        yield return [0, 0x01, 0x11, 0x80, 0x05, 0, 0, 0, 0];
        yield return [1, 0, 0, 0, 1];
        yield return [2, .. Record(UsbIpDevice.Size, Device.Write)];
        yield return [3, 0xFE, 1, 2, 0];
        yield return [4, .. Record(UsbIpBusId.Size, b => UsbIpBusId.Write(b, "1-1"))];
        yield return [5, .. Message(new UsbIpUnlink(2, 0x1_0002, 1).Write)];
        yield return [6, .. Message(new UsbIpSubmit(1, 0x1_0002, UsbIpDirection.In, 0, 18, new UsbSetup(0x80, 6, 0x0100, 0, 18)).Write)];
        yield return [7, .. Message(new UsbIpSubmitReply(1, 0, 18).Write)];
        yield return [8, .. Message(new UsbIpUnlink(2, 0x1_0002, 1).Write)];
        yield return [9, .. Message(new UsbIpUnlinkReply(2, -104).Write)];
    }

    private static byte[] Conversation() =>
    [
        0x01, 0x11, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1, .. Record(UsbIpDevice.Size, Device.Write), 0xFE, 1, 2, 0,
        0x01, 0x11, 0, 3, 0, 0, 0, 0, .. Record(UsbIpDevice.Size, Device.Write),
        .. Message(new UsbIpSubmitReply(1, 0, 9).Write), 9, 2, 27, 0, 1, 1, 0, 0xC0, 50,
        .. Message(new UsbIpSubmitReply(2, 0, 0).Write),
        .. Message(new UsbIpSubmitReply(3, 0, 18).Write), 18, 1, 0, 2, 0, 0, 0, 64, 0x83, 4, 0x11, 0xDF, 0, 2, 1, 2, 3, 1,
        .. Message(new UsbIpSubmitReply(4, 0, 4).Write),
        .. Message(new UsbIpSubmitReply(5, 0, 0).Write),
        .. Message(new UsbIpSubmitReply(6, 0, 0).Write),
    ];

    private static byte[] Message(SpanWriter write) => Record(UsbIpHeader.MessageSize, write);

    private static byte[] Record(int size, SpanWriter write)
    {
        var bytes = new byte[size];
        write(bytes);
        return bytes;
    }

    private delegate void SpanWriter(Span<byte> wire);

    /// <summary>All that the server ever sends; every wait for more runs into its limit.</summary>
    private sealed class Stream(byte[] input) : IUsbIpConnection
    {
        private int _at;

        public void Send(ReadOnlySpan<byte> message)
        {
        }

        public bool WaitForData(long since, TimeSpan limit) => _at < input.Length;

        public void Receive(Span<byte> buffer)
        {
            if (buffer.Length > input.Length - _at)
            {
                throw new UsbException(UsbFault.Gone, "closed");
            }

            input.AsSpan(_at, buffer.Length).CopyTo(buffer);
            _at += buffer.Length;
        }

        public void Dispose()
        {
        }
    }
}
