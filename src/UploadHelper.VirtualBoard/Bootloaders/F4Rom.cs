using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>The bootloader in the ROM of an STM32F4. They differ in what they say of themselves.</summary>
public sealed class F4Rom : SystemBootloader
{
    /// <summary>wTransferSize.</summary>
    public const int TransferSize = 2048;

    private const byte SetAddressCommand = 0x21;

    /// <summary>
    /// What the ROM of an STM32F429 sends after the map of its flash: the string's length says more than there is, as lsusb
    /// shows it (bigtreetech/BIGTREETECH-OCTOPUS-Pro issue 42).
    /// </summary>
    public const string TooLong = "\uCC50\u01A8\u2E54\uBEBF\u4B7C\uBED5\uCEF8";

    /// <summary>The ROM of an STM32F405/407, just started: it powers up in dfuERROR.</summary>
    /// <param name="board">The board.</param>
    /// <param name="behind">What it sends after the map of the flash; usually nothing.</param>
    public F4Rom(IMicrocontroller board, string behind = "")
        : this(board, F4RomChip.Stm32F405 with { FlashMap = F4RomChip.Stm32F405.FlashMap + behind })
    {
    }

    /// <summary>The ROM of a chip, just started.</summary>
    /// <param name="board">The board.</param>
    /// <param name="chip">Which chip.</param>
    public F4Rom(IMicrocontroller board, F4RomChip chip)
        : base(Identify(chip), board, TransferSize, chip.Memories) => Fail(DfuStatusCode.ErrFirmware);

    /// <inheritdoc/>
    protected override TimeSpan PollTimeout(byte? command) => TimeSpan.FromMilliseconds(command == SetAddressCommand ? 104 : 100);

    private static UsbIdentity Identify(F4RomChip chip) => new(
        0x0483,
        0xDF11,
        UsbRelease: 0x0100,
        Release: 0x2200,
        DeviceClass: 0,
        ["STMicroelectronics", "STM32  BOOTLOADER", chip.SerialNumber, chip.FlashMap, .. chip.Memories.Select(m => m.Map)],
        Dfu.Configuration(1 + chip.Memories.Count, attributes: 0x0B, TransferSize, Dfu.DfuSeVersion));
}

/// <summary>What the ROM of an STM32F4 says of its chip.</summary>
/// <param name="SerialNumber">Its serial number.</param>
/// <param name="FlashMap">The map of the flash.</param>
/// <param name="Access">What may be done with the other memories, as the maps have it.</param>
public sealed record F4RomChip(string SerialNumber, string FlashMap, char Access)
{
    /// <summary>As logged from an F4-Discovery.</summary>
    public static F4RomChip Stm32F405 { get; } = new("315A34663432", "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg", 'g');

    /// <summary>As dfu-util lists it on a Black Pill with an STM32F411CE (zmkfirmware/zmk issue 1711).</summary>
    public static F4RomChip Stm32F411 { get; } = new("3377337E3539", "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,03*128Kg", 'e');

    /// <summary>As dfu-util lists it on a Black Pill with an STM32F401CC (shanteacontrols/OpenDeck issue 123).</summary>
    public static F4RomChip Stm32F401 { get; } = new("339D36483335", "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,01*128Kg", 'e');

    /// <summary>The other memories.</summary>
    public IReadOnlyList<RomMemory> Memories =>
    [
        new($"@Option Bytes  /0x1FFFC000/01*016 {Access}", 0x1FFF_C000, 16),
        new($"@OTP Memory /0x1FFF7800/01*512 {Access},01*016 {Access}", 0x1FFF_7800, 528),
        new($"@Device Feature/0xFFFF0000/01*004 {Access}", 0xFFFF_0000, 4),
    ];
}
