using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Bootloaders;

/// <summary>What runs on a board that has certain USB ids.</summary>
public enum BoardProgram
{
    /// <summary>A bootloader in DFU mode.</summary>
    Bootloader,

    /// <summary>A sketch with a serial port.</summary>
    Sketch,
}

/// <summary>USB ids by which boards are known.</summary>
/// <param name="Id">The ids.</param>
/// <param name="Program">What runs on the board then.</param>
/// <param name="Name">Whose ids they are, for people.</param>
public sealed record KnownDevice(UsbId Id, BoardProgram Program, string Name);

/// <summary>The USB ids of the boards that this program is for. The udev rules name the same.</summary>
public static class KnownDevices
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<KnownDevice> All =
    [
        new(new(0x0483, 0xDF11), BoardProgram.Bootloader, "ST's system bootloader, or a DfuSe bootloader in flash"),
        new(DfuDescription.MapleId, BoardProgram.Bootloader, "Maple or STM32duino bootloader"),
        new(new(0x28E9, 0x0189), BoardProgram.Bootloader, "GigaDevice GD32 bootloader"),
        new(new(0x2E3C, 0xDF11), BoardProgram.Bootloader, "Artery AT32 bootloader"),
        new(new(0x314B, 0x0106), BoardProgram.Bootloader, "Geehy APM32 bootloader"),
        new(new(0x2341, 0x035B), BoardProgram.Bootloader, "Arduino Portenta H7 bootloader"),
        new(new(0x2341, 0x035F), BoardProgram.Bootloader, "Arduino Nicla Vision bootloader"),
        new(new(0x2341, 0x0364), BoardProgram.Bootloader, "Arduino Opta bootloader"),
        new(new(0x2341, 0x0366), BoardProgram.Bootloader, "Arduino GIGA R1 bootloader"),
        new(new(0x1209, 0xDB42), BoardProgram.Bootloader, "dapboot"),
        new(new(0x1D50, 0x6017), BoardProgram.Bootloader, "Black Magic Probe bootloader"),
        new(new(0x1EAF, 0x0004), BoardProgram.Sketch, "sketch of Arduino_STM32 (Maple)"),
        new(new(0x0483, 0x5740), BoardProgram.Sketch, "sketch with USB serial of an STM32 core"),
    ];

    /// <summary>The board with these ids, or null.</summary>
    public static KnownDevice? Find(UsbId id) => All.FirstOrDefault(k => k.Id == id);
}
