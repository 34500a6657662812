using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Core.Chips;

/// <summary>Which initial stack pointers fit: the ends of RAM that linker scripts of each series use (_estack), and what is none.</summary>
public class RamMapTests
{
    [Theory]
    [InlineData("STM32C0", 0x2000_3000u)] // C011
    [InlineData("STM32C0", 0x2000_9000u)] // C092
    [InlineData("STM32F0", 0x2000_4000u)] // F072
    [InlineData("STM32F1", 0x2000_5000u)] // F103CB
    [InlineData("STM32F1", 0x2001_8000u)] // F103ZG
    [InlineData("STM32F2", 0x2002_0000u)] // F207
    [InlineData("STM32F3", 0x2000_A000u)] // F303CC
    [InlineData("STM32F3", 0x1000_4000u)] // F303xE, CCM
    [InlineData("STM32F4", 0x2001_FFFFu)] // F407, old linker scripts
    [InlineData("STM32F4", 0x2002_0000u)] // F407
    [InlineData("STM32F4", 0x1001_0000u)] // F407, CCM
    [InlineData("STM32F4", 0x2005_0000u)] // F413, F469
    [InlineData("STM32F7", 0x2008_0000u)] // F767
    [InlineData("STM32F7", 0x2004_FFFFu)] // F746, old linker scripts
    [InlineData("STM32F7", 0x0000_4000u)] // ITCM
    [InlineData("STM32G0", 0x2002_4000u)] // G0B1
    [InlineData("STM32G4", 0x2002_0000u)] // G474
    [InlineData("STM32G4", 0x1000_8000u)] // G474, CCM
    [InlineData("STM32H5", 0x200A_0000u)] // H563
    [InlineData("STM32H5", 0x300A_0000u)] // H563, secure
    [InlineData("STM32H7", 0x2002_0000u)] // H743, DTCM
    [InlineData("STM32H7", 0x2408_0000u)] // H743, AXI
    [InlineData("STM32H7", 0x2410_0000u)] // H7A3, AXI
    [InlineData("STM32H7", 0x0001_0000u)] // H743, ITCM
    [InlineData("STM32H7", 0x1004_8000u)] // H745, second core
    [InlineData("STM32H7", 0x3004_8000u)] // H743, D2
    [InlineData("STM32H7", 0x3801_0000u)] // H743, D3
    [InlineData("STM32H7RS", 0x2001_0000u)] // H7S3, DTCM
    [InlineData("STM32H7RS", 0x2407_2000u)] // H7R7, AXI
    [InlineData("STM32L0", 0x2000_5000u)] // L072
    [InlineData("STM32L1", 0x2001_4000u)] // L152xE
    [InlineData("STM32L4", 0x2001_8000u)] // L476
    [InlineData("STM32L4", 0x2005_0000u)] // L496
    [InlineData("STM32L4", 0x200A_0000u)] // L4R5
    [InlineData("STM32L4", 0x1000_8000u)] // L476, SRAM2
    [InlineData("STM32L5", 0x2004_0000u)] // L552
    [InlineData("STM32N6", 0x3400_0400u)] // N657, secure AXI SRAM
    [InlineData("STM32N6", 0x3418_0400u)] // N657, first stage boot loader
    [InlineData("STM32U0", 0x2000_A000u)] // U083
    [InlineData("STM32U3", 0x2004_0000u)] // U385
    [InlineData("STM32U5", 0x200C_0000u)] // U575
    [InlineData("STM32U5", 0x2027_0000u)] // U5A5: 2,496 KiB
    [InlineData("STM32U5", 0x202F_0000u)] // U5G9: 3,008 KiB
    [InlineData("STM32U5", 0x300C_0000u)] // U575, secure
    [InlineData("STM32WB", 0x2003_0000u)] // WB55
    [InlineData("STM32WB0", 0x2001_0000u)] // WB09
    [InlineData("STM32WBA", 0x2002_0000u)] // WBA52
    [InlineData("STM32WBA", 0x2008_0000u)] // WBA65
    [InlineData("STM32WL", 0x2001_0000u)] // WL55
    public void The_ends_of_RAM_of_every_series_fit(string series, uint stack)
    {
        Assert.Equal(StackVerdict.Fits, RamMap.CheckStack(stack).Verdict);
        Assert.Equal(StackVerdict.Fits, RamMap.CheckStack(stack, [Stm32Series.All.Single(s => s.Name == series)]).Verdict);
    }

    [Fact]
    public void Every_series_has_a_row_here_and_a_source() => Assert.All(Stm32Series.All, s =>
    {
        Assert.Contains(
            typeof(RamMapTests).GetMethod(nameof(The_ends_of_RAM_of_every_series_fit))!.GetCustomAttributes(typeof(InlineDataAttribute), false).Cast<InlineDataAttribute>(),
            a => (string)a.GetData(null!).Single()[0] == s.Name);
        Assert.Matches("^RM[0-9]{4}(, RM[0-9]{4})*$", s.Source);
    });

    // The core ignores bits 0 and 1: ARMv7-M ARM, B1.4.1.
    [Fact]
    public void The_lowest_two_bits_do_not_count()
    {
        foreach (var end in Stm32Series.All.SelectMany(s => s.Ram).Select(r => r.End))
        {
            Assert.All(Enumerable.Range(-4, 8), d => Assert.True(RamMap.FitsStack((uint)(end + d))));
        }
    }

    [Theory]
    [InlineData(0x0000_0000u)]
    [InlineData(0x0000_0003u)]
    [InlineData(0x0008_0000u)]
    [InlineData(0x0800_0188u)] // a reset vector
    [InlineData(0x1FFF_F000u)] // system memory
    [InlineData(0x2030_0000u)]
    [InlineData(0x2200_0000u)] // the bit-band alias
    [InlineData(0x4001_0800u)] // a peripheral
    [InlineData(0xE000_E010u)]
    [InlineData(0xFFFF_FFFFu)]
    public void Where_no_STM32_has_RAM_nothing_fits(uint stack) =>
        Assert.Equal(new StackCheck(StackVerdict.NoRam, "no STM32 has RAM there"), RamMap.CheckStack(stack));

    [Theory]
    [InlineData(0x2000_0000u, "0 bytes")]
    [InlineData(0x2400_0010u, "16 bytes")]
    [InlineData(0xD080_0000u, "external memory")] // SDRAM, F429 Discovery
    [InlineData(0x6010_0000u, "external memory")] // SRAM on the FSMC
    [InlineData(0x9080_0000u, "external memory")] // PSRAM on the Octo-SPI
    [InlineData(0x4002_5000u, "backup RAM")]
    public void What_is_only_unusual_warns(uint stack, string why)
    {
        var image = new FirmwareImage("x.bin", [new Segment(0x0800_4000, SketchImage.Bytes(0x0800_4000, 4_000, stack))]);

        var warning = Assert.Single(ImageCheck.Of(image).Findings);

        Assert.Equal((Override.Stack, WarningCode.UnusualVectors), (warning.About, warning.Warning!.Value));
        Assert.Contains($"0x{stack:X8}", warning.Message, StringComparison.Ordinal);
        Assert.Contains(why, warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_for_the_stack_can_be_overridden_and_names_the_stack()
    {
        var image = new FirmwareImage("x.bin", [new Segment(0x0800_4000, SketchImage.Bytes(0x0800_4000, 4_000, 0x2030_0000))]);

        var check = ImageCheck.Of(image);

        var e = Assert.Single(check.Refusals);
        Assert.Equal((UploadError.NoVectorTable, Override.Stack), (e.Error, e.Override));
    }

    [Fact]
    public void A_known_part_narrows_the_RAM()
    {
        Assert.Equal(new StackCheck(StackVerdict.NoRam, "no STM32H7 has RAM there"), RamMap.CheckStack(0x2003_0000, [Stm32Series.H7]));
        Assert.Equal("no STM32F2 or STM32F4 has RAM there", RamMap.CheckStack(0x2408_0000, [Stm32Series.F2, Stm32Series.F4]).Why);
    }
}
