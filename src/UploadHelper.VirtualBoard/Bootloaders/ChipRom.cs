using System.Text;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Sketches;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>What sets a ROM apart from others.</summary>
[Flags]
public enum RomHabits
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It powers up in dfuERROR, errFIRMWARE.</summary>
    StartsInError = 1,

    /// <summary>The GETSTATUS that starts programming returns before it ends, and until then every request stalls (openmv issue 1508).</summary>
    RefusesWhileItWrites = 2,

    /// <summary>On leave it is gone before the status stage of GETSTATUS (dfu-util: "Error during download get_status").</summary>
    LeavesInStatus = 4,

    /// <summary>It leaves on the zero-length DNLOAD already, and does not complete it (dfu-util, QUIRK_DFUSE_LEAVE).</summary>
    LeavesInDownload = 8,

    /// <summary>On leave the device vanishes, and nothing starts (chcbaram/stm32h563-core).</summary>
    HangsOnLeave = 16,

    /// <summary>CLRSTATUS stalls outside dfuERROR, and a GET_DESCRIPTOR for the functional descriptor is never answered (betaflight-configurator pull request 5300).</summary>
    IsStrict = 32,

    /// <summary>The serial number's characters have one byte each (dfu-util, QUIRK_UTF8_SERIAL).</summary>
    HasNarrowSerial = 64,

    /// <summary>
    /// The GETSTATUS after the request to remove the read protection says dfuDNLOAD-IDLE, and not dfuDNBUSY, although it erases (dfu-util on
    /// AT32F415: "Wrong state after command READ_UNPROTECT"; keirf/flashfloppy issue 584 and discussion 698). Then it resets as others do.
    /// </summary>
    HidesUnprotect = 128,
}

/// <summary>What the ROM of a chip says of itself, and what sets it apart.</summary>
/// <param name="FlashMap">The map of the flash.</param>
/// <param name="Memories">The other memories.</param>
/// <param name="SerialNumber">Its serial number.</param>
public sealed record RomChip(string FlashMap, IReadOnlyList<RomMemory> Memories, string SerialNumber)
{
    private const string Middleware = "DFU in FS Mode";

    /// <summary>The ids, vendor first.</summary>
    public UsbId Id { get; init; } = new(0x0483, 0xDF11);

    /// <summary>iManufacturer.</summary>
    public string Manufacturer { get; init; } = "STMicroelectronics";

    /// <summary>iProduct.</summary>
    public string Product { get; init; } = "STM32  BOOTLOADER";

    /// <summary>The name of the configuration, whose index is then that behind the serial number; null if it has none.</summary>
    public string? ConfigurationName { get; init; }

    /// <summary>bcdUSB.</summary>
    public ushort UsbRelease { get; init; } = 0x0100;

    /// <summary>bcdDevice.</summary>
    public ushort Release { get; init; } = 0x2200;

    /// <summary>wTransferSize.</summary>
    public ushort TransferSize { get; init; } = 2048;

    /// <summary>bwPollTimeout for a command, in milliseconds.</summary>
    public int CommandPoll { get; init; } = 100;

    /// <summary>bwPollTimeout for data, in milliseconds.</summary>
    public int DataPoll { get; init; } = 104;

    /// <summary>What sets it apart.</summary>
    public RomHabits Habits { get; init; }

    /// <summary>
    /// As dfu-util lists it on many boards with an STM32F072; it reports 40 ms. For data it must report more than the 55 ms of a block,
    /// since dfu-util, which waits for them, writes without an error (openmv issue 1508).
    /// </summary>
    public static RomChip Stm32F072 { get; } = new(
        "@Internal Flash  /0x08000000/064*0002Kg", [new("@Option Bytes  /0x1FFFF800/01*016 e", 0x1FFF_F800, 16)], "FFFFFFFEFFFF")
    {
        CommandPoll = 40,
        DataPoll = 60,
        Habits = RomHabits.StartsInError | RomHabits.RefusesWhileItWrites,
    };

    /// <summary>As dfu-util lists it on BigClown's core module; the poll times are those of the F4 (INF).</summary>
    public static RomChip Stm32L083 { get; } = new(
        "@Internal Flash  /0x08000000/1536*128g",
        [new("@Option Bytes  /0x1FF80000/01*032 e", 0x1FF8_0000, 32), new("@DATA Memory /0x08080000/2*3Ke", 0x0808_0000, 6144, Factory: 0)],
        "7FB4A4356231")
    {
        Habits = RomHabits.StartsInError,
    };

    /// <summary>As dfu-util lists it on a CLN17; poll times as in ST's template (INF).</summary>
    public static RomChip Stm32G431 { get; } = OnMiddleware(
        "208A31574253",
        "@Internal Flash   /0x08000000/64*02Kg",
        new("@Option Bytes   /0x1FFF7800/01*40Be", 0x1FFF_7800, 40),
        new("@OTP Memory   /0x1FFF7000/01*01Ke", 0x1FFF_7000, 1024));

    /// <summary>As dfu-util lists it on Klipper boards: each memory bears the name of the flash.</summary>
    public static RomChip Stm32G0B1 { get; } = OfG0B1("@Internal Flash   /0x08000000/64*02Kg");

    /// <summary>The same with 512 KiB, as dfu-util lists it on a Manta E3EZ.</summary>
    public static RomChip Stm32G0B1xE { get; } = OfG0B1("@Internal Flash   /0x08000000/256*02Kg");

    /// <summary>As CubeProgrammer lists it (chcbaram/stm32h563-core); its other memories were not shown, and are left out.</summary>
    public static RomChip Stm32H563 { get; } = OnMiddleware("206B327A5841", "@Internal Flash   /0x08000000/256*08Kg") with
    {
        Release = 0x0300,
        Habits = RomHabits.HangsOnLeave,
    };

    /// <summary>As pull request 5300 of betaflight-configurator describes it; that bcdDevice is 0300 is inferred from AN2606: "USB DFU V3.0".</summary>
    public static RomChip Stm32C562 { get; } = OnMiddleware("2071364A5635", "@Internal Flash /0x08000000/64*08Kg") with
    {
        Release = 0x0300,
        Habits = RomHabits.IsStrict | RomHabits.LeavesInStatus,
    };

    /// <summary>As dfu-util lists a Longan Nano: the map is wrong, the serial number tells the size. Poll times: riscv-mcu/gd32-dfu-utils issue 3.</summary>
    public static RomChip Gd32Vf103 { get; } = new(
        "@Internal Flash  /0x08000000/512*002Kg", [new("@Option Bytes  /0x1FFFF800/01*016 g", 0x1FFF_F800, 16)], "3CBJ")
    {
        Id = new(0x28E9, 0x0189),
        Manufacturer = "GDMicroelectronics",
        Product = "GD32 0x418 DFU Bootloade",
        UsbRelease = 0x0200,
        Release = 0x1000,
        Habits = RomHabits.StartsInError | RomHabits.LeavesInDownload | RomHabits.HasNarrowSerial,
    };

    /// <summary>
    /// As dfu-util lists a bare chip (riscv-mcu/gd32-dfu-utils issue 5), and as fwupd has recorded one (plugins/dfu/tests/dfu-gd32vf103-setup.json):
    /// string 4 is the name of its configuration, string 5 that of its interface. The text of string 4 was not recorded (INF).
    /// </summary>
    public static RomChip Gd32Vf103Old { get; } = Gd32Vf103 with
    {
        FlashMap = "@Internal Flash  /0x08000000/128*001Kg",
        Memories = [],
        Manufacturer = "GigaDevice",
        Product = "GD32 USB DFU in FS Mode",
        ConfigurationName = "GD32 USB CONFIG",
        Release = 0x0100,
    };

    /// <summary>
    /// As dfu-util lists it on a Durgod K320, and QMK Toolbox names it: "Geehy APM32 DFU ISP Mode". The map has two groups of the same sectors, and
    /// an address without its first zero. Block size, poll times and the first state are those of ST's ROMs for the F1 (INF).
    /// </summary>
    public static RomChip Apm32F103 { get; } = new(
        "@Internal Flash  /0x8000000/06*002Kg,058*002Kg", [new("@Option Bytes  /0x1FFFF800/01*016 e", 0x1FFF_F800, 16)], "0448")
    {
        Id = new(0x314B, 0x0106),
        Manufacturer = "Geehy",
        Product = "APM32 DFU ISP Mode",
        Release = 0x0010,
        Habits = RomHabits.StartsInError,
    };

    /// <summary>As dfu-util lists it on a Gotek and on a Cidoo V65; it starts in dfuIDLE. Poll times as in ST's template (INF).</summary>
    public static RomChip At32F415 { get; } = new(
        "@Internal Flash  /0x08000000/ 128*1Kg", [new("@Option Byte   /0x1FFFF800/02*016 e", 0x1FFF_F800, 32)], "AT32")
    {
        Id = new(0x2E3C, 0xDF11),
        Manufacturer = "Artery-Tech",
        Product = Middleware,
        UsbRelease = 0x0200,
        Release = 0x0200,
        CommandPoll = 50,
        DataPoll = 50,
        Habits = RomHabits.HidesUnprotect,
    };

    /// <summary>With the maps that betaflight-configurator names: the first 32 KiB are read-only, and written there all the same.</summary>
    public static RomChip At32F437 { get; } = At32F415 with
    {
        FlashMap = "@Internal Flash   /0x08000000/08*04Ka,1000*04Kg",
        Memories = [new("@Option byte   /0x1FFFC000/01*4096 g", 0x1FFF_C000, 4096)],
    };

    private static RomChip OfG0B1(string map) => OnMiddleware("203739645542", map, new(map, 0x1FFF_7800, 128), new(map, 0x1FFF_7000, 1024));

    private static RomChip OnMiddleware(string serialNumber, string flashMap, params RomMemory[] memories) => new(flashMap, memories, serialNumber)
    {
        Product = Middleware,
        UsbRelease = 0x0200,
        Release = 0x0200,
        TransferSize = 1024,
        CommandPoll = 50,
        DataPoll = 50,
        Habits = RomHabits.LeavesInStatus,
    };
}

/// <summary>The bootloader in the ROM of a chip: what all have in common, and the habits of this one.</summary>
public sealed class ChipRom : SystemBootloader
{
    private const int SerialNumberIndex = 3;
    private readonly RomChip _chip;
    private bool _writes;
    private TimeSpan _writtenAt;

    /// <summary>The ROM, just started.</summary>
    /// <param name="board">The board.</param>
    /// <param name="chip">Which chip.</param>
    public ChipRom(IMicrocontroller board, RomChip chip)
        : base(Identify(chip), board, chip.TransferSize, chip.Memories)
    {
        _chip = chip;
        if (Has(RomHabits.StartsInError))
        {
            Fail(DfuStatusCode.ErrFirmware);
        }
    }

    /// <inheritdoc/>
    protected override TimeSpan PollTimeout(byte? command)
    {
        _writes = command is null;
        return TimeSpan.FromMilliseconds(command is null ? _chip.DataPoll : _chip.CommandPoll);
    }

    /// <inheritdoc/>
    protected override ControlReply Standard(UsbSetup setup)
    {
        const byte GetDescriptor = 6, Functional = 0x21;
        return Has(RomHabits.IsStrict) && setup.Request == GetDescriptor && setup.Value >> 8 == Functional
            ? new ControlReply(ControlOutcome.Silent, default, default)
            : base.Standard(setup);
    }

    /// <inheritdoc/>
    protected override ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        if (Board.Now < _writtenAt)
        {
            Board.Log(BoardEventKind.Request, "refused: still writing");
            return Stall();
        }

        if (Has(RomHabits.IsStrict) && setup.Request == (byte)DfuRequest.ClearStatus && State != DfuState.Error)
        {
            Board.Log(BoardEventKind.Request, $"refused: CLRSTATUS in {State.Name()}");
            return Stall();
        }

        return base.Class(setup, data);
    }

    /// <inheritdoc/>
    protected override ControlReply Download(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        if (!Has(RomHabits.LeavesInDownload) || !data.IsEmpty || State is not (DfuState.Idle or DfuState.DownloadIdle))
        {
            return base.Download(setup, data);
        }

        Start();
        return new ControlReply(ControlOutcome.Gone, default, TimeSpan.Zero);
    }

    /// <inheritdoc/>
    protected override ControlReply Executed(byte[] answer, TimeSpan took)
    {
        if (Unprotects && Has(RomHabits.HidesUnprotect))
        {
            State = DfuState.DownloadIdle;
            answer = new DfuStatus(DfuStatusCode.Ok, TimeSpan.Zero, State).ToBytes();
        }

        if (!_writes || !Has(RomHabits.RefusesWhileItWrites))
        {
            return base.Executed(answer, took);
        }

        _writtenAt = Board.Now + took;
        return Done(answer);
    }

    /// <inheritdoc/>
    protected override ControlReply Leave(byte[] status)
    {
        if (Has(RomHabits.HangsOnLeave))
        {
            Board.Vanish("the ROM hangs on leave");
        }
        else if (Has(RomHabits.LeavesInStatus))
        {
            Jump();
        }
        else
        {
            return base.Leave(status);
        }

        return new ControlReply(ControlOutcome.Gone, status, TimeSpan.Zero);
    }

    // A program without a vector table.
    private void Start()
    {
        if (Board.Flash.Contains(Pointer, sizeof(ushort)) && SketchInFlash.ReadCode(Board.Flash, Pointer).Runs)
        {
            Board.StartSketch(Pointer);
        }
        else
        {
            Board.Reset($"leave to 0x{Pointer:X8}: no program there", BootCause.ByHand);
        }
    }

    private bool Has(RomHabits habit) => (_chip.Habits & habit) != 0;

    private static UsbIdentity Identify(RomChip chip) => new(
        chip.Id.Vendor,
        chip.Id.Product,
        chip.UsbRelease,
        chip.Release,
        DeviceClass: 0,
        [chip.Manufacturer, chip.Product, chip.SerialNumber, .. chip.ConfigurationName is { } name ? (string[])[name] : [], chip.FlashMap, .. chip.Memories.Select(m => m.Map)],
        Describe(chip))
    {
        OddStrings = (chip.Habits & RomHabits.HasNarrowSerial) == 0
            ? new Dictionary<int, byte[]>()
            : new Dictionary<int, byte[]> { [SerialNumberIndex] = [(byte)(2 + chip.SerialNumber.Length), 3, .. Encoding.ASCII.GetBytes(chip.SerialNumber)] },
    };

    private static byte[] Describe(RomChip chip)
    {
        const int ConfigurationNameAt = 6; // iConfiguration (USB 2.0, table 9-10)
        var isNamed = chip.ConfigurationName is not null;
        var configuration = Dfu.Configuration(
            1 + chip.Memories.Count, attributes: 0x0B, chip.TransferSize, Dfu.DfuSeVersion, (byte)(Dfu.FirstAlternateString + (isNamed ? 1 : 0)));
        configuration[ConfigurationNameAt] = isNamed ? Dfu.FirstAlternateString : (byte)0;
        return configuration;
    }
}
