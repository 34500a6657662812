using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Serial;

/// <summary>How a sketch is reset over its serial port.</summary>
public enum ResetWay
{
    /// <summary>"1EAF" with pulses on the control lines, as the cores for STM32 expect. DTR is high while it is sent.</summary>
    Magic,

    /// <summary>The same with DTR low, which the Maple cores for the F1 need and other cores do not accept.</summary>
    MapleMagic,

    /// <summary>DTR low at 1200 baud, as Arduino's own boards expect.</summary>
    Touch,
}

/// <summary>What the USB ids of a serial port say about the device behind it.</summary>
public static class SketchPort
{
    // Arduino's own boards (ArduinoCore-mbed boards.txt: 2341:025b and others).
    private const ushort Arduino = 0x2341;

    // Arduino_STM32's core for the F1, and USBComposite. Its core for the F4 uses 0483:5740.
    private static readonly UsbId Maple = new(0x1EAF, 0x0004);

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

    // How Linux and macOS name the ports of Bluetooth devices.
    private static readonly string[] BluetoothNames = ["rfcomm", "cu.Bluetooth", "tty.Bluetooth", "cu.BLTH", "tty.BLTH"];

    /// <summary>The kind of device behind a port that is certainly not a sketch's own port; null if it is one, or could be.</summary>
    public static string? WhatElse(SerialPortInfo port)
    {
        var name = port.Name[(port.Name.LastIndexOf('/') + 1)..];
        return BluetoothNames.Any(b => name.StartsWith(b, StringComparison.OrdinalIgnoreCase))
            ? "a Bluetooth port"
            : Others.FirstOrDefault(o => o.Vendor == port.VendorId && (o.Product ?? port.ProductId) == port.ProductId).Name;
    }

    /// <summary>
    /// The first reset to try on a port. The cores for STM32 (1EAF:0004, 0483:5740) support the magic reset. A sketch can have
    /// ids of its own, so unknown ids get the magic reset, too.
    /// </summary>
    public static ResetWay WayOf(SerialPortInfo? port) => port switch
    {
        { VendorId: Arduino } => ResetWay.Touch,
        { VendorId: { } vendor, ProductId: { } product } when new UsbId(vendor, product) == Maple => ResetWay.MapleMagic,
        _ => ResetWay.Magic,
    };
}
