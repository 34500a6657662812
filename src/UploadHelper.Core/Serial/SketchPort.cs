using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Serial;

/// <summary>How a sketch is reset over its serial port.</summary>
public enum ResetWay
{
    /// <summary>
    /// "1EAF" with pulses on the control lines, as the cores for STM32 expect. DTR is high while it is sent; if the sketch stays, it is
    /// sent again with DTR low.
    /// </summary>
    Magic,

    /// <summary>The same with DTR low, once: the cores for the F1 need a falling DTR, and old ones can be sent it only once.</summary>
    MapleMagic,

    /// <summary>
    /// DTR falls at 1200 baud, as Arduino's own boards expect, and Arduino_Core_STM32 with pull request 3063 (`cdc_1200bps_touchHook`, into
    /// the bootloader in ROM).
    /// </summary>
    Touch,
}

/// <summary>What is known of the device behind a serial port: its USB ids, and the name that it gives itself.</summary>
public static class SketchPort
{
    // Arduino's own boards with an STM32: the last two digits of the product id name the board (5B Portenta H7, 5F Nicla Vision, 64 Opta,
    // 66 GIGA R1), the others the program on it (ArduinoCore-mbed, boards.txt).
    private const ushort Arduino = 0x2341;
    private const ushort LastProgram = 0x05;
    private const ushort Maple = 0x1EAF;
    private static readonly byte[] ArduinoBoards = [0x5B, 0x5F, 0x64, 0x66];

    // Arduino_STM32's core for the F4 (usbd_desc.c), STM32GENERIC, Arduino_Core_STM32. Only the first needs a high DTR; its ids are fixed.
    private static readonly UsbId VirtualComPort = new(0x0483, 0x5740);

    // What Arduino_Core_STM32 calls a sketch that has ids of its own: "BLACKPILL_F411CE CDC in FS Mode" (usbd_desc.c).
    private static readonly string[] CoreProducts = [" CDC in FS Mode", " CDC in HS Mode"];

    private static readonly (ushort Vendor, ushort? Product, string Name)[] Others =
    [
        (0x1A86, null, "a CH340 serial adapter"),
        (0x0403, null, "an FTDI serial adapter"),
        (0x10C4, 0xEA60, "a CP210x serial adapter"),
        (0x10C4, 0xEA70, "a CP210x serial adapter"),
        (0x10C4, 0xEA71, "a CP210x serial adapter"),
        (0x067B, null, "a PL2303 serial adapter"),
        (0x1366, null, "a J-Link's serial port"),
        (0x0483, 0x374B, "an ST-Link's serial port"),
        (0x0483, 0x374E, "an ST-Link's serial port"),
        (0x0483, 0x374F, "an ST-Link's serial port"),
        (0x0483, 0x3752, "an ST-Link's serial port"),
        (0x0483, 0x3753, "an ST-Link's serial port"),
        (0x0483, 0x3754, "an ST-Link's serial port"),
    ];

    // Devices with the ids of a sketch that are none: "Flipper NAME" (flipperzero-firmware, usbd_desc.c).
    private static readonly (string Begin, string Name)[] OtherProducts = [("Flipper ", "a Flipper Zero")];

    // How Linux and macOS name the ports of Bluetooth devices.
    private static readonly string[] BluetoothNames = ["rfcomm", "cu.Bluetooth", "tty.Bluetooth", "cu.BLTH", "tty.BLTH"];

    /// <summary>Whether the chip of a sketch has no USB in its ROM: Maple's vendor is that of sketches for the STM32F103 (AN2606).</summary>
    public static bool IsWithoutUsbRom(SerialPortInfo? port) => port?.VendorId == Maple;

    /// <summary>The kind of device behind a port that is certainly not a sketch's own port; null if it is one, or could be.</summary>
    public static string? OtherDevice(SerialPortInfo port)
    {
        var name = port.Name[(port.Name.LastIndexOf('/') + 1)..];
        return BluetoothNames.Any(b => name.StartsWith(b, StringComparison.OrdinalIgnoreCase)) ? "a Bluetooth port"
            : port.VendorId == Arduino && !IsArduinoStm32(port) ? "an Arduino board of another kind"
            : OtherProducts.FirstOrDefault(o => port.Product?.StartsWith(o.Begin, StringComparison.Ordinal) == true).Name
                ?? Others.FirstOrDefault(o => o.Vendor == port.VendorId && (o.Product ?? port.ProductId) == port.ProductId).Name;
    }

    /// <summary>
    /// The resets for a port, in the order in which they harm no core. The cores for STM32 (1EAF:0004, 0483:5740) support the magic
    /// reset. A sketch can have ids of its own (USBComposite, a sketch's build options): it then has a core that accepts a low DTR. A
    /// port without ids can be any; Arduino_STM32's sketches for the F1 have theirs wherever the system shows ids.
    /// <para>
    /// The touch comes last, and only where ids or name speak for a sketch on an STM32: it also resets Arduino boards of other kinds
    /// (Leonardo, SAMD, RP2040, ESP32-S3). No core for STM32 without it does anything at 1200 baud but store the number.
    /// </para>
    /// </summary>
    public static IReadOnlyList<ResetWay> WaysOf(SerialPortInfo? port) => port switch
    {
        { VendorId: Arduino } => [ResetWay.Touch],
        { VendorId: { } vendor, ProductId: { } product } when new UsbId(vendor, product) == VirtualComPort => [ResetWay.Magic, ResetWay.Touch],
        { VendorId: not null, Product: { } name } when CoreProducts.Any(p => name.EndsWith(p, StringComparison.Ordinal)) => [ResetWay.MapleMagic, ResetWay.Touch],
        { VendorId: not null, ProductId: not null } => [ResetWay.MapleMagic],
        _ => [ResetWay.Magic],
    };

    /// <summary>What is sent, in words.</summary>
    public static string Text(ResetWay way) => way == ResetWay.Touch ? "the 1200-baud touch" : "the magic reset";

    private static bool IsArduinoStm32(SerialPortInfo port) =>
        port.ProductId is { } product && product >> 8 <= LastProgram && ArduinoBoards.Contains((byte)product);
}
