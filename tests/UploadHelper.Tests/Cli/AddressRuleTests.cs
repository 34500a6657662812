using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>One rule for the addresses of all commands: what is no address is refused before any board is asked.</summary>
public class AddressRuleTests
{
    // What is refused, and what is proposed in its place, if anything.
    private static readonly (string Text, string Meant)[] Refused =
    [
        ("2000", "0x2000"),
        ("4000", "0x4000"),
        ("08004000", "0x08004000"),
        ("8004000", "0x08004000"),
        ("4000h", "0x4000"),
        ("0x4001", ""),
        ("0x20000000", ""),
        ("0x1FFFC000", ""),
        ("90040000", "0x90040000"),
        ("0x123456789", ""),
        ("here", ""),
    ];

    private static readonly string[] Commands =
    [
        "upload blink.bin --offset {0}",
        "upload blink.bin --address {0}",
        "verify blink.bin --offset {0}",
        "read {0} dump.bin",
        "read {0} 0x100 dump.bin",
        "erase {0} --yes",
        "leave {0}",
        "erase {0} 0x4000 --yes",
    ];

    // They meet no board.
    private static readonly string[] CommandsWithoutBoard = ["image blink.bin --offset {0}", "sim {0} blink.bin"];

    public static TheoryData<string, string, string> All()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var command in Commands.Concat(CommandsWithoutBoard))
        {
            foreach (var (text, meant) in Refused)
            {
                data.Add(command, text, meant);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(All))]
    public void What_is_no_address_is_refused(string command, string text, string meant)
    {
        using var run = new ProgramRun();
        run.File("blink.bin", SketchImage.Bytes(0x0800_4000, 1_000));
        var flash = run.File("flash.bin", SketchImage.Noise(9, 1 << 20));
        var before = File.ReadAllBytes(flash);

        run.Do($"{string.Format(null, command, text)} --simulate f4boot,flash=flash.bin").Fails(2, "address-invalid", $"\"{text}\"", meant).Steps("hint error");

        Assert.Equal(meant.Length > 0, run.Error.Contains("Did you mean", StringComparison.Ordinal));
        Assert.Equal(before, File.ReadAllBytes(flash));
        Assert.False(File.Exists(run.PathOf("dump.bin")));
    }

    [Theory]
    [MemberData(nameof(EveryCommand))]
    public void An_address_that_starts_no_sector_of_this_board_is_refused(string command)
    {
        using var run = new ProgramRun();
        run.File("blink.bin", SketchImage.Bytes(0x0800_4400, 1_000));
        var flash = run.File("flash.bin", SketchImage.Noise(9, 1 << 20));
        var before = File.ReadAllBytes(flash);

        run.Do($"{string.Format(null, command, "0x4400")} --simulate f4boot,flash=flash.bin,start=bootloader").Fails(4, "not-a-sector-start", "0x08004400");

        Assert.Equal(before, File.ReadAllBytes(flash));
    }

    [Fact]
    public void A_number_below_zero_is_no_offset()
    {
        using var run = new ProgramRun();

        run.Sketch(0x0800_4000).Do("upload blink.bin --offset=-1 --simulate f4boot").Fails(2, "address-invalid", "\"-1\"").Hints("0x4000", "0x08004000");
    }

    public static TheoryData<string> EveryCommand() => new(Commands);
}
