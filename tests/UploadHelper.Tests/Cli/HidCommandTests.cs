using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>The commands with the HID bootloader, which has no states, no memory map, and cannot be read.</summary>
public class HidCommandTests
{
    [Theory]
    [InlineData("hid-f1", "STM32F HID Bootloader, no serial number, release 3.00", "0x08000800")]
    [InlineData("hid-f1,generation=2.0", "STM32F HID Bootloader, no serial number, release 2.00", "0x08001000 or 0x08000800")]
    [InlineData("hid-f4", "STM32 HID bootloader, serial number 1234567890, release 3.00", "0x08004000")]
    public void It_is_listed_with_what_is_known_of_it(string board, string name, string from)
    {
        using var run = new ProgramRun();

        run.Do($"list --simulate {board}").Exits(0).Prints("1209:BEBA at 1-1", name, "HID bootloader", $"writes flash from {from} on").PrintsNot("DFU");
        run.Do($"info --simulate {board}").Exits(0).Prints("recognised as", "HID bootloader").PrintsNot("poll timeout");
        run.Do($"info --simulate {board} --json").Exits(0).Prints("\"state\":null");
    }

    [Fact]
    public void An_upload_says_that_it_is_not_verified()
    {
        using var run = new ProgramRun();
        run.File("blink.bin", SketchImage.Bytes(0x0800_0800, 4_000, 0x2000_5000));

        run.Do("upload blink.bin --offset 0x800 --simulate hid-f1").Exits(0).Prints("does not allow reading flash", ", not verified, ");
    }

    [Fact]
    public void It_is_erased_only_as_far_as_is_said()
    {
        using var run = new ProgramRun();

        run.Do("erase --yes --simulate hid-f1,start=bootloader").Exits(4).Prints("The size of this board's flash cannot be queried");
        run.Do("erase 0x800 0x1000 --yes --simulate hid-f1,start=bootloader").Exits(0).Prints("4096 bytes erased from 0x08000800 to 0x080017FF, not verified", ", 0 violations");
    }

    [Fact]
    public void It_is_left_by_its_command()
    {
        using var run = new ProgramRun();

        run.Do("leave --simulate hid-f1").Exits(0).Prints("runs sketch");
    }
}
