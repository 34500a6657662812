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
        ["f7rom"] = 0,
        ["h0wch33"] = 0,
        ["dsonano"] = 0x4000,
        ["h747"] = 0,
        ["l496"] = 0,
        ["blackpill-f411"] = 0,
        ["blackpill-f401"] = 0,
        ["f407-rom"] = 0,
        ["l476-rom"] = 0,
        ["f072-rom"] = 0,
        ["g431-rom"] = 0,
        ["gd32vf103"] = 0,
        ["at32f415"] = 0,
        ["hid-f1"] = 0x800,
        ["hid-f4"] = 0x4000,
        ["maple20"] = 0x2000,
        ["maple-orig"] = 0x5000,
        ["maple-f4"] = 0x1_0000,
        ["dapboot"] = 0x2000,
    };

    public static TheoryData<string> Boards() => new(BoardFactory.UsbNames);

    // In the RAM of each board's microcontroller, an F103 with 20 KiB or a larger part, and started by its bootloader.
    private static uint StackOf(string name) => name switch
    {
        "f072-rom" => 0x2000_4000,
        "h0wch33" or "dsonano" or "hid-f1" or "maple20" or "maple-orig" or "dapboot" => 0x2000_5000,
        _ => 0x2000_8000,
    };

    [Theory]
    [MemberData(nameof(Boards))]
    public void From_the_upload_to_the_start(string name)
    {
        using var run = new ProgramRun();
        var offset = $"0x{Offsets[name]:X}";
        var isRiscV = name == "gd32vf103";
        var image = isRiscV ? SketchImage.RiscV(Size) : SketchImage.Bytes(0x0800_0000 + Offsets[name], Size, StackOf(name));
        var chip = isRiscV ? " --chip gd32vf103" : "";
        run.File("blink.bin", image);
        var board = $"--simulate {name},start=bootloader,flash=flash.bin";
        var canBeRead = name is not ("h0wch33" or "hid-f1" or "hid-f4" or "maple-f4");

        Run($"upload blink.bin --offset {offset} --no-leave{chip}").Exits(0).Prints(", 0 violations");
        Run($"verify blink.bin --offset {offset}{chip}").Exits(canBeRead ? 0 : 8);
        Run($"read {offset} {Size} dump.bin").Exits(canBeRead ? 0 : 8);
        if (canBeRead)
        {
            Assert.Equal(image, run.Bytes("dump.bin"));
        }

        Run($"leave {offset}").Exits(0).Says("Board", $"0 0 0 0x{0x0800_0000 + Offsets[name]:X8}", "runs sketch");

        Printed Run(string line) => run.Do($"{line} {board}");
    }
}
