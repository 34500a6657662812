using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Processor;

/// <summary>
/// A Cortex-M4 runs a sketch with arduino/libraries/OneClickDfu: how it enters the bootloader in ROM, and when it does not.
/// tests/firmware/oneclick.c is the sketch, and oneclick-rom.c stands in the place of the bootloader and reports. RCC_CSR, which
/// QEMU does not have, is a word in RAM that QEMU sets at each reset.
/// </summary>
public sealed class OneClickTests
{
    private const uint Resets = 0x2001_FF00;
    private const uint Action = 0x2001_FF10;
    private const uint RomFails = 0x2001_FF14;
    private const uint RomLeaves = 0x2001_FF18;
    private const uint Mark = 0x2001_FF20;

    // RM0090, RCC_CSR: SFTRSTF after a software reset, the others after power-up and after RESET.
    private const uint SoftwareReset = 0x1000_0000;
    private const uint PowerUp = 0x0E00_0000;
    private const uint ResetButton = 0x0400_0000;

    // OneClickDfu.c: 256 bytes below the initial stack pointer of oneclick.ld.
    private const uint Request = 0x2001_EF00;
    private const uint Magic = 0x0DF0_1EAF;

    private const int EndOfStack = 0x1_F000;
    private const int RomOffset = 0x1_0000;

    // What tests/firmware/oneclick.c does when it starts for the first time.
    private const uint AnswersPacket = 1;
    private const uint AnswersTouch = 2;
    private const uint GetsOtherPackets = 3;
    private const uint Calls = 4;
    private const uint LeavesMark = 5;
    private const uint ResetsItself = 6;

    /// <summary>Entered as after a reset, with SysTick running, interrupts enabled and pending and the answer in an interrupt before.</summary>
    private static readonly string[] AsAfterReset =
    [
        "MSP 20002D48",
        "PRIMASK 00000000",
        "FAULTMASK 00000000",
        "BASEPRI 00000000",
        "CONTROL 00000000",
        "IPSR 00000000",
        "VTOR 00000000",
        "CPACR 00000000",
        "SHCSR 00000000",
        "ICSR 00000000",
        "SYST_CSR 00000000",
        "SYST_RVR 00000000",
        "NVIC enabled 00000000",
        "NVIC pending 00000000",
        "NVIC priority 00000000",
        "RESETS 11000000",
        "MARK 00000000",
    ];

    [ProcessorTheory]
    [InlineData("oneclick.bin", AnswersPacket)]
    [InlineData("oneclick.bin", AnswersTouch)]
    [InlineData("oneclick.bin", Calls)]
    [InlineData("oneclick-mark.bin", LeavesMark)]
    public void The_bootloader_is_entered_as_after_a_reset(string sketch, uint action)
    {
        var report = Boot.Report(Flash(sketch), [(Resets, SoftwareReset), (Action, action)]);

        Assert.Equal(["sketch 00000001", "rom 00000001", .. AsAfterReset], report);
    }

    [ProcessorFact]
    public void Another_packet_does_nothing() => Assert.Equal(
        ["sketch 00000001", "sketch goes on"],
        Boot.Report(Flash("oneclick.bin"), [(Resets, SoftwareReset), (Action, GetsOtherPackets)]));

    [ProcessorTheory]
    [InlineData("oneclick.bin")]
    [InlineData("oneclick-mark.bin")]
    public void A_reset_of_the_sketchs_own_starts_the_sketch(string sketch) => Assert.Equal(
        ["sketch 00000001", "sketch 00000002"],
        Boot.Report(Flash(sketch), [(Resets, SoftwareReset), (Action, ResetsItself)]));

    /// <summary>The bootloader resets when it cannot measure the crystal.</summary>
    [ProcessorFact]
    public void A_bootloader_that_fails_is_entered_again()
    {
        var report = Boot.Report(Flash("oneclick.bin"), [(Resets, SoftwareReset), (Action, AnswersPacket), (RomFails, 15)]);

        Assert.Equal(["sketch 00000001", "rom 00000010", .. AsAfterReset], report);
    }

    [ProcessorFact]
    public void A_bootloader_that_always_fails_gives_way_to_the_sketch() => Assert.Equal(
        ["sketch 00000001", "sketch 00000002"],
        Boot.Report(Flash("oneclick.bin"), [(Resets, SoftwareReset), (Action, AnswersPacket), (RomFails, 1000)]));

    /// <summary>It leaves by a jump. The sketch then resets once for a reason of its own, which must not lead back.</summary>
    [ProcessorTheory]
    [InlineData("oneclick.bin", AnswersPacket)]
    [InlineData("oneclick-mark.bin", LeavesMark)]
    public void After_the_upload_the_sketch_starts_and_stays(string sketch, uint action)
    {
        var report = Boot.Report(Flash(sketch), [(Resets, SoftwareReset), (Action, action), (RomLeaves, 1)]);

        Assert.Equal(["sketch 00000001", "rom 00000001", .. AsAfterReset, "sketch 00000002", "sketch 00000003"], report);
    }

    /// <summary>RAM is random after power-up; here even the record of the reset claims that software did it.</summary>
    [ProcessorTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Random_ram_starts_the_sketch(int seed)
    {
        var ram = new byte[EndOfStack];
        new Random(seed).NextBytes(ram);

        Assert.Equal(["sketch 00000001"], Boot.Report(Flash("oneclick.bin"), [(Resets, SoftwareReset)], ram));
        Assert.Equal(["sketch 00000001"], Boot.Report(Flash("oneclick-mark.bin"), [(Resets, SoftwareReset), (Mark, (uint)seed * 0x9E37_79B9)], ram));
    }

    [ProcessorTheory]
    [InlineData(SoftwareReset, Magic + 16, ~(Magic + 16), "rom 00000001")]
    [InlineData(SoftwareReset, Magic + 1, ~(Magic + 1), "rom 00000001")]
    [InlineData(PowerUp, Magic + 16, ~(Magic + 16), "sketch 00000001")]
    [InlineData(ResetButton, Magic + 16, ~(Magic + 16), "sketch 00000001")]
    [InlineData(0, Magic + 16, ~(Magic + 16), "sketch 00000001")]
    [InlineData(SoftwareReset, Magic, ~Magic, "sketch 00000001")]
    [InlineData(SoftwareReset, Magic + 17, ~(Magic + 17), "sketch 00000001")]
    [InlineData(SoftwareReset, Magic + 16, ~(Magic + 15), "sketch 00000001")]
    [InlineData(SoftwareReset, Magic + 16, ~(Magic + 16) ^ 0x8000_0000, "sketch 00000001")]
    [InlineData(SoftwareReset, (Magic + 16) ^ 0x8000_0000, ~(Magic + 16), "sketch 00000001")]
    [InlineData(SoftwareReset, 0, 0xFFFF_FFFF, "sketch 00000001")]
    [InlineData(SoftwareReset, 0xFFFF_FFFF, 0, "sketch 00000001")]
    [InlineData(SoftwareReset, 0, 0, "sketch 00000001")]
    public void Only_a_whole_request_after_a_software_reset_counts(uint resets, uint first, uint second, string starts)
    {
        var report = Boot.Report(Flash("oneclick.bin"), [(Resets, resets), (Request, first), (Request + 4, second)]);

        Assert.Equal(starts, report[0]);
    }

    [ProcessorTheory]
    [InlineData(SoftwareReset, 0x424C, "rom 00000001")]
    [InlineData(PowerUp, 0x424C, "sketch 00000001")]
    [InlineData(ResetButton, 0x424C, "sketch 00000001")]
    [InlineData(SoftwareReset, 0x424D, "sketch 00000001")]
    [InlineData(SoftwareReset, 0x0001_424C, "sketch 00000001")]
    public void Only_the_mark_of_the_core_counts(uint resets, uint mark, string starts) =>
        Assert.Equal(starts, Boot.Report(Flash("oneclick-mark.bin"), [(Resets, resets), (Mark, mark)])[0]);

    private static byte[] Flash(string sketch)
    {
        var flash = Enumerable.Repeat((byte)0xFF, 0x10_0000).ToArray();
        Firmware(sketch).CopyTo(flash, 0);
        Firmware("oneclick-rom.bin").CopyTo(flash, RomOffset);
        return flash;
    }

    private static byte[] Firmware(string name) => File.ReadAllBytes(Repository.PathOf("tests", "firmware", name));
}
