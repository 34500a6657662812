using System.Buffers.Binary;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard;

/// <summary>
/// The serial adapter at a board as a USB device of its own: a CH343, which is a CDC ACM device, so that the system's driver sets its speed,
/// parity and modem lines (USB CDC PSTN 1.2, 6.3). Ids, strings and interrupt endpoint as users saw them (felHR85/UsbSerial issue 379); the
/// other endpoints are taken to be as of any such device (INF).
/// </summary>
/// <param name="board">The board.</param>
/// <param name="adapter">The adapter at it.</param>
internal sealed class AdapterUsb(Board board, SerialAdapter adapter) : UsbFunction(Identify()), IUsbPort
{
    private const byte OutEndpoint = 0x02;
    private const byte InEndpoint = 0x82;
    private const byte NotificationEndpoint = 0x83;
    private const byte NoParity = 0;
    private const byte EvenParity = 2;

    // A packet that is not full ends a transfer.
    private const int LargestAnswer = 63;

    // 9600 baud, one stop bit, no parity, 8 data bits.
    private readonly byte[] _coding = [0x80, 0x25, 0, 0, 0, NoParity, 8];

    /// <inheritdoc/>
    public AttachedDevice? Attached { get; } = new(1, Identify().DeviceDescriptor(), Identify().Configuration)
    {
        SerialNumber = Identify().SerialNumber,
        Product = Identify().Strings[1],
    };

    /// <inheritdoc/>
    public override TimeSpan? NextEventAt => board.NextEventAt;

    /// <inheritdoc/>
    public override void AdvanceTo(TimeSpan now) => board.AdvanceTo(now);

    /// <inheritdoc/>
    public override bool BulkOut(byte endpoint, ReadOnlySpan<byte> packet)
    {
        if (Format is { } format)
        {
            adapter.Write(packet, format, board.Now);
        }

        return true;
    }

    /// <inheritdoc/>
    public override byte[]? BulkIn(byte endpoint, int maxLength) =>
        endpoint == InEndpoint && adapter.Read(Math.Min(maxLength, LargestAnswer)) is { Length: > 0 } received ? received : null;

    /// <inheritdoc/>
    protected override ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        switch ((setup.RequestType, setup.Request))
        {
            case (0x21, CdcEndpoints.SetLineCoding) when data.Length == _coding.Length:
                data.CopyTo(_coding);
                board.Log(BoardEventKind.Request, $"adapter: {BaudRate} baud, {_coding[6]} data bits, parity {_coding[5]}, stop bits {_coding[4]}");
                return Done();
            case (0xA1, CdcEndpoints.GetLineCoding):
                return Cut(setup, [.. _coding]);
            case (0x21, CdcEndpoints.SetControlLineState):
                board.Log(BoardEventKind.Request, $"adapter: DTR {setup.Value & 1}, RTS {(setup.Value >> 1) & 1}");
                adapter.SetLines((setup.Value & 1) != 0, (setup.Value & 2) != 0);
                return Done();
            default:
                return Stall();
        }
    }

    private int BaudRate => BinaryPrimitives.ReadInt32LittleEndian(_coding);

    // Null: nothing that is sent so is a byte for the ROM.
    private SerialFormat? Format => BaudRate > 0 && _coding[4..] is [0, NoParity or EvenParity, 8] ? new SerialFormat(BaudRate, _coding[5] == EvenParity) : null;

    private static UsbIdentity Identify() => new(
        VendorId: 0x1A86,
        ProductId: 0x55D3,
        UsbRelease: 0x0110,
        Release: 0x0445,
        DeviceClass: 2,
        ["", "USB Single Serial", "5735007032"],
        UsbIdentity.Configure(interfaces: 2, attributes: 0x80, CdcEndpoints.Describe(NotificationEndpoint, interval: 1, OutEndpoint, InEndpoint)));
}
