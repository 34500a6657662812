using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Faults;

namespace UploadHelper.Tests.VirtualBoard;

/// <summary>What a virtual board is told, and what is to go wrong with it.</summary>
public class OptionsTests
{
    [Fact]
    public void All_options_are_read() =>
        Assert.Equal(
            new SimulationOptions("f4boot-old") { FlashFile = "a b.bin", Start = StartState.Empty, Sketch = "none", Boot0 = true, Prints = true },
            SimulationOptions.Parse("f4boot-old,flash=a b.bin,start=empty,sketch=none,boot0=1,prints=yes"));

    [Theory]
    [InlineData("f4", "f4boot, f4boot-old, f4rom")]
    [InlineData("", "f4boot, f4boot-old, f4rom")]
    [InlineData("f4boot,start=later", "sketch, bootloader, empty")]
    [InlineData("f4boot,sketch=mbed", "libmaple-f4, stm32generic, libmaple-f1, libmaple-f1-old, usbcomposite, stm32core, stm32core-hid, stm32core-plain, rom-magic, rom-touch, dfu-runtime, dfu-runtime-reset, touch1200, none")]
    [InlineData("f4boot,boot0=yes", "boot0=0|1")]
    [InlineData("f4boot,flash=", "flash=FILE")]
    [InlineData("f4boot,fast", "KEY=VALUE")]
    [InlineData("f4boot,", "KEY=VALUE")]
    public void What_is_wrong_is_answered_with_what_there_is(string text, string known) =>
        Assert.Contains(known, Assert.Throws<FormatException>(() => SimulationOptions.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("stall@12", FaultKind.Stall, 12, DfuStatusCode.Ok)]
    [InlineData("cut-erase@0", FaultKind.CutErase, 0, DfuStatusCode.Ok)]
    [InlineData("status-15@7", FaultKind.Status, 7, DfuStatusCode.ErrStalledPacket)]
    public void A_fault_is_read_and_written(string text, FaultKind kind, int index, DfuStatusCode status)
    {
        Assert.Equal(new Fault(kind, index, status), Fault.Parse(text));
        Assert.Equal(text, Fault.Parse(text).ToString());
    }

    [Fact]
    public void Every_kind_of_fault_can_be_written()
    {
        foreach (var name in Fault.Names)
        {
            var text = $"{name.Replace("-N", "-1", StringComparison.Ordinal)}@3";
            Assert.Equal(text, Fault.Parse(text).ToString());
        }

        Assert.Equal(Enum.GetValues<FaultKind>().Length, Fault.Names.Distinct().Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("stall")]
    [InlineData("@3")]
    [InlineData("Stall@3")]
    [InlineData("stall@-3")]
    [InlineData("stall@x")]
    [InlineData("status-N@3")]
    [InlineData("status-0@3")]
    [InlineData("status-16@3")]
    public void What_is_no_fault_is_answered_with_all_there_are(string text) =>
        Assert.Contains("stall, silent, late, gone", Assert.Throws<FormatException>(() => SimulationOptions.Parse("f4rom,fault=" + text)).Message, StringComparison.Ordinal);
}
