using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.VirtualBoard.Sketches;

/// <summary>The Arduino core that a sketch is built with: its USB serial port, and how it resets the board.</summary>
/// <param name="Name">Its name in the options of a simulation.</param>
/// <param name="Id">Ids of its serial port.</param>
/// <param name="Strings">Manufacturer, product and the serial number if there is one.</param>
/// <param name="CreateRule">Creates its reset rule.</param>
/// <param name="ResetCause">What the microcontroller finds after a reset by that rule.</param>
public sealed record SketchCore(string Name, UsbId Id, IReadOnlyList<string> Strings, Func<IResetRule> CreateRule, BootCause ResetCause)
{
    /// <summary>A sketch without USB.</summary>
    public const string None = "none";

    /// <summary>How long it still answers after the magic before it resets.</summary>
    public TimeSpan ResetsAfter { get; init; }

    /// <summary>The functional descriptor of its DFU run-time interface; null if it has none.</summary>
    public byte[]? RuntimeDfu { get; init; }

    // wait_reset() of the F1 cores (RESET_DELAY).
    private static readonly TimeSpan WaitReset = TimeSpan.FromMilliseconds(100);
    private static readonly UsbId Runtime = new(0x1209, 0x0001); // a test id of pid.codes
    private static readonly string[] RuntimeNames = ["Example", "Sketch with DFU run-time"];
    private static readonly string[] BlackPill = ["STMicroelectronics", "BLACKPILL_F411CE CDC in FS Mode", "385C36663235"];

    /// <summary>
    /// All cores with a serial port. Arduino_Core_STM32 is there five times: with the Maple bootloader (stm32core), with the HID bootloader
    /// (stm32core-hid), with its upload method "DFU" (stm32core-plain, nothing resets it), with the library in arduino/libraries
    /// (rom-magic), and with pull request 3063 (rom-touch).
    /// </summary>
    public static readonly IReadOnlyList<SketchCore> All =
    [
        new(
            "libmaple-f4",
            new UsbId(0x0483, 0x5740),
            ["STMicroelectronics", "STM32 Virtual ComPort in FS Mode", "00000000050C"],
            () => new LibMapleF4Rule(),
            BootCause.Flag),
        new(
            "stm32generic",
            new UsbId(0x0483, 0x5740),
            ["STMicroelectronics", "STM32 Virtual ComPort", "207C356E3251"],
            () => new LineCountRule(smallest: 4),
            BootCause.Software),
        new("libmaple-f1", new UsbId(0x1EAF, 0x0004), ["LeafLabs", "Maple"], () => new LibMapleF1Rule(), BootCause.Flag) { ResetsAfter = WaitReset },
        new("libmaple-f1-old", new UsbId(0x1EAF, 0x0004), ["LeafLabs", "Maple"], () => new OldLibMapleF1Rule(), BootCause.Flag) { ResetsAfter = WaitReset },
        new("usbcomposite", new UsbId(0x1EAF, 0x0004), ["LeafLabs", "Maple"], () => new UsbCompositeRule(), BootCause.Software) { ResetsAfter = WaitReset },
        new(
            "stm32core",
            new UsbId(0x0483, 0x5740),
            ["STMicroelectronics", "BLUEPILL_F103CB CDC in FS Mode", "8D8E43965053"],
            () => new LineCountRule(smallest: 1),
            BootCause.Software),
        new(
            "stm32core-hid",
            new UsbId(0x0483, 0x5740),
            ["STMicroelectronics", "BLUEPILL_F103C8 CDC in FS Mode", "8D8E43965053"],
            () => new LineCountRule(smallest: 1),
            BootCause.HidFlag),
        new("stm32core-plain", new UsbId(0x0483, 0x5740), BlackPill, () => new NoResetRule(), BootCause.Software),
        new("rom-magic", new UsbId(0x0483, 0x5740), BlackPill, () => new LineCountRule(smallest: 1), BootCause.RomRequest),
        new("rom-touch", new UsbId(0x0483, 0x5740), BlackPill, () => new FallingTouchRule(), BootCause.RomRequest),
        // Sketches with a DFU run-time interface (USB DFU 1.1, 4.1) beside the port: one that leaves the bus by itself, as Black Magic Probe
        // does, and one that waits for a bus reset, which bitWillDetach allows (4.1.3).
        new("dfu-runtime", Runtime, RuntimeNames, () => new NoResetRule(), BootCause.Detached) { RuntimeDfu = [9, 0x21, 0x09, 0xFF, 0, 0, 4, 0x10, 0x01] },
        new("dfu-runtime-reset", Runtime, RuntimeNames, () => new NoResetRule(), BootCause.Detached) { RuntimeDfu = [9, 0x21, 0x01, 0xFF, 0, 0, 4, 0x10, 0x01] },
        new("touch1200", new UsbId(0x2341, 0x025B), ["Arduino", "Envie M7", "002E00343431510B"], () => new Touch1200Rule(), BootCause.Flag),
    ];
}

/// <summary>Which sequence on its serial port makes a sketch reset the board into its bootloader.</summary>
public interface IResetRule
{
    /// <summary>Whether the sketch no longer accepts packets.</summary>
    bool IsWedged => false;

    /// <summary>Whether the sketch has crashed on what it received, and runs again only after a reset.</summary>
    bool HasCrashed => false;

    /// <summary>A SET_CONTROL_LINE_STATE.</summary>
    /// <param name="dtr">Whether DTR is high.</param>
    /// <param name="baudRate">The line speed that was set last.</param>
    /// <returns>Whether the sketch resets.</returns>
    bool Lines(bool dtr, int baudRate);

    /// <summary>A packet on the bulk OUT endpoint.</summary>
    /// <returns>Whether the sketch resets.</returns>
    bool Packet(ReadOnlySpan<byte> packet);

    /// <summary>The host resets the port.</summary>
    void BusReset()
    {
    }
}

/// <summary>
/// Arduino_STM32 F4 (usb.c, rogerclarkmelbourne/Arduino_STM32): resets on a packet of at least four bytes that begins
/// "1EAF" while DTR is high; a packet that arrives with DTR low stays in the endpoint for ever.
/// </summary>
public sealed class LibMapleF4Rule : IResetRule
{
    private bool _dtr;

    /// <inheritdoc/>
    public bool IsWedged { get; private set; }

    /// <inheritdoc/>
    public bool Lines(bool dtr, int baudRate)
    {
        _dtr = dtr;
        return false;
    }

    /// <inheritdoc/>
    public bool Packet(ReadOnlySpan<byte> packet)
    {
        IsWedged = !_dtr;
        return _dtr && packet.StartsWith("1EAF"u8);
    }
}

/// <summary>
/// Arduino_STM32 F1 (usb_serial.cpp, rogerclarkmelbourne/Arduino_STM32): a falling edge of DTR arms it. The next
/// data of at least four bytes resets if it ends "1EAF", and disarms otherwise; DTR high, or low again, disarms too. The
/// sketch is one that reads its port all the time.
/// </summary>
public sealed class LibMapleF1Rule : IResetRule
{
    private bool _dtr;
    private bool _armed;

    /// <inheritdoc/>
    public bool Lines(bool dtr, int baudRate)
    {
        _armed = _dtr && !dtr;
        _dtr = dtr;
        return false;
    }

    /// <inheritdoc/>
    public bool Packet(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < 4)
        {
            return false;
        }

        var reset = _armed && packet.EndsWith("1EAF"u8);
        _armed = false;
        return reset;
    }
}

/// <summary>
/// Arduino_STM32 F1 before 2021-02-06 (usb_serial.cpp, rxHook(); usb_cdcacm.c, usb_cdcacm_peek_ex() before bfbf05fa of
/// rogerclarkmelbourne/Arduino_STM32), in a sketch that never reads its port. Of U unread bytes it compares only the first
/// 8 - U of the last four, and takes the rest from its stack: it resets only if the magic is all that is unread. With more
/// than eight the length is negative, and it overwrites all of its RAM.
/// </summary>
public sealed class OldLibMapleF1Rule : IResetRule
{
    private const int Magic = 4;
    private const int Buffer = 256;
    private const int PacketSize = 64;
    private readonly List<byte> _unread = [];
    private bool _dtr;
    private bool _armed;

    /// <summary>It enables its endpoint again only while a whole packet fits into the buffer.</summary>
    public bool IsWedged => _unread.Count >= Buffer - PacketSize;

    /// <inheritdoc/>
    public bool HasCrashed { get; private set; }

    /// <inheritdoc/>
    public bool Lines(bool dtr, int baudRate)
    {
        _armed = _dtr && !dtr;
        _dtr = dtr;
        return false;
    }

    /// <inheritdoc/>
    public bool Packet(ReadOnlySpan<byte> packet)
    {
        _unread.AddRange(packet);
        if (!_armed || _unread.Count < Magic)
        {
            return false;
        }

        _armed = false;
        HasCrashed = _unread.Count > 2 * Magic;
        return _unread.Count == Magic && _unread.SequenceEqual("1EAF"u8.ToArray());
    }

    /// <summary>usbReset() empties its buffers.</summary>
    public void BusReset() => _unread.Clear();
}

/// <summary>
/// USBComposite for the F1 (arpruss/USBComposite_stm32f1, USBCompositeSerial.cpp): a falling edge of DTR arms it, and the
/// next packet resets if it ends "1EAF"; any other packet disarms it. A falling edge at 1200 baud resets by itself.
/// </summary>
public sealed class UsbCompositeRule : IResetRule
{
    private bool _dtr;
    private bool _armed;

    /// <inheritdoc/>
    public bool Lines(bool dtr, int baudRate)
    {
        _armed = _dtr && !dtr;
        _dtr = dtr;
        return _armed && baudRate == Touch1200Rule.BaudRate;
    }

    /// <inheritdoc/>
    public bool Packet(ReadOnlySpan<byte> packet)
    {
        var reset = _armed && packet.EndsWith("1EAF"u8);
        _armed = false;
        return reset;
    }
}

/// <summary>
/// STM32GENERIC (danieleff/STM32GENERIC usbd_cdc_if.c) and Arduino_Core_STM32 with the Maple bootloader (usbd_cdc_if.c,
/// bootloader.c): resets on a packet that begins "1EAF" after more than three SET_CONTROL_LINE_STATE requests, counted in
/// a byte. Any other packet resets the count.
/// </summary>
/// <param name="smallest">How long a packet must be to be checked, and to reset the count: 4 bytes in STM32GENERIC, 1 in the other.</param>
public sealed class LineCountRule(int smallest) : IResetRule
{
    private byte _changes;

    /// <inheritdoc/>
    public bool Lines(bool dtr, int baudRate)
    {
        _changes++;
        return false;
    }

    /// <inheritdoc/>
    public bool Packet(ReadOnlySpan<byte> packet)
    {
        if (_changes <= 3 || packet.Length < smallest)
        {
            return false;
        }

        _changes = 0;
        return packet.StartsWith("1EAF"u8);
    }
}

/// <summary>Arduino_Core_STM32 without DTR_TOGGLING_SEQ (usbd_cdc_if.c): all that arrives is data.</summary>
public sealed class NoResetRule : IResetRule
{
    /// <inheritdoc/>
    public bool Lines(bool dtr, int baudRate) => false;

    /// <inheritdoc/>
    public bool Packet(ReadOnlySpan<byte> packet) => false;
}

/// <summary>
/// Arduino_Core_STM32 with pull request 3063 (bootloader.c, cdc_1200bps_touchHook): it resets at once "when the host closes the port at
/// 1200 bps". Here DTR has to have been high: whether usbd_cdc_if.c asks for that is not known.
/// </summary>
public sealed class FallingTouchRule : IResetRule
{
    private bool _dtr;

    /// <inheritdoc/>
    public bool Lines(bool dtr, int baudRate)
    {
        var falls = _dtr && !dtr;
        _dtr = dtr;
        return falls && baudRate == Touch1200Rule.BaudRate;
    }

    /// <inheritdoc/>
    public bool Packet(ReadOnlySpan<byte> packet) => false;
}

/// <summary>The 1200 baud touch of Arduino's own boards (ArduinoCore-mbed): DTR low at 1200 baud. No data resets them.</summary>
public sealed class Touch1200Rule : IResetRule
{
    /// <summary>The line speed of a touch.</summary>
    public const int BaudRate = 1200;

    /// <inheritdoc/>
    public bool Lines(bool dtr, int baudRate) => !dtr && baudRate == BaudRate;

    /// <inheritdoc/>
    public bool Packet(ReadOnlySpan<byte> packet) => false;
}
