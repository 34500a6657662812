using UploadHelper.Core.Usb;

namespace UploadHelper.VirtualBoard.Sketches;

/// <summary>How sketches of one core behave on the bus.</summary>
/// <param name="Name">Its name in the options of a simulation.</param>
/// <param name="Id">Ids of its serial port.</param>
/// <param name="Strings">Manufacturer, product and, if it has one, serial number.</param>
/// <param name="CreateRule">Makes its reset rule.</param>
/// <param name="AfterMagic">What the microcontroller finds after the magic reset.</param>
public sealed record SketchKind(string Name, UsbId Id, IReadOnlyList<string> Strings, Func<IResetRule> CreateRule, BootCause AfterMagic)
{
    /// <summary>A sketch without USB.</summary>
    public const string None = "none";

    /// <summary>All kinds with a serial port.</summary>
    public static readonly IReadOnlyList<SketchKind> All =
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
        new("libmaple-f1", new UsbId(0x1EAF, 0x0004), ["LeafLabs", "Maple"], () => new LibMapleF1Rule(), BootCause.Flag),
        new("usbcomposite", new UsbId(0x1EAF, 0x0004), ["LeafLabs", "Maple"], () => new UsbCompositeRule(), BootCause.Software),
        new(
            "stm32core",
            new UsbId(0x0483, 0x5740),
            ["STMicroelectronics", "BLUEPILL_F103CB CDC in FS Mode", "8D8E43965053"],
            () => new LineCountRule(smallest: 1),
            BootCause.Software),
        new("touch1200", new UsbId(0x2341, 0x025B), ["Arduino", "Envie M7", "002E00343431510B"], () => new TouchRule(), BootCause.Flag),
    ];
}
