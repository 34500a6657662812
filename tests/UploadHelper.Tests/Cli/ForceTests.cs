using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>--force overrides the checks that refuse a sketch because the board will not start it, and no others.</summary>
public class ForceTests
{
    // The image, what refuses it without --force, and the option that lets it through.
    public static TheoryData<string, string, string, string> Overridable => new()
    {
        { "stack-nowhere", "--offset 0x4000 --simulate f4boot", "no-vector-table", "stack" },
        { "stack-refused", "--offset 0x4000 --simulate f4boot", "not-for-this-device", "stack" },
        { "stack-outside", "--offset 0 --simulate f4rom,start=bootloader", "not-for-this-device", "stack" },
        { "even-reset", "--offset 0x4000 --simulate f4boot", "no-vector-table", "address" },
        { "linked-elsewhere", "--offset 0x4000 --simulate f4boot", "image-linked-elsewhere", "address" },
        { "where-none-starts", "--offset 0x8000 --simulate f4boot", "image-linked-elsewhere", "address" },
        { "large", "--offset 0x4000 --simulate f4boot", "image-too-large", "map" },
        { "other-ids", "--offset 0x4000 --simulate f4boot", "not-for-this-device", "ids" },
    };

    [Theory]
    [MemberData(nameof(Overridable))]
    public void A_refusal_names_the_option_that_overrides_it_and_the_option_does(string image, string options, string code, string check)
    {
        using var run = new ProgramRun();
        run.With("x.bin", Image(image));

        run.Do($"upload x.bin {options} --wait-port no").Fails(4, code, "Nothing was erased").Hints($"To upload it anyway, use --force {check}.");
        var others = string.Join(',', new[] { "stack", "address", "map", "ids" }.Where(c => c != check));
        run.Do($"upload x.bin {options} --wait-port no --force {others}").Fails(4, code);
        run.Do($"upload x.bin {options} --wait-port no --force {check}").Exits(0).Warns("check-overridden", $"--force {check}").Prints("verified");
    }

    [Theory]
    [InlineData("--offset 0 --simulate f4boot")]
    [InlineData("--offset 0x2000 --simulate dsonano,start=bootloader")]
    [InlineData("--offset 0xC800 --simulate h0wch33,start=bootloader")]
    [InlineData("--offset 0x1FFFC000 --simulate f4rom,start=bootloader")]
    public void Nothing_overrides_the_protection_of_the_bootloader_and_of_option_bytes(string options)
    {
        using var run = new ProgramRun();
        run.Sketch(0x0800_0000, stack: 0x2000_5000);

        var printed = run.Do($"upload blink.bin {options} --force stack,address,map,ids");

        Assert.True(printed.Status is 2 or 4, printed.Transcript);
        printed.PrintsNot("verified");
    }

    /// <summary>The time until the start is promised only for a sketch that the bootloader is known to start.</summary>
    [Theory]
    [InlineData("plain", "--offset 0x4000 --simulate f4boot,start=bootloader", "The bootloader starts the sketch within 10 s.")]
    [InlineData("large", "--offset 0x4000 --simulate f4boot,start=bootloader", "The bootloader starts the sketch within 10 s.")]
    [InlineData("stack-nowhere", "--offset 0x4000 --simulate f4boot,start=bootloader", "The bootloader was told to start the sketch.")]
    [InlineData("stack-refused", "--offset 0x4000 --simulate f4boot,start=bootloader", "The bootloader was told to start the sketch.")]
    [InlineData("where-none-starts", "--offset 0x8000 --simulate f4boot,start=bootloader", "The bootloader was told to start the sketch.")]
    [InlineData("linked-elsewhere", "--offset 0x4000 --simulate f4boot,start=bootloader", "The bootloader was told to start the sketch.")]
    [InlineData("even-reset", "--offset 0x4000 --simulate f4boot,start=bootloader", "The bootloader was told to start the sketch.")]
    [InlineData("resembling", "--offset 0xC000 --simulate f4boot,build=cubemx,start=bootloader", "The bootloader was told to start the sketch.")]
    public void What_was_overridden_is_not_said_to_start(string image, string options, string end)
    {
        using var run = new ProgramRun();
        run.With("x.bin", Image(image));

        run.Do($"upload x.bin {options} --force stack,address,map").Exits(0).Prints(end);
    }

    /// <summary>A value of commas only would be an option that is accepted and does nothing.</summary>
    [Theory]
    [InlineData("--force ,", "force")]
    [InlineData("--usb-path ,,", "usb-path")]
    public void A_list_without_an_element_is_a_mistake(string options, string name)
    {
        using var run = new ProgramRun();

        run.Sketch(0x0800_4000).Do($"upload blink.bin --offset 0x4000 --simulate f4boot {options}").Fails(2, "configuration", $"--{name}");
    }

    [Fact]
    public void An_unknown_check_is_named()
    {
        using var run = new ProgramRun();

        run.Sketch(0x0800_4000).Do("upload blink.bin --offset 0x4000 --force size --simulate f4boot")
            .Fails(2, "configuration", "\"size\"", "stack, address, map, ids");
    }

    private static byte[] Image(string name)
    {
        var image = name switch
        {
            "linked-elsewhere" => SketchImage.Bytes(0x0800_2000, 4_000),
            "where-none-starts" => SketchImage.Bytes(0x0800_8000, 4_000),
            "resembling" => SketchImage.Bytes(0x0800_C000, 4_000),
            "stack-nowhere" => SketchImage.Bytes(0x0800_4000, 4_000, 0x4000_1000),
            "stack-refused" => SketchImage.Bytes(0x0800_4000, 4_000, 0x2004_0000),
            "stack-outside" => SketchImage.Bytes(0x0800_0000, 4_000, 0x2400_8000),
            "large" => SketchImage.Bytes(0x0800_4000, 0x7_C004),
            _ => SketchImage.Bytes(0x0800_4000, 4_000),
        };
        if (name == "even-reset")
        {
            image[4] &= 0xFE;
        }

        return name == "other-ids" ? DfuFileWriter.WithSuffix(image, new DfuFileIds(0x1209, 0xDB42, 0x0102)) : image;
    }
}
