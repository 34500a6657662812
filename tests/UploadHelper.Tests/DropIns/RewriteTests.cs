using UploadHelper.Core.Errors;
using UploadHelper.DropIns;

namespace UploadHelper.Tests.DropIns;

/// <summary>The arguments of older tools become those of commands, or an error that names what cannot be done. "|" stands between arguments.</summary>
public class RewriteTests
{
    [Theory]

    // hid-flash FILE PORT [DELAY]: PlatformIO, Arduino_Core_STM32.
    [InlineData("hid-flash|x.bin|ttyACM0", "upload|x.bin|--port=ttyACM0|--usb-id=1209:BEBA")]
    [InlineData("hid-flash|x.bin|COM5|100", "upload|x.bin|--port=COM5|--usb-id=1209:BEBA")]
    [InlineData("hid-flash.sh|x.bin|", "upload|x.bin|--usb-id=1209:BEBA")]
    [InlineData("hid-flash.sh|x.bin|{serial.port.file}", "upload|x.bin|--usb-id=1209:BEBA")]
    [InlineData("hid-flash|x.bin", "upload|x.bin|--usb-id=1209:BEBA")]
    [InlineData("hid-flash|x.bin|COM5|--verbose", "upload|x.bin|--port=COM5|--usb-id=1209:BEBA|--verbose")]

    // maple_upload and maple_loader.
    [InlineData("maple_upload|ttyACM0|2|1EAF:0003|x.bin", "upload|x.bin|--port=ttyACM0|--alt=2|--usb-id=1EAF:0003")]
    [InlineData("maple_upload.sh|ttyACM0|1|0x1EAF|0x0003|x.bin", "upload|x.bin|--port=ttyACM0|--alt=1|--usb-id=0x1EAF:0x0003")]
    [InlineData("maple_loader.jar|COM5|2|1EAF:0003|x.bin|C:\\arduino", "upload|x.bin|--port=COM5|--alt=2|--usb-id=1EAF:0003")]
    [InlineData("maple_loader||0|0483:df11|x.bin|/opt/arduino|0x8000000", "upload|x.bin|--alt=0|--usb-id=0483:df11|--offset=0x8000000")]
    [InlineData("maple_upload|list|2|1EAF:0003|x.bin", "upload|x.bin|--port=list|--alt=2|--usb-id=1EAF:0003")]

    // stm32CubeProg.sh as Arduino_Core_STM32 2.12, 2.9 and 1.9 call it. The offset is added once, and where to start is no place to write to.
    [InlineData("stm32CubeProg.sh|-i|dfu|-f|x.bin|-o|0x0|-v|0x0483|-p|0xdf11|-a|0x8000000|-s|0x8000000", "upload|x.bin|--usb-id=0483:DF11|--offset=0x08000000")]
    [InlineData("stm32CubeProg.sh|-i|dfu|-f|x.bin|-o|0x4000|-v|0x0483|-p|0xdf11|-a|0x8000000|-s|0x8000000", "upload|x.bin|--usb-id=0483:DF11|--offset=0x08004000")]
    [InlineData("stm32CubeProg.sh|-i|dfu|-f|x.bin|-o|0x4000|-v|0x0483|-p|0xdf11|-a|0x8000000|-s|0x8004000", "upload|x.bin|--usb-id=0483:DF11|--offset=0x08004000")]
    [InlineData("stm32CubeProg.sh|-i|dfu|-f|x.bin|-o|0x0|-v|0x1209|-p|0x6665|-a|0x10040000|-s|0x10040000", "upload|x.bin|--usb-id=1209:6665|--offset=0x10040000")]
    [InlineData("stm32CubeProg.sh|-i|dfu|-f|x.bin|-o|0x2000|-v|0x0483|-p|0xdf11", "upload|x.bin|--usb-id=0483:DF11|--offset=0x08002000")]
    [InlineData("stm32CubeProg.sh|--interface|DFU|--file=x.bin|-offset|8192|-vid|0483|--pid|df11|-m|UR|-r|low|-d|low|--parity|even|-c|COM5", "upload|x.bin|--port=COM5|--usb-id=0483:DF11|--offset=0x08002000")]
    [InlineData("stm32CubeProg|-idfu|-fx.bin|-v0483|-pdf11", "upload|x.bin|--usb-id=0483:DF11|--offset=0x08000000")]
    [InlineData("stm32CubeProg.sh|-i|dfu|-f|x.hex|-o|0x0|-v|0483|-p|df11|-c|{serial.port.file}", "upload|x.hex|--usb-id=0483:DF11")]
    [InlineData("stm32CubeProg.sh|2|x.bin|-g", "upload|x.bin|--usb-id=0483:DF11|--offset=0x08000000")]
    [InlineData("stm32CubeProg.bat|2|x.bin|-s|-q", "upload|x.bin|--usb-id=0483:DF11|--quiet|--offset=0x08000000")]
    [InlineData("stm32CubeProg.sh|2|x.bin", "upload|x.bin|--usb-id=0483:DF11|--offset=0x08000000|--no-leave")]

    // STM32_Programmer_CLI; the first as stm32CubeProg.sh 2.4.0 calls it.
    [InlineData("STM32_Programmer.sh|--connect|port=usb1|VID=0x0483|PID=0xdf11||--quietMode|--download|x.bin|0x8000000|--start|0x8000000", "upload|x.bin|--usb-id=0483:DF11|--quiet|--offset=0x08000000")]
    [InlineData("STM32_Programmer_CLI|-c|port=USB1|-w|x.bin|0x08004000|-v|-s|0x08004000", "upload|x.bin|--usb-id=0483:DF11|--offset=0x08004000")]
    [InlineData("STM32_Programmer_CLI|-C|Port=usb|sn=2054|-D|x.elf|-V|fast|-RST", "upload|x.elf|--usb-id=0483:DF11|--serial=2054")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1|-w|x.bin|0x08000000|-v", "upload|x.bin|--usb-id=0483:DF11|--offset=0x08000000|--no-leave")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1|-w|x.hex|0x08000000|-g", "upload|x.hex|--usb-id=0483:DF11")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1|-e|all", "erase|--usb-id=0483:DF11|--yes")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1|--erase all|-w|x.bin|0x08000000|-s", "upload|x.bin|--usb-id=0483:DF11|--offset=0x08000000|--erase-all")]
    [InlineData("stm32CubeProg.sh|-i|dfu|-f|x.bin|-v|0483|-p|df11|-e", "upload|x.bin|--usb-id=0483:DF11|--offset=0x08000000|--erase-all")]
    [InlineData("stm32CubeProg.sh|12|x.bin|-s", "upload|x.bin|--usb-id=0483:DF11|--offset=0x08000000|--erase-all")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1|--go|0x08004000", "leave|0x08004000|--usb-id=0483:DF11")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1", "info|--usb-id=0483:DF11")]
    [InlineData("STM32_Programmer_CLI|-l|usb", "list")]
    [InlineData("STM32_Programmer_CLI|--list", "list")]

    // Through a serial adapter: as Arduino_Core_STM32 2.12 calls the script, as its older shape, and as PlatformIO calls stm32flash.
    [InlineData("stm32CubeProg.sh|-i|serial|-f|x.bin|-o|0x0|-c|ttyUSB0|-a|0x8000000|-s|0x8000000|--parity|even", "upload|x.bin|--uart|--port=ttyUSB0|--offset=0x08000000")]
    [InlineData("stm32CubeProg.sh|1|x.bin|COM5|-s", "upload|x.bin|--uart|--port=COM5|--offset=0x08000000")]
    [InlineData("STM32_Programmer_CLI|-c|port=/dev/ttyUSB0|br=115200|P=EVEN|-w|x.bin|0x08000000|-v|-s", "upload|x.bin|--uart|--port=/dev/ttyUSB0|--baud-rate=115200|--offset=0x08000000")]
    [InlineData("STM32_Programmer_CLI|-c|port=COM5|rts=Low|dtr=high|-e|all", "erase|--uart|--port=COM5|--reset-sequence=rts=low&dtr=high|--yes")]
    [InlineData("stm32CubeProg.sh|-i|serial|-f|x.bin|-c|COM5|-r|low|-d|high", "upload|x.bin|--uart|--port=COM5|--reset-sequence=rts=low&dtr=high|--offset=0x08000000")]
    [InlineData("stm32flash|-i|rts&-dtr,dtr:-rts|-g0|-w|x.bin|COM5", "upload|x.bin|--uart|--port=COM5|--baud-rate=57600|--reset-sequence=rts&-dtr,dtr|--offset=0x08000000")]
    [InlineData("STM32_Programmer_CLI|-c|port=COM5|-e|all", "erase|--uart|--port=COM5|--yes")]
    [InlineData("stm32flash|-g|0x08000000|-b|115200|-w|x.bin|/dev/ttyUSB0", "upload|x.bin|--uart|--port=/dev/ttyUSB0|--baud-rate=115200|--reset-sequence=manual|--offset=0x08000000")]
    [InlineData("stm32flash|-w|x.hex|-v|-g|0x0|/dev/ttyS0", "upload|x.hex|--uart|--port=/dev/ttyS0|--baud-rate=57600|--reset-sequence=manual")]
    [InlineData("stm32flash|-b115200|-i|rts&-dtr,dtr:-rts|-Rvw|x.bin|-S|0x08002000|COM5", "upload|x.bin|--uart|--port=COM5|--baud-rate=115200|--reset-sequence=rts&-dtr,dtr:-rts|--offset=0x08002000")]
    [InlineData("stm32flash|-w|x.bin|-n|3|-m|8e1|COM5", "upload|x.bin|--uart|--port=COM5|--baud-rate=57600|--reset-sequence=manual|--offset=0x08000000|--no-leave")]
    [InlineData("stm32flash|-r|x.bin|COM5", "read|0x08000000|x.bin|--uart|--port=COM5|--baud-rate=57600|--reset-sequence=manual")]
    [InlineData("stm32flash|-r|x.bin|-S|0x08001000:4096|COM5", "read|0x08001000|0x1000|x.bin|--uart|--port=COM5|--baud-rate=57600|--reset-sequence=manual")]
    [InlineData("stm32flash|COM5", "info|--uart|--port=COM5|--baud-rate=57600|--reset-sequence=manual")]
    [InlineData("stm32flash|-k|COM5", "unprotect|--yes|--uart|--port=COM5|--baud-rate=57600|--reset-sequence=manual")]
    [InlineData("stm32flash|-u|COM5", "unprotect|--write-only|--yes|--uart|--port=COM5|--baud-rate=57600|--reset-sequence=manual")]
    [InlineData("stm32flash|-g|0x08002000|COM5", "leave|0x08002000|--uart|--port=COM5|--baud-rate=57600|--reset-sequence=manual")]
    [InlineData("stm32flash|-R|-i|rts,-dtr,dtr:-rts,-dtr,dtr|COM5", "leave|0x08000000|--uart|--port=COM5|--baud-rate=57600|--reset-sequence=rts,-dtr,dtr:-rts,-dtr,dtr")]
    [InlineData("STM32_Programmer_CLI|-c|port=COM5", "info|--uart|--port=COM5")]
    [InlineData("STM32_Programmer_CLI|-c|port=COM5|-g|0x08000000", "leave|0x08000000|--uart|--port=COM5")]
    [InlineData("stm32flash|-o|COM5", "erase|--yes|--uart|--port=COM5|--baud-rate=57600|--reset-sequence=manual")]
    [InlineData("stm32flash|-o|-S|0x08001000:0x400|COM5", "erase|0x08001000|0x400|--yes|--uart|--port=COM5|--baud-rate=57600|--reset-sequence=manual")]
    public void Arguments_of_a_tool_become_a_command(string typed, string expected) => Assert.Equal(expected, string.Join('|', Rewrite(typed)));

    [Theory]
    [InlineData("hid-flash", "FILE is missing")]
    [InlineData("hid-flash|x.bin|COM5|soon", "DELAY", "soon")]
    [InlineData("hid-flash|x.bin|COM5|1|2", "\"2\"")]
    [InlineData("maple_upload", "missing")]
    [InlineData("maple_upload|ttyACM0", "alternate setting", "USB ids")]
    [InlineData("maple_upload|ttyACM0|2|1EAF:0003", "FILE is missing")]
    [InlineData("maple_upload|ttyACM0|2|1EAF:0003|my|sketch.bin", "sketch.bin", "quotes")]
    [InlineData("stm32CubeProg.sh", "interface is missing")]
    [InlineData("stm32CubeProg.sh|-i|dfu", "file is missing")]
    [InlineData("stm32CubeProg.sh|-i|dfu|-f|x.bin", "USB ids", "-v VID -p PID")]
    [InlineData("stm32CubeProg.sh|-i|dfu|-f|x.bin|-v|0483|-p|usb", "\"usb\"")]
    [InlineData("stm32CubeProg.sh|-i|serial|-f|x.bin|-c|{serial.port.file}", "port", "-c PORT")]
    [InlineData("stm32CubeProg.sh|-i|swd|-f|x.bin", "swd", "probe")]
    [InlineData("stm32CubeProg.sh|-i|jlink|-f|x.bin", "jlink", "probe")]
    [InlineData("stm32CubeProg.sh|-i|can|-f|x.bin", "can")]
    [InlineData("stm32CubeProg.sh|-i|dfu|-f|x.bin|-v|0483|-p|df11|-o|16k", "16k", "-o")]
    [InlineData("stm32CubeProg.sh|-i|dfu|-f|x.bin|-v|0483|-p|df11|-o|0xF8000000", "-a", "-o")]
    [InlineData("stm32CubeProg.sh|-i|dfu|-f|x.bin|-v|0483|-p|df11|-o|0x4000|-s|0x8008000", "-s", "0x08008000", "0x08000000 or 0x08004000")]
    [InlineData("stm32CubeProg.sh|-i|dfu|-f|x.bin|--speed|1", "--speed")]
    [InlineData("stm32CubeProg.sh|-i|dfu|-f|x.bin|y.bin", "y.bin")]
    [InlineData("stm32CubeProg.sh|0|x.bin", "swd", "probe")]
    [InlineData("stm32CubeProg.sh|1|x.bin", "port", "1 FILE PORT")]
    [InlineData("stm32CubeProg.sh|7|x.bin", "\"7\"")]
    [InlineData("stm32CubeProg.sh|2", "file is missing")]
    [InlineData("STM32_Programmer_CLI", "connection is missing")]
    [InlineData("STM32_Programmer_CLI|-c|port=SWD|mode=UR", "SWD", "probe")]
    [InlineData("STM32_Programmer_CLI|-c|port=COM5|P=ODD|-e|all", "P=ODD", "P=EVEN")]
    [InlineData("STM32_Programmer_CLI|-c|port=can|-e|all", "port=can")]
    [InlineData("stm32flash|-w|x.bin", "port")]
    [InlineData("stm32flash|-w|x.bin|-o|/dev/ttyUSB0", "-w, -r, -o, -u and -k")]
    [InlineData("stm32flash|-u|-k|/dev/ttyUSB0", "-w, -r, -o, -u and -k")]
    [InlineData("stm32flash|-w|x.bin|a|b", "\"b\"")]
    [InlineData("stm32flash|-j|/dev/ttyUSB0", "-j")]
    [InlineData("stm32flash|-w|x.bin|-e|0|/dev/ttyUSB0", "-e 0")]
    [InlineData("stm32flash|-w|x.bin|-m|7o1|/dev/ttyUSB0", "7o1")]
    [InlineData("stm32flash|-w|x.bin|-S|0x08000000:100|/dev/ttyUSB0", "-S")]
    [InlineData("stm32flash|-w|x.bin|-S|1:2:3|/dev/ttyUSB0", "1:2:3")]
    [InlineData("stm32flash|-w|x.bin|-g|0x08004000|/dev/ttyUSB0", "-g", "0x08004000", "0x08000000")]
    [InlineData("stm32flash|-w|x.bin|-x|/dev/ttyUSB0", "-x")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb2", "usb2", "SN=")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1|mode=UR", "mode=UR")]
    [InlineData("STM32_Programmer_CLI|-c|VID=1", "port is missing")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1|-w|x.bin", "address", "x.bin")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1|-w", "value of -w is missing")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1|-w|x.bin|0x08000000|-w|y.bin|0x08010000", "twice")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1|-w|x.bin|08g", "\"08g\"")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1|-w|x.bin|0x08000000|-s|0x08004000", "-s", "0x08004000")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1|-e|[0 1]", "[0", "upload-helper erase ADDRESS LENGTH")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1|-ob|RDP=0xBB", "-ob", "not supported")]
    [InlineData("STM32_Programmer_CLI|-l|uart", "uart")]
    [InlineData("STM32_Programmer_CLI|-c|port=usb1|-v", "-v needs a file")]
    [InlineData("STM32_Programmer_CLI|x.bin", "\"x.bin\"")]
    public void What_cannot_be_done_is_named(string typed, params string[] facts)
    {
        var error = Assert.Throws<UploadException>(() => Rewrite(typed));

        Assert.Equal(UploadError.Usage, error.Error);
        Assert.All(facts, f => Assert.Contains(f, error.Message, StringComparison.Ordinal));
        Assert.Contains("Usage: ", error.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/usr/bin/dfu-suffix", "dfu-suffix")]
    [InlineData("C:\\tools\\hid-flash.exe", "hid-flash")]
    [InlineData("./stm32CubeProg.sh", "stm32CubeProg")]
    [InlineData("/opt/STM32_Programmer.sh", "STM32_Programmer_CLI")]
    [InlineData("maple_upload", "maple_upload")]
    [InlineData("upload-helper", null)]
    public void A_tool_is_known_by_the_name_of_the_executable(string program, string? name) =>
        Assert.Equal(name, DropInTable.Find(program, ["-x"])?.Tool.Name);

    private static string[] Rewrite(string typed)
    {
        var (tool, arguments) = DropInTable.Find("upload-helper", typed.Split('|'))!.Value;
        return tool.Rewrite!(arguments);
    }
}
