using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Bootloaders;

/// <summary>
/// HID bootloaders: reports of 64 bytes are written from a fixed address upwards, nothing can be read, and commands are reports
/// that begin with certain letters (Serasidis/STM32_HID_Bootloader). Others have the same ids, and another protocol.
/// </summary>
internal static class HidFamily
{
    /// <summary>
    /// The bytes of a block: the F1 confirms each KiB, and so does the F4. (Its descriptors say nothing about memory; what stands for
    /// them is made here.)
    /// </summary>
    public const ushort BlockSize = 1024;

    /// <summary>
    /// What is written is padded to that: a build for pages of 2 KiB never writes the last half of one, and takes the command that
    /// follows for data (seen on the binaries).
    /// </summary>
    public const int LargestPage = 2048;

    private const byte HumanInterface = 3;
    private const string Ids = "--usb-id 1209:BEBA";
    private const string Maker = "www.serasidis.gr";
    private const string F1Product = "STM32F HID Bootloader";
    private const string F4Product = "STM32 HID bootloader";
    private const ushort F4UsbRelease = 0x0200;
    private const ushort OldRelease = 0x0200;
    private const ushort NewRelease = 0x0300;
    private const byte CanWriteOnly = 0x01;
    private const uint F1Start = 0x0800_0800;
    private const uint F1OldStart = 0x0800_1000;
    private const uint F4Start = 0x0800_4000;

    // stm32-tkg-hid-bootloader, usb descriptors.
    private const ushort TkgRelease = 0x0310;

    private static readonly UsbId WeActId = new(0x0483, 0x572A);
    private static readonly byte[] Letters = [.. "BTLDCMD"u8];

    /// <summary>The ids of the HID bootloader.</summary>
    public static UsbId Id { get; } = new(0x1209, 0xBEBA);

    /// <summary>The entries.</summary>
    public static IReadOnlyList<BootloaderInfo> Entries { get; } =
    [
        new("HID bootloader for F4", "Serasidis/STM32_HID_Bootloader at 063e25e, bootloader/F4/Src/main.c")
        {
            Matches = (device, _) => device.IsHid && IsF4(device),
            Places = [new($"{Ids} --offset 0x4000", F4Start, [Device(NewRelease, F4UsbRelease, F4Product)])],

            // main.c: 100 ms before the reset, and 100 ms after it.
            StartsSketchAfter = TimeSpan.FromMilliseconds(200),
            StaysOnceAsked = true,
            ProgramUnit = LargestPage,
            FirstBlock = BlockSize,
            HidesFlashSize = true,
            WritesFirstSectorLast = true,
            TakesForCommand = FirstCommandOnF4,

            // main.c: it jumps to whatever is there.
            Sketch = new SketchRule(F4Start, _ => true, "any") { StartsNothingElse = true },
            Limit = new DeviceLimit(
                "This bootloader starts whatever is in the flash, even if it is erased, and writes the first 16 KiB of the sketch as a whole, at the end of the upload. "
                    + "If the upload is interrupted before that, the board starts its bootloader only with its button held (or BOOT1 set); if during that, it may start an incomplete sketch.",
                $"If that happens, hold the button (or set BOOT1), press RESET and {Again.Clause}.")
            {
                PowerLost = "To start the bootloader, hold the board's button (or set BOOT1) and press RESET.",
            },
            Installation = new("hid-f4", "https://github.com/Serasidis/STM32_HID_Bootloader/tree/2.1.0/bootloader_F4/bootloader_only_binaries")
            {
                Id = Id,
                Mark = F4Product,
                Licence = "not stated; parts of its sources: ST's licence for ST's chips, BSD",
                Area = 0x4000,
                Chips = "STM32F405 and F407",
                Series = Stm32Series.F4,
                Parts = [0x413, 0x419],
                Menu = "\"HID Bootloader 2.2\" (Arduino_Core_STM32) or \"HID bootloader 2.0\" (Arduino_STM32)",
                Needs = " with the board's button held (or BOOT1 set)",
                Choice = "Newer builds: https://github.com/Serasidis/STM32_HID_Bootloader/releases",
                Version = "2.1.0",
                Builds =
                [
                    new("generic_407_pe0.bin", 15788, "Black board with an F407VE: LED at PE0, button at PD15", "6cf91231c6768d78ea1b8f0d20d5c678a44c43e6708bff4c4537b8756debbe65"),
                    new("generic_407_pb3.bin", 15784, "Seeed Arch Max: LED at PB3, button at PB4", "9e1d27966dab27729ae002adef1c216030c16ad866bd3d00fa445556edc09ca0"),
                ],
            },
        },
        new("HID bootloader 2.0, or of January 2019", "Serasidis/STM32_HID_Bootloader at 85526e2 and fa7fb65, hid.c, main.c; the published binaries")
        {
            Matches = (device, _) => device.IsHid && device.Device.Release < NewRelease,
            Places =
            [
                new($"{Ids} --offset 0x1000", F1OldStart, [Device(OldRelease, 0x0110, F1Product)]) { Label = "2.0" },
                new($"{Ids} --offset 0x800", F1Start, [Device(OldRelease, 0x0110, F1Product)]) { Label = "January 2019" },
            ],
            StaysOnceAsked = true,
            ProgramUnit = LargestPage,
            FirstBlock = BlockSize,
            HidesFlashSize = true,
            TakesForCommand = FirstCommandOnF1,
            Sketch = F1Rule(null),
            Limit = FirstPage(
                "Its descriptors do not tell whether this bootloader is 2.0, which writes and starts sketches at 0x08001000, or the one of January 2019, which does at 0x08000800: "
                    + "the offset must be right. "),
        },
        new("HID bootloader 2.1 or 2.2", "Serasidis/STM32_HID_Bootloader at 063e25e, bootloader/F1/Src/hid.c, main.c, flash.c; the published binaries of 2.1")
        {
            Matches = (device, _) => device.IsHid,
            Places = [new($"{Ids} --offset 0x800", F1Start, [Device(NewRelease, 0x0110, F1Product)])],
            StaysOnceAsked = true,
            ProgramUnit = LargestPage,
            FirstBlock = BlockSize,
            HidesFlashSize = true,
            TakesForCommand = FirstCommandOnF1,
            Sketch = F1Rule(F1Start),
            Limit = FirstPage(""),
            Installation = new("hid-f1", "https://github.com/Serasidis/STM32_HID_Bootloader/tree/2.1.0/bootloader_F1/bootloader_only_binaries")
            {
                Id = Id,
                Mark = F1Product,
                Licence = "GPL-3.0-or-later",
                Area = 0x800,
                Chips = "STM32F103",
                Series = Stm32Series.F1,
                Parts = UartRomFamily.F103,
                Menu = "\"HID Bootloader 2.2\" (Arduino_Core_STM32)",
                Choice = "Take the file for the pin of your board's LED. With Arduino_Core_STM32 take 2.2.2 instead, in stm32_binaries.zip at "
                    + "https://github.com/Serasidis/STM32_HID_Bootloader/releases: a sketch of that core cannot start 2.1 by itself, only BOOT1 can. "
                    + "The files here are for chips with at most 128 KiB of flash; for larger ones the archive has a folder of its own.",
                Version = "2.1.0",
                Builds =
                [
                    new("hid_generic_pc13.bin", 1964, "Blue Pill and other boards with the LED at PC13", "07df113ee56ca26f237870bb08eef582643b6a338eb673d708bf82a7397eac3b"),
                    new("hid_generic_pa1.bin", 1960, "LED at PA1", "fe6565fe19cd4b2101be92074ade1d48a4f44f3c6a0733a66696c753b2dd11df"),
                    new("hid_generic_pa9.bin", 1960, "LED at PA9", "351b6c5b9c15c3a6cf6e055ce842f8c389d74a836a0e6390c144c97c1f853295"),
                    new("hid_generic_pb0.bin", 1956, "LED at PB0", "e4588450aeb352e3b31da4e8fbe3e5bc0e07d44c7efc56dc3cb1a9718be6310a"),
                    new("hid_generic_pb7.bin", 1956, "LED at PB7", "595cc66606447e069bd8d09dc98ca010e52ac638bf5d1ead1645133041aeaee8"),
                    new("hid_generic_pb9.bin", 1956, "LED at PB9", "ab070cb720b90909c861649820d1a78d8527f3c096de6b55a631ff90d5d56897"),
                    new("hid_generic_pb12.bin", 1960, "LED at PB12", "39b8a0fc01ee103a29988cfc829136b47ea8d19bbd3ff3e5e18ac68b4b53f91a"),
                    new("hid_generic_pd1.bin", 1960, "LED at PD1", "b701d81e566ed2b4c509488d13c7c70f4a28f7128f31fbec9b45583fb0a5e3c4"),
                    new("hid_generic_pd2.bin", 1960, "LED at PD2", "381d9aaa1019b3f8b221f4b68b779d311e126d48dfca6acdc8804882798f6c60"),
                    new("hid_generic_pe2.bin", 1960, "LED at PE2", "b50b75d46e8042c1dc0df0d76bbd373009e3a715c4af791d8e6c393d8cbd8a08"),
                    new("hid_generic_pe5.bin", 1960, "LED at PE5", "c525b310bf4123436dfe99a04cc814f8df30c21563a823b696b301c8b4ee1e06"),
                    new("hid_maple_mini.bin", 1988, "Maple Mini: LED at PB1, USB pull-up at PB9", "5ceedf8dcb5b9cb03b8ea68145a92d5605a1c8e5ccdc2a4006fa8c08f5b9a7b7"),
                    new("hid_mini-stm32v3.bin", 2020, "Mini-STM32 V3: LED at PA2, USB pull-up at PD2", "06399ad2918995fb82eeee07ab63147f420bc7760ab23b728cc2cbe768e53b64"),
                ],
            },
        },
    ];

    /// <summary>Whether a device has the ids of a HID bootloader, and a HID interface as far as is known.</summary>
    public static bool IsHid(UsbDeviceInfo device) =>
        (device.Id == Id || device.Id == WeActId) && (device.Interfaces.Count == 0 || device.Interfaces.Any(i => i.Class == HumanInterface));

    /// <summary>Whether a listed device is a HID bootloader: others have the ids of WeAct's, too.</summary>
    public static bool IsListed(UsbDeviceInfo device) => device.Id == Id && IsHid(device);

    /// <summary>The number of its HID interface.</summary>
    public static byte InterfaceOf(UsbDeviceInfo device) => device.Interfaces.FirstOrDefault(i => i.Class == HumanInterface).Number;

    /// <summary>Whether it is the bootloader for F4: its product string, or (with another) its bcdUSB.</summary>
    public static bool IsF4(DfuDescription device) =>
        device.Product == F4Product || (device.Product != F1Product && device.UsbRelease == F4UsbRelease);

    /// <summary>Why this program does not know the protocol of such a device, as the end of a sentence; null if it does.</summary>
    public static string? Objection(DfuDescription device) => device.Device switch
    {
        { Release: TkgRelease } d when d.Id == Id => "it is the TKG-HID bootloader (stm32-tkg-hid-bootloader), which has these ids and other commands. Use its own tool, tkg-flash",
        var d when d.Id == WeActId => "it is WeAct's HID bootloader, or another HID device with ST's ids. The protocol of WeAct's bootloader is not published. Use WeAct's own tool",
        _ => null,
    };

    /// <summary>The addresses from which a device may write, the highest first: one, unless its descriptors do not tell.</summary>
    public static IReadOnlyList<uint> StartsOf(DfuDescription device) => IsF4(device) ? [F4Start] : device.Device.Release < NewRelease ? [F1OldStart, F1Start] : [F1Start];

    /// <summary>Reads the descriptors of an open device.</summary>
    /// <exception cref="UsbException">The device does not answer.</exception>
    public static DfuDescription Read(IUsbDevice device)
    {
        var d = UsbDescriptors.ReadDevice(device);
        return Describe(
            device.Info,
            (ushort)(d[2] | d[3] << 8),
            UsbDescriptors.ReadString(device, d[14]),
            UsbDescriptors.ReadString(device, d[15]),
            UsbDescriptors.ReadString(device, d[16]));
    }

    private static DfuDescription Describe(UsbDeviceInfo info, ushort usbRelease, string manufacturer, string product, string serialNumber)
    {
        var description = new DfuDescription(info, usbRelease, manufacturer, product, serialNumber, new DfuFunctionalDescriptor(CanWriteOnly, BlockSize, 0), []);
        var name = Objection(description) is null ? $"writes flash from {string.Join(" or ", StartsOf(description).Select(s => $"0x{s:X8}"))} on" : "";
        return description with { Alternates = [new DfuAlternate(InterfaceOf(info), 0, name)] };
    }

    private static DfuDescription Device(ushort release, ushort usbRelease, string product) =>
        Describe(new UsbDeviceInfo(0, 0, "", Id.Vendor, Id.Product, release, []), usbRelease, Maker, product, "");

    // main.c, check_user_code().
    private static SketchRule F1Rule(uint? address) =>
        new(address, stack => (stack & 0x2FFE_0000) == 0x2000_0000, "0x20000000 to 0x2001FFFF") { StartsNothingElse = true };

    // DS5319 and DS5792: an erase takes up to 40 ms, a half-word up to 70 us.
    private static DeviceLimit FirstPage(string first) => new(
        first + "This bootloader writes the page with the vector table from front to back. If the power fails during these 0.1 s at the end of the upload, it starts an incomplete sketch.",
        $"If that happens, set BOOT1 (PB2) high, press RESET and {Again.Clause}.")
    {
        PowerLost = "But if the power failed at that moment, an incomplete sketch may be started.",
    };

    // hid.c, HIDUSB_PacketIsCommand(): the first 64 bytes of a page.
    private static uint? FirstCommandOnF1(Segment run)
    {
        const int Command = 64;
        for (var at = 0; at + Command <= run.Data.Length; at += BlockSize)
        {
            var bytes = run.Data.Span.Slice(at, Command);
            if (bytes.StartsWith(Letters) && bytes[Letters.Length] <= 1 && !bytes[(Letters.Length + 1)..].ContainsAnyExcept((byte)0))
            {
                return run.Address + (uint)at;
            }
        }

        return null;
    }

    // main.c: the first letters of any report.
    private static uint? FirstCommandOnF4(Segment run)
    {
        const int Report = 64;
        for (var at = 0; at + Letters.Length <= run.Data.Length; at += Report)
        {
            if (run.Data.Span[at..].StartsWith(Letters))
            {
                return run.Address + (uint)at;
            }
        }

        return null;
    }
}
