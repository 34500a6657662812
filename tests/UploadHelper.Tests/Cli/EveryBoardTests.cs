using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Cli;

/// <summary>One story with every kind of board: upload, compare, read back with a length, start.</summary>
public class EveryBoardTests
{
    private const int Size = 4_000;

    private static readonly Dictionary<string, uint> Offsets = new()
    {
        ["f4boot"] = 0x4000,
        ["f4boot-old"] = 0x1_0000,
        ["f4rom"] = 0,
        ["h0wch33"] = 0,
        ["dsonano"] = 0x4000,
        ["h747"] = 0,
        ["l496"] = 0,
        ["blackpill-f411"] = 0,
        ["blackpill-f401"] = 0,
        ["f407-rom"] = 0,
        ["l476-rom"] = 0,
        ["maple20"] = 0x2000,
        ["maple-orig"] = 0x5000,
        ["maple-f4"] = 0x1_0000,
        ["dapboot"] = 0x2000,
    };

    public static TheoryData<string> Boards() => new(BoardFactory.Names);

    // In the RAM of each board's microcontroller, an F103 with 20 KiB or a larger part, and started by its bootloader.
    private static uint StackOf(string name) => name is "h0wch33" or "dsonano" or "maple20" or "maple-orig" or "dapboot" ? 0x2000_5000u : 0x2000_8000;

    [Theory]
    [MemberData(nameof(Boards))]
    public void From_the_upload_to_the_start(string name)
    {
        using var run = new ProgramRun();
        var offset = $"0x{Offsets[name]:X}";
        var image = SketchImage.Bytes(0x0800_0000 + Offsets[name], Size, StackOf(name));
        run.File("blink.bin", image);
        var board = $"--simulate {name},start=bootloader,flash=flash.bin";
        var canBeRead = name is not ("h0wch33" or "maple-f4");

        Run($"upload blink.bin --offset {offset} --no-leave").Exits(0).Prints(", 0 violations");
        Run($"verify blink.bin --offset {offset}").Exits(canBeRead ? 0 : 8);
        Run($"read {offset} {Size} dump.bin").Exits(canBeRead ? 0 : 8);
        if (canBeRead)
        {
            Assert.Equal(image, run.Bytes("dump.bin"));
        }

        Run($"leave {offset}").Exits(0).Says("Board", $"0 0 0 0x{0x0800_0000 + Offsets[name]:X8}", "runs sketch");

        Printed Run(string line) => run.Do($"{line} {board}");
    }
}
