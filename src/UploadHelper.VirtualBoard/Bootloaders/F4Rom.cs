using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// The bootloader in the ROM of an STM32F4 or F7. It programs and erases with accesses of the width that the voltage range allows which the
/// host has set, and after a reset with single bytes (AN2606, 4.4; RM0090, 3.6.2). So did an F745: it erased three sectors of 32 KiB, one of
/// 128 and two of 256 in 6.2 s, where its data sheet has 6.5 s for bytes and 4.6 s for half-words (log in fwupd issue 2696). So does an F429:
/// EdgeTX writes it in 31 s (EdgeTX/buddy pull request 88), where half-words would fill all of its 2 MiB in 24.
/// </summary>
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

    private readonly F4RomChip _chip;
    private readonly DeviceFeature _feature;

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
        : base(Identify(chip), board, TransferSize, chip.Memories)
    {
        _chip = chip;
        Fail(DfuStatusCode.ErrFirmware);
        _feature = new DeviceFeature(board);
    }

    /// <summary>The byte at 0xFFFF0000.</summary>
    public byte VoltageRange => _feature.VoltageRange;

    /// <inheritdoc/>
    protected override TimeSpan PollTimeout(byte? command) =>
        TimeSpan.FromMilliseconds(command == SetAddressCommand || (command is null && _chip.IsF7) ? 104 : 100);

    // An F745 answers the first GETSTATUS at once, within a millisecond, and the second when it is done (log in fwupd issue 2696).
    /// <inheritdoc/>
    protected override ControlReply Executed(byte[] answer, TimeSpan took) =>
        _chip.IsF7 ? Done(answer) with { BusyAfter = took } : base.Executed(answer, took);

    /// <inheritdoc/>
    protected override bool? WriteSetting(uint address, ReadOnlySpan<byte> data) => DeviceFeature.Holds(address, data.Length) ? _feature.Write(address, data) : null;

    /// <inheritdoc/>
    protected override byte[]? ReadOther(uint address, int length) =>
        DeviceFeature.Holds(address, length) ? _feature.Read(address, length) : base.ReadOther(address, length);

    private static UsbIdentity Identify(F4RomChip chip) => new(
        0x0483,
        0xDF11,
        UsbRelease: 0x0100,
        Release: 0x2200,
        DeviceClass: 0,
        ["STMicroelectronics", "STM32  BOOTLOADER", chip.SerialNumber, chip.FlashMap, .. chip.Memories.Select(m => m.Map)],
        Dfu.Configuration(1 + chip.Memories.Count, attributes: 0x0B, TransferSize, Dfu.DfuSeVersion));
}

/// <summary>
/// Four bytes that the ROM of an F2, F4 or F7 shows at 0xFFFF0000, over USB and over UART (AN2606, 4.4 and table 4). The first is the range of the
/// supply voltage: 0 for 1.8 to 2.1 V, 1 to 2.4, 2 to 2.7, 3 to 3.6, 4 for 2.7 to 3.6 with 9 V at VPP. AN2606 does not say what it is after a
/// reset; bytes are programmed then, so it is taken to be 0 (INF).
/// </summary>
internal sealed class DeviceFeature
{
    private const uint Start = 0xFFFF_0000;
    private const int Size = 4;
    private const byte HighestRange = 4;

    private readonly IMicrocontroller _board;

    /// <summary>As after a reset.</summary>
    /// <param name="board">The board.</param>
    public DeviceFeature(IMicrocontroller board)
    {
        _board = board;
        board.Flash.Times = TimesIn(VoltageRange);
    }

    /// <summary>The range.</summary>
    public byte VoltageRange { get; private set; }

    /// <summary>Whether bytes are all of these.</summary>
    public static bool Holds(uint address, int length) => address >= Start && length > 0 && address + (long)length <= Start + (long)Size;

    /// <summary>Reads bytes.</summary>
    public byte[] Read(uint address, int length) => ((byte[])[VoltageRange, 0xFF, 0xFF, 0xFF])[(int)(address - Start)..][..length];

    /// <summary>Writes bytes. Reserved ones must stay 0xFF, and values that the ROM does not know are refused.</summary>
    /// <returns>Whether it takes them.</returns>
    public bool Write(uint address, ReadOnlySpan<byte> data)
    {
        var setsRange = address == Start;
        if (data[(setsRange ? 1 : 0)..].ContainsAnyExcept((byte)0xFF) || (setsRange && data[0] > HighestRange))
        {
            return false;
        }

        if (setsRange)
        {
            VoltageRange = data[0];
            _board.Flash.Times = TimesIn(VoltageRange);
            _board.Log(
                VoltageRange == HighestRange ? BoardEventKind.Violation : BoardEventKind.Flash,
                $"voltage range {VoltageRange}: programs {(VoltageRange == HighestRange ? "double words, without 9 V at VPP" : $"{8 * _board.Flash.Times.Width} bits at once")}");
        }

        return true;
    }

    // RM0090, table 7: bytes below 2.1 V, half-words below 2.7 V, words from there on.
    private FlashTimes TimesIn(byte range)
    {
        var part = _board.Flash.Part;
        var width = range switch { 0 => 1, 1 or 2 => 2, _ => 4 };
        return part.Narrower.FirstOrDefault(t => t.Width == width) ?? part.Times;
    }
}

/// <summary>What the ROM of an STM32F4 or F7 says of its chip.</summary>
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

    /// <summary>An STM32F745: the map of its flash as betaflight-configurator has it, the other memories as dfu-util lists them on an F722 (INF).</summary>
    public static F4RomChip Stm32F745 { get; } = new("STM32FxSTM32", "@Internal Flash  /0x08000000/04*032Kg,01*128Kg,03*256Kg", 'e') { IsF7 = true };

    /// <summary>Whether it is an F7.</summary>
    public bool IsF7 { get; private init; }

    /// <summary>The other memories.</summary>
    public IReadOnlyList<RomMemory> Memories =>
    [
        IsF7 ? new("@Option Bytes  /0x1FFF0000/01*048 e", 0x1FFF_0000, 48) : new($"@Option Bytes  /0x1FFFC000/01*016 {Access}", 0x1FFF_C000, 16),
        IsF7 ? new("@OTP Memory /0x1FF07800/01*528e", 0x1FF0_7800, 528) : new($"@OTP Memory /0x1FFF7800/01*512 {Access},01*016 {Access}", 0x1FFF_7800, 528),
        new($"@Device Feature/0xFFFF0000/01*004 {Access}", 0xFFFF_0000, 4),
    ];
}
