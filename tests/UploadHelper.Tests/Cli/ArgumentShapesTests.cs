using UploadHelper.CommandLine;

namespace UploadHelper.Tests.Cli;

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

    private static string[] Rewrite(string[] arguments) => ArgumentShapes.Rewrite(arguments, word => word is "upload" or "list" or "read");
}
