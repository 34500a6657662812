using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.VirtualBoard;

public class SimulationOptionsTests
{
    [Fact]
    public void All_options_are_read() =>
        Assert.Equal(
            new SimulationOptions("f4boot-old") { FlashFile = "a b.bin", Start = StartState.Empty, Sketch = "none", Boot0 = true },
            SimulationOptions.Parse("f4boot-old,flash=a b.bin,start=empty,sketch=none,boot0=1"));

    [Theory]
    [InlineData("f4", "f4boot, f4boot-old, f4rom")]
    [InlineData("", "f4boot, f4boot-old, f4rom")]
    [InlineData("f4boot,start=later", "sketch, bootloader, empty")]
    [InlineData("f4boot,sketch=mbed", "libmaple-f4, stm32generic, libmaple-f1, usbcomposite, stm32core, touch1200, none")]
    [InlineData("f4boot,boot0=yes", "boot0=0|1")]
    [InlineData("f4boot,flash=", "flash=FILE")]
    [InlineData("f4boot,fast", "KEY=VALUE")]
    [InlineData("f4boot,", "KEY=VALUE")]
    public void What_is_wrong_is_answered_with_what_there_is(string text, string known) =>
        Assert.Contains(known, Assert.Throws<FormatException>(() => SimulationOptions.Parse(text)).Message, StringComparison.Ordinal);
}
