using FsCheck;
using FsCheck.Fluent;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;

namespace UploadHelper.Tests.Core.Usb.UsbIp;

public class WireFormatTests
{
    private delegate void Reader(ReadOnlySpan<byte> wire);

    [Fact]
    public void A_submit_survives_the_wire() => Prop.ForAll<uint, uint, ulong>((sequence, device, seed) =>
    {
        Span<byte> setup = stackalloc byte[UsbSetup.Size];
        BitConverter.TryWriteBytes(setup, seed);
        var submit = new UsbIpSubmit(
            sequence,
            device,
            seed % 2 == 0 ? UsbIpDirection.Out : UsbIpDirection.In,
            (byte)(sequence % 16),
            (int)(seed % (UsbIpProtocol.MaxTransferLength + 1)),
            UsbSetup.Read(setup));
        Span<byte> wire = stackalloc byte[UsbIpHeader.MessageSize];
        submit.Write(wire);
        return UsbIpSubmit.Read(wire) == submit;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Replies_and_unlinks_survive_the_wire() => Prop.ForAll<uint, uint, int>((sequence, length, status) =>
    {
        var wire = new byte[UsbIpHeader.MessageSize];
        var reply = new UsbIpSubmitReply(sequence, status, (int)(length % UsbIpProtocol.MaxTransferLength));
        reply.Write(wire);
        var sameReply = UsbIpSubmitReply.Read(wire) == reply;
        var unlink = new UsbIpUnlink(sequence, ~sequence, length);
        unlink.Write(wire);
        var sameUnlink = UsbIpUnlink.Read(wire) == unlink;
        var unlinked = new UsbIpUnlinkReply(sequence, status);
        unlinked.Write(wire);
        return sameReply && sameUnlink && UsbIpUnlinkReply.Read(wire) == unlinked;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_device_survives_the_wire() => Prop.ForAll<uint, ushort, byte>((bus, id, small) =>
    {
        var device = new UsbIpDevice(
            new string('p', small), new string('b', small % 32), bus, ~bus, UsbIpSpeed.Full, id, (ushort)~id, 0x0200, small, 2, 3, 1, 1, small);
        var wire = new byte[UsbIpDevice.Size];
        device.Write(wire);
        return UsbIpDevice.Read(wire) == device;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Garbage_throws_nothing_but_a_format_error() => Prop.ForAll<byte[], byte>((garbage, command) =>
    {
        // Half of the inputs begin like a message, to get past the first checks.
        var bytes = command % 2 == 0 ? garbage : [0, 0, 0, (byte)(command % 8), .. garbage, .. new byte[64]];
        return Readers.All(read =>
        {
            try
            {
                read(bytes);
            }
            catch (UsbIpFormatException)
            {
            }

            return true;
        });
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Bytes_are_those_of_the_document()
    {
        // The example of Linux, Documentation/usb/usbip_protocol.rst: CmdIntrIN.
        var wire = Convert.FromHexString(
            "0000000100000d05" + "0001000f00000001" + "0000000100000200" + "0000004000000000" + "0000000000000004" + "0000000000000000");
        Assert.Equal(new UsbIpSubmit(0xD05, 0x1000F, UsbIpDirection.In, 1, 64, default), UsbIpSubmit.Read(wire));
    }

    [Theory]
    [InlineData("00000001000000010001000200000001000000000000000000100001000000000000000000000000")]
    [InlineData("000000010000000100010002000000010000000000000000FFFFFFFF000000000000000000000000")]
    [InlineData("00000001000000010001000200000001000000000000000000000010000000000000000200000000")]
    public void A_transfer_out_of_bounds_is_refused(string hex)
    {
        var wire = Convert.FromHexString(hex + new string('0', (48 * 2) - hex.Length));
        Assert.Throws<UsbIpFormatException>(() => UsbIpSubmit.Read(wire));
    }

    [Fact]
    public void A_list_without_end_is_refused() =>
        Assert.Throws<UsbIpFormatException>(() => UsbIpOperation.ReadCount([0xFF, 0xFF, 0xFF, 0xFF]));

    [Fact]
    public void A_bus_id_that_would_write_to_the_terminal_is_refused() =>
        Assert.Throws<UsbIpFormatException>(() => UsbIpBusId.Read([0x1B, (byte)'[', (byte)'2', (byte)'J', .. new byte[28]]));

    [Fact]
    public void Another_version_is_told_as_such()
    {
        var e = Assert.Throws<UsbIpFormatException>(() => UsbIpOperation.Read([0x01, 0x06, 0, 5, 0, 0, 0, 0]));
        Assert.Contains("0x0106", e.Message, StringComparison.Ordinal);
    }

    private static readonly IReadOnlyList<Reader> Readers =
    [
        wire => UsbIpOperation.Read(wire),
        wire => UsbIpOperation.ReadCount(wire),
        wire => UsbIpBusId.Read(wire),
        wire => UsbIpDevice.Read(wire),
        wire => UsbIpInterface.Read(wire),
        wire => UsbIpHeader.Read(wire),
        wire => UsbIpSubmit.Read(wire),
        wire => UsbIpSubmitReply.Read(wire),
        wire => UsbIpUnlink.Read(wire),
        wire => UsbIpUnlinkReply.Read(wire),
    ];
}
