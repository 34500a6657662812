using System.Text;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Bootloaders;

/// <summary>The bootloaders in the ROM of chips that other makers build after ST's, and that speak DfuSe under ids of their own.</summary>
internal static class CloneFamily
{
    private const byte Attributes = 0x0B;
    private const ushort BlockSize = 2048;
    private const uint GdPage = 1024;
    private const int OneWord = 4;
    private const SectorAccess ReadEraseWrite = SectorAccess.Read | SectorAccess.Erase | SectorAccess.Write;

    private const string Gd32Options = "@Option Bytes  /0x1FFFF800/01*016 g";

    /// <summary>The ids of GigaDevice's ROMs, and of the DFU example in its USB library.</summary>
    public static UsbId Gd32 { get; } = new(0x28E9, 0x0189);

    /// <summary>The ids of Artery's ROMs.</summary>
    public static UsbId At32 { get; } = new(0x2E3C, 0xDF11);

    /// <summary>The ids of Geehy's ROMs.</summary>
    public static UsbId Apm32 { get; } = new(0x314B, 0x0106);

    /// <summary>The ids of X-CORE's ROMs.</summary>
    public static UsbId X32 { get; } = new(0x3997, 0xDF11);

    /// <summary>The entries.</summary>
    public static IReadOnlyList<BootloaderInfo> Entries { get; } =
    [
        new("GigaDevice GD32VF103 bootloader", "dfu-util quirks.c and dfuse.c; fwupd plugins/dfu; riscv-mcu/gd32-dfu-utils issues 3 to 6")
        {
            // A map that begins with read-only sectors is that of a bootloader in flash: GigaDevice's DFU example has the same ids.
            Matches = (device, map) => device.Device.Id == Gd32 && PagesOfGd32(device.SerialNumber) is not null && map.Groups[0] is { Address: FlashAddress.FlashBase, Access: ReadEraseWrite },
            IsCertain = true,
            IsInRom = true,
            Processor = Processor.RiscV,
            CorrectMap = (device, map) => map.Contains(FlashAddress.FlashBase)
                ? map with { Groups = [new SectorGroup(FlashAddress.FlashBase, PagesOfGd32(device.SerialNumber)!.Value, GdPage, ReadEraseWrite)] }
                : map,
            LeavesWithoutStatus = true,
            LastWrite = OneWord,
            Limit = new DeviceLimit(
                "A program for this chip has no vector table by which an incomplete one could be told. If the power fails during the 0.1 ms in which the first instruction is "
                    + "programmed, the chip executes half of it at its next start.",
                $"If that happens, hold BOOT0 and press RESET, and {Again.Clause}.")
            {
                PowerLost = "But if the power failed at that moment, half of the first instruction may be executed.",
            },
            Places =
            [
                new("--chip gd32vf103 --offset 0", FlashAddress.FlashBase,
                [
                    Device(Gd32, "GDMicroelectronics", "GD32 0x418 DFU Bootloade", "@Internal Flash  /0x08000000/512*002Kg", Gd32Options) with { SerialNumber = "3CBJ" },
                    Device(Gd32, "GigaDevice", "GD32 USB DFU in FS Mode", "@Internal Flash  /0x08000000/128*001Kg") with { SerialNumber = "3CBJ" },
                ]),
            ],
            Readings =
            [
                new("GD32VF103CB, bcdDevice 1000", "`512*002Kg` (wrong), option bytes at 0x1FFFF800; serial `3CBJ` in UTF-8; starts in dfuERROR; block 2048; polls 100 and 104 ms", "gd32-dfu-utils issues 3, 4, 5; aw/fiveforths issue 20; sipeed/platform-gd32v issue 10"),
                new("GD32VF103CB, bcdDevice 0100", "`128*001Kg`, no option bytes", "gd32-dfu-utils issue 5, pull request 6; fwupd dfu-gd32vf103-setup.json"),
            ],
        },
        new("GigaDevice GD32 bootloader", "sipeed and betaflight-configurator name the ids")
        {
            Matches = (device, _) => device.Device.Id == Gd32,
            Processor = null,
        },
        new("Artery AT32 bootloader", "betaflight-configurator pull request 3259, usbdfu.js; FlashFloppy on AT32F415 (issue 584: GETSTATUS after READ_UNPROTECT says dfuDNLOAD-IDLE); qmk on AT32F405 and F415")
        {
            Matches = (device, _) => device.Device.Id == At32,
            IsCertain = true,
            IsInRom = true,

            // An F437 with 4 MiB calls its first 32 KiB read-only. Its bootloader is not there but in ROM, and Betaflight, whose
            // vector table is at 0x08000000, is written there through this ROM. A sector that is protected all the same shows: the first
            // erase is verified before anything else is erased.
            CorrectMap = (_, map) => map.Contains(FlashAddress.FlashBase)
                ? map with { Groups = [.. map.Groups.Select(g => g.Access == SectorAccess.Read ? g with { Access = ReadEraseWrite } : g)] }
                : map,
            LastWrite = OneWord,
            Places =
            [
                new("--offset 0", FlashAddress.FlashBase,
                [
                    Device(At32, "Artery-Tech", "DFU in FS Mode", "@Internal Flash  /0x08000000/ 128*1Kg", "@Option Byte   /0x1FFFF800/02*016 e"),
                    Device(At32, "Artery-Tech", "DFU in FS Mode", "@Internal Flash   /0x08000000/08*04Ka,1000*04Kg", "@Option byte   /0x1FFFC000/01*4096 g"),
                ]),
            ],
            Readings =
            [
                new("AT32F415", "`\" 128*1Kg\"` with a space, option bytes at 0x1FFFF800; bcdDevice 0200; starts in dfuIDLE; block 2048", "dfu-util's output on a Gotek and on a Cidoo V65"),
                new("AT32F405", "`128*002Kg`, option bytes at 0x1FFFF800", "dfu-util's output on a Keychron C100"),
                new("AT32F435 (1 MiB)", "`512*002Kg`", "an INAV board"),
                new("AT32F437 (4 MiB)", "`08*04Ka,1000*04Kg`, option bytes at 0x1FFFC000", "betaflight-configurator usbdfu.js; written through its ROM in pull request 3259"),
            ],
        },
        new("Geehy APM32 bootloader", "dfu-util's output on a Durgod K320; qmk_toolbox issue 238")
        {
            Matches = (device, _) => device.Device.Id == Apm32,
            IsCertain = true,
            IsInRom = true,
            LastWrite = OneWord,
            Places =
            [
                new("--offset 0", FlashAddress.FlashBase, [Device(Apm32, "Geehy", "APM32 DFU ISP Mode", "@Internal Flash  /0x8000000/06*002Kg,058*002Kg", "@Option Bytes  /0x1FFFF800/01*016 e")]),
            ],
            Readings =
            [
                new(
                    "APM32F103", "`06*002Kg,058*002Kg` at `0x8000000`, option bytes at 0x1FFFF800; bcdDevice 0010; \"Geehy\", \"APM32 DFU ISP Mode\"", "dfu-util's output on a Durgod K320; QMK Toolbox on a keyboard"),
            ],
        },
        new("X-CORE X32 bootloader", "betaflight-configurator devices.js (pull request 5146) names the ids; betaflight x32_flash_m7b_2m.ld has programs at 0x15020000")
        {
            Matches = (device, _) => device.Device.Id == X32,
        },
    ];

    /// <summary>
    /// The serial number of a device. GigaDevice's ROMs send its characters in one byte each, where USB has two (dfu-util,
    /// QUIRK_UTF8_SERIAL): read as UTF-16, "3CBJ" is two Chinese characters.
    /// </summary>
    /// <param name="id">The ids of the device.</param>
    /// <param name="text">The string descriptor, read as UTF-16.</param>
    public static string SerialNumber(UsbId id, string text) =>
        id == Gd32 && text.Any(c => c > 0x7F) && Encoding.Unicode.GetBytes(text) is var bytes && Array.TrueForAll(bytes, b => b is > 0x20 and < 0x7F)
            ? Encoding.ASCII.GetString(bytes)
            : text;

    // dfu-util fixup_dfuse_layout() and fwupd fu_dfu_target_setup(): the third character tells the size of the flash.
    private static int? PagesOfGd32(string serialNumber) => serialNumber is ['3', _, var size, 'J']
        ? size switch
        {
            '2' => 8,
            '4' => 16,
            '6' => 32,
            '8' => 64,
            'B' => 128,
            'D' => 256,
            _ => null,
        }
        : null;

    private static DfuDescription Device(UsbId id, string manufacturer, string product, params string[] alternates) =>
        BootloaderCatalogue.Device(id, manufacturer, product, Attributes, BlockSize, DfuFunctionalDescriptor.DfuSeVersion, alternates);
}
