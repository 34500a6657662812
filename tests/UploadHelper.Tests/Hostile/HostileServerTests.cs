using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.Devices.Usb.UsbIp;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Hostile;

/// <summary>A USB/IP server that never comes to an end.</summary>
public class HostileServerTests
{
    private static readonly UsbIpDevice Device = new("/x", "1-1", 1, 2, UsbIpSpeed.Full, 0x0483, 0xDF11, 0x0200, 0, 0, 0, 1, 1, 255);

    [Fact]
    public void A_list_that_trickles_is_given_up()
    {
        var clock = new VirtualClock();
        var bus = Bus(clock, new Server(clock, TimeSpan.FromSeconds(4), [.. Reply(UsbIpOperationCode.ReplyDeviceList), 0, 0, 4, 0], Record(UsbIpDevice.Size, Device.Write)));

        var e = Assert.Throws<UsbException>(bus.List);

        Assert.Equal(UsbFault.Io, e.Fault);
        Assert.InRange(clock.Now, TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(30));
    }

    [Fact]
    public void Answers_to_unlinks_that_nobody_sent_are_nonsense()
    {
        var clock = new VirtualClock();
        byte[] import = [.. Reply(UsbIpOperationCode.ReplyImport), .. Record(UsbIpDevice.Size, Device.Write)];
        var bus = Bus(clock, new Server(clock, TimeSpan.Zero, import, Record(UsbIpHeader.MessageSize, new UsbIpUnlinkReply(7, 0).Write)));

        var e = Assert.Throws<UsbException>(() => bus.Open(new UsbDeviceInfo(1, 2, "1-1", 0x0483, 0xDF11, 0x0200, [])));

        Assert.Contains("UnlinkReply 7", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1025)]
    [InlineData(uint.MaxValue)]
    public void A_list_of_too_many_devices_is_not_begun(uint count)
    {
        var clock = new VirtualClock();
        var wire = new byte[] { (byte)(count >> 24), (byte)(count >> 16), (byte)(count >> 8), (byte)count };
        var bus = Bus(clock, new Server(clock, TimeSpan.Zero, [.. Reply(UsbIpOperationCode.ReplyDeviceList), .. wire], new byte[1]));

        Assert.Contains($"too many devices: {count}", Assert.Throws<UsbException>(bus.List).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UsbIpProtocol.MaxTransferLength + 1)]
    [InlineData(-1)]
    [InlineData(10)]
    public void An_answer_longer_than_what_was_asked_for_is_not_taken(int length)
    {
        var clock = new VirtualClock();
        byte[] import = [.. Reply(UsbIpOperationCode.ReplyImport), .. Record(UsbIpDevice.Size, Device.Write)];
        var bus = Bus(clock, new Server(clock, TimeSpan.Zero, import, Record(UsbIpHeader.MessageSize, new UsbIpSubmitReply(1, 0, length).Write)));
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<UsbException>(() => bus.Open(new UsbDeviceInfo(1, 2, "1-1", 0x0483, 0xDF11, 0x0200, [])));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 18);
    }

    private static UsbIpBus Bus(VirtualClock clock, Server server) => new(new UsbIpEndpoint("hostile", 3240), clock, () => server);

    private static byte[] Reply(UsbIpOperationCode code) => Record(UsbIpOperation.Size, new UsbIpOperation(code, UsbIpOperationStatus.Ok).Write);

    private delegate void SpanWriter(Span<byte> wire);

    private static byte[] Record(int size, SpanWriter write)
    {
        var bytes = new byte[size];
        write(bytes);
        return bytes;
    }

    /// <summary>Sends something once and then something else for ever, each piece after a while.</summary>
    private sealed class Server(VirtualClock clock, TimeSpan pause, byte[] first, byte[] then) : IUsbIpConnection
    {
        private int _at;

        public void Send(ReadOnlySpan<byte> message)
        {
        }

        public bool WaitForData(long since, TimeSpan limit) => true;

        public void Receive(Span<byte> buffer)
        {
            clock.Advance(pause);
            for (var i = 0; i < buffer.Length; i++, _at++)
            {
                buffer[i] = _at < first.Length ? first[_at] : then[(_at - first.Length) % then.Length];
            }
        }

        public void Dispose()
        {
        }
    }
}
