using UploadHelper.CommandLine;

namespace UploadHelper.Tests.Cli;

/// <summary>What is typed by hand, and what the cores call, becomes a command with options.</summary>
public class ArgumentShapesTests
{
    [Theory]
    [InlineData("COM5 0x4000 x.bin", "upload x.bin --port=COM5 --offset=0x4000")]
    [InlineData("COM5 0x4000 read", "upload read --port=COM5 --offset=0x4000")]
    [InlineData("/dev/ttyACM0 16384 x.bin --verbose", "upload x.bin --port=/dev/ttyACM0 --offset=16384 --verbose")]
    [InlineData("{serial.port.file} 0x4000 x.bin", "upload x.bin --offset=0x4000")]
    [InlineData("0x4000 x.bin", "upload x.bin --offset=0x4000")]
    [InlineData("upload --port= x.bin", "upload x.bin")]
    [InlineData("upload --port={upload.port.address} x.bin", "upload x.bin")]
    [InlineData("upload x.bin --port=COM5", "upload x.bin --port=COM5")]
    [InlineData("list --json", "list --json")]
    [InlineData("uplaod x.bin", "uplaod x.bin")]
    [InlineData("--help", "--help")]
    [InlineData("", "")]
    public void Shapes_become_commands(string typed, string expected) =>
        Assert.Equal(expected, string.Join(' ', Rewrite(typed.Split(' ', StringSplitOptions.RemoveEmptyEntries))));

    [Fact]
    public void An_empty_port_is_none() =>
        Assert.Equal(["upload", "x.bin", "--offset=0x4000"], Rewrite(["", "0x4000", "x.bin"]));

    // How the cores called maple_loader.jar and its wrappers. "|" stands between the arguments.
    [Theory]

    // Arduino_STM32 F1: the IDE's path at the end.
    [InlineData("ttyACM0|2|1EAF:0003|/tmp/b/x.bin|/opt/arduino-1.8.19", "upload|/tmp/b/x.bin|--port=ttyACM0|--alt=2|--usb-id=1EAF:0003")]
    [InlineData("COM12|1|1EAF:0003|C:\\b\\x.bin|C:\\Program Files (x86)\\Arduino", "upload|C:\\b\\x.bin|--port=COM12|--alt=1|--usb-id=1EAF:0003")]

    // Arduino_STM32 F4: the DfuSe address after it; the key stays as it stands where a board has none.
    [InlineData("ttyACM0|0|0483:df11|x.bin|/opt/arduino|0x8000000", "upload|x.bin|--port=ttyACM0|--alt=0|--usb-id=0483:df11|--offset=0x8000000")]
    [InlineData("ttyACM0|2|1EAF:0003|x.bin|/opt/arduino|0x08004000", "upload|x.bin|--port=ttyACM0|--alt=2|--usb-id=1EAF:0003|--offset=0x08004000")]
    [InlineData("ttyACM0|1|1EAF:0003|x.bin|/opt/arduino|{upload.dfuse_addr}", "upload|x.bin|--port=ttyACM0|--alt=1|--usb-id=1EAF:0003")]

    // The macOS wrapper has the address as its fifth argument, and took the IDE's path for it.
    [InlineData("cu.usbmodem14101|0|0483:DF11|x.bin|0x8000000", "upload|x.bin|--port=cu.usbmodem14101|--alt=0|--usb-id=0483:DF11|--offset=0x8000000")]
    [InlineData("cu.usbmodem14101|2|1EAF:0003|x.bin|/Applications/Arduino.app/Contents/Java", "upload|x.bin|--port=cu.usbmodem14101|--alt=2|--usb-id=1EAF:0003")]

    // Several ids, as dfu-util takes them.
    [InlineData("ttyACM0|0|0483:df11,1eaf:0003|x.bin", "upload|x.bin|--port=ttyACM0|--alt=0|--usb-id=0483:df11,1eaf:0003")]
    [InlineData("ttyACM0|0|,0483:df11|x.bin|/opt/arduino", "upload|x.bin|--port=ttyACM0|--alt=0|--usb-id=,0483:df11")]

    // STM32GENERIC, maple_loader.jar: neither.
    [InlineData("/dev/ttyACM0|2|1EAF:0003|x.bin", "upload|x.bin|--port=/dev/ttyACM0|--alt=2|--usb-id=1EAF:0003")]
    [InlineData("COM5|2|0x1EAF:0x0003|x.bin", "upload|x.bin|--port=COM5|--alt=2|--usb-id=0x1EAF:0x0003")]

    // Arduino_Core_STM32: vendor and product apart.
    [InlineData("ttyACM0|2|0x1EAF|0x0003|x.bin", "upload|x.bin|--port=ttyACM0|--alt=2|--usb-id=0x1EAF:0x0003")]
    [InlineData("COM12|1|1EAF|0003|x.bin", "upload|x.bin|--port=COM12|--alt=1|--usb-id=1EAF:0003")]
    [InlineData("/dev/ttyACM0|1|1eaf|0003|x.bin|/opt/arduino", "upload|x.bin|--port=/dev/ttyACM0|--alt=1|--usb-id=1eaf:0003")]

    // Options of ours may follow.
    [InlineData("COM5|2|1EAF:0003|x.bin|--verbose|--timeout|30", "upload|x.bin|--port=COM5|--alt=2|--usb-id=1EAF:0003|--verbose|--timeout|30")]
    public void As_the_cores_call_it(string typed, string expected) => Assert.Equal(expected, Legacy(typed));

    /// <summary>The same without a port: left away, empty, or as the key that the IDE did not know.</summary>
    [Theory]
    [InlineData("2|1EAF:0003|x.bin", "--alt=2|--usb-id=1EAF:0003")]
    [InlineData("2|1EAF:0003|x.bin|/opt/arduino", "--alt=2|--usb-id=1EAF:0003")]
    [InlineData("2|1EAF:0003|x.bin|C:\\Program Files\\Arduino", "--alt=2|--usb-id=1EAF:0003")]
    [InlineData("0|0483:df11|x.bin|/opt/arduino|0x8000000", "--alt=0|--usb-id=0483:df11|--offset=0x8000000")]
    [InlineData("0|0483:df11|x.bin|0x8000000", "--alt=0|--usb-id=0483:df11|--offset=0x8000000")]
    [InlineData("2|0x1EAF|0x0003|x.bin", "--alt=2|--usb-id=0x1EAF:0x0003")]
    [InlineData("2|1EAF|0003|x.bin", "--alt=2|--usb-id=1EAF:0003")]
    public void Without_a_port(string typed, string expected)
    {
        Assert.Equal($"upload|x.bin|{expected}", Legacy(typed));
        Assert.Equal($"upload|x.bin|{expected}", Legacy($"|{typed}"));
        Assert.Equal($"upload|x.bin|{expected}", Legacy($"{{serial.port.file}}|{typed}"));
        Assert.Equal($"upload|x.bin|--port=COM12|{expected}", Legacy($"COM12|{typed}"));
    }

    [Theory]

    // A wrapper that lost the quotes of the IDE's path.
    [InlineData("COM5|2|1EAF:0003|x.bin|C:\\Program|Files|(x86)|Arduino", "upload|x.bin|--port=COM5|--alt=2|--usb-id=1EAF:0003")]
    [InlineData("COM5|0|0483:df11|x.bin|C:\\Program|Files|Arduino|0x8000000", "upload|x.bin|--port=COM5|--alt=0|--usb-id=0483:df11|--offset=0x8000000")]
    [InlineData("COM5|2|1EAF:0003|x.bin|/opt/my|arduino|18", "upload|x.bin|--port=COM5|--alt=2|--usb-id=1EAF:0003")]

    // An address without its 0x is hexadecimal all the same; a file that looks like one is the file.
    [InlineData("COM5|0|0483:df11|x.bin|08004000", "upload|x.bin|--port=COM5|--alt=0|--usb-id=0483:df11|--offset=0x08004000")]
    [InlineData("COM5|0|0483:df11|8004000", "upload|8004000|--port=COM5|--alt=0|--usb-id=0483:df11")]

    // Keys that a board does not set.
    [InlineData("COM5|{upload.altID}|{upload.usbID}|x.bin|/opt/arduino", "upload|x.bin|--port=COM5")]

    // The file is missing: that is told by the command, not guessed around.
    [InlineData("COM5|2|1EAF:0003", "upload|--port=COM5|--alt=2|--usb-id=1EAF:0003")]
    [InlineData("2|1EAF:0003", "upload|--alt=2|--usb-id=1EAF:0003")]
    [InlineData("COM5|2|1EAF|0003", "upload|--port=COM5|--alt=2|--usb-id=1EAF:0003")]
    public void What_else_comes(string typed, string expected) => Assert.Equal(expected, Legacy(typed));

    /// <summary>What stays PORT OFFSET FILE, though it comes near.</summary>
    [Theory]
    [InlineData("COM5|0|x.bin", "upload|x.bin|--port=COM5|--offset=0")]
    [InlineData("COM5|2|x.bin", "upload|x.bin|--port=COM5|--offset=2")]
    [InlineData("COM5|0x2000|C:x.bin", "upload|C:x.bin|--port=COM5|--offset=0x2000")]
    [InlineData("COM5|0|C:a", "upload|C:a|--port=COM5|--offset=0")]
    [InlineData("COM5|0|C:cafe", "upload|C:cafe|--port=COM5|--offset=0")]
    [InlineData("COM5|0|0483:df11.bin", "upload|0483:df11.bin|--port=COM5|--offset=0")]
    [InlineData("0|x.bin", "upload|x.bin|--offset=0")]
    [InlineData("COM5|8192|cafe", "upload|cafe|--port=COM5|--offset=8192")]
    [InlineData("0x4000|1EAF", "upload|1EAF|--offset=0x4000")]
    public void By_hand_stays_by_hand(string typed, string expected) => Assert.Equal(expected, Legacy(typed));

    private static string Legacy(string typed) => string.Join('|', Rewrite(typed.Split('|')));

    private static string[] Rewrite(string[] arguments) => ArgumentShapes.Rewrite(arguments, word => word is "upload" or "list" or "read");
}
