using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Processor;

/// <summary>
/// A Cortex-M4 starts from the flash that the virtual board holds after an upload: by tests/firmware/bootloader.c in the
/// place of F4Bootloader, or straight from 0x08000000 as after the bootloader in ROM.
/// </summary>
public sealed class SketchRunsTests : IDisposable
{
    private const string Blink = "UPLOAD-HELPER-SKETCH blink";
    private const string Other = "UPLOAD-HELPER-SKETCH other";
    private const int SketchOffset = 0x4000;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("processor");

    private string FlashFile => Path.Combine(_directory.FullName, "flash");

    [ProcessorFact]
    public void What_was_uploaded_runs()
    {
        Assert.Equal("no sketch", BootWithBootloader(Erased()).FirstLine);

        Uploads("blink-08004000.bin");
        Assert.Equal(Blink, BootWithBootloader(Flash()).FirstLine);

        Uploads("other-08004000.bin");
        Assert.Equal(Other, BootWithBootloader(Flash()).FirstLine);
    }

    [ProcessorTheory]
    [InlineData("blink-08004000.hex")]
    [InlineData("blink-08004000.s19")]
    [InlineData("blink-08004000.elf")]
    [InlineData("blink-08004000.dfu")]
    public void It_runs_from_other_formats_too(string firmware)
    {
        Uploads(firmware);

        Assert.Equal(Blink, BootWithBootloader(Flash()).FirstLine);
    }

    [ProcessorFact]
    public void What_was_uploaded_through_the_bootloader_in_rom_runs()
    {
        var run = Upload("f4rom", "--offset", "0", "blink-08000000.bin");

        Assert.True(run.Status == 0, run.ToString());
        Assert.Equal(Blink, Boot.Of(Flash()).FirstLine);
    }

    [ProcessorTheory]
    [InlineData("other-08000000", "bin", "where it cannot run. Nothing was erased.")]
    [InlineData("other-08010000", "bin", "where it cannot run. Nothing was erased.")]
    [InlineData("other-08010000", "elf", "not at 0x08004000. Nothing was erased.")]
    public void A_sketch_linked_for_another_address_does_not_run_and_is_refused(string sketch, string format, string why)
    {
        Uploads("blink-08004000.bin");
        var flash = Flash();

        var byHand = BootWithBootloader(Overlay(flash, SketchOffset, Firmware($"{sketch}.bin")));
        Assert.Null(byHand.FirstLine);
        Assert.Contains("Lockup", byHand.Log, StringComparison.Ordinal);

        var refused = Upload("f4boot", "--offset", "0x4000", $"{sketch}.{format}");
        Assert.Equal(4, refused.Status);
        Assert.Contains(why, refused.Error, StringComparison.Ordinal);
        Assert.Equal(flash, Flash());
        Assert.Equal(Blink, BootWithBootloader(Flash()).FirstLine);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private void Uploads(string firmware)
    {
        var run = Upload("f4boot", "--offset", "0x4000", firmware);
        Assert.True(run.Status == 0, run.ToString());
    }

    private ProcessRun Upload(string board, params string[] arguments) => ProcessRun.Of(
        Executable.Linux, ["upload", "--simulate", $"{board},flash={FlashFile}", .. arguments[..^1], PathOf(arguments[^1])]);

    private byte[] Flash() => File.ReadAllBytes(FlashFile);

    private static byte[] Erased() => [.. Enumerable.Repeat((byte)0xFF, 0x10_0000)];

    private static Boot BootWithBootloader(byte[] flash) => Boot.Of(Overlay(flash, 0, Firmware("bootloader.bin")));

    private static byte[] Overlay(byte[] flash, int offset, byte[] image) => [.. flash[..offset], .. image, .. flash[(offset + image.Length)..]];

    private static byte[] Firmware(string name) => File.ReadAllBytes(PathOf(name));

    private static string PathOf(string firmware) => Repository.PathOf("tests", "firmware", firmware);
}
