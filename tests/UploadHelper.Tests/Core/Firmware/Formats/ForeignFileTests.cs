using System.Buffers.Binary;
using System.Text;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Core.Firmware.Formats;

/// <summary>Files that are certainly no firmware are named for what they are, with the advice that helps.</summary>
public class ForeignFileTests
{
    private static readonly (string Name, byte[] Start, string What, string Advice)[] Binary =
    [
        ("x.zip", [.. "PK"u8, 3, 4, 20, 0, 0, 0, 8, 0], "a zip archive", "Unpack it"),
        ("x.hex", [.. "PK"u8, 5, 6, 0, 0, 0, 0], "an empty zip archive", "Download it again"),
        ("x.bin.gz", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], "compressed with gzip", "Unpack it"),
        ("x.bz2", [.. "BZh91AY&SY"u8], "compressed with bzip2", "Unpack it"),
        ("x.xz", [0xFD, .. "7zXZ"u8, 0, 0, 4], "compressed with xz", "Unpack it"),
        ("x.zst", [0x28, 0xB5, 0x2F, 0xFD, 4, 0x88, 0, 0], "compressed with zstd", "Unpack it"),
        ("x.7z", [.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C, 0, 4], "a 7z archive", "Unpack it"),
        ("x.rar", [.. "Rar!"u8, 0x1A, 7, 1, 0], "a rar archive", "Unpack it"),
        ("x.tar", [.. new byte[257], .. "ustar"u8, 0, .. "00"u8], "a tar archive", "Unpack it"),
        ("x.cab", [.. "MSCF"u8, 0, 0, 0, 0], "a Windows cabinet", "Unpack it"),
        ("x.uf2", [.. "UF2\n"u8, 0x57, 0x51, 0x5D, 0x9E, 0, 0x20, 0, 0], "a UF2 file", "USB drive"),
        ("x.a", [.. "!<arch>\nmain.o/"u8], "a library", "only a part of a program"),
        ("x.pdf", [.. "%PDF-1.7\n%"u8, 0xE2, 0xE3, 0xCF, 0xD3], "a PDF document", ".hex"),
        ("x.png", [0x89, .. "PNG\r\n"u8, 0x1A, 0x0A, 0, 0, 0, 13], "a PNG picture", ".hex"),
        ("x.jpg", [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, .. "JFIF"u8], "a JPEG picture", ".hex"),
        ("x.gif", [.. "GIF89a"u8, 1, 0, 1, 0], "a GIF picture", ".hex"),
        ("x.exe", [.. "MZ"u8, 0x90, 0, 3, 0, 0, 0], "a Windows program", ".hex"),
        ("x", [0xCF, 0xFA, 0xED, 0xFE, 7, 0, 0, 1], "a macOS program", ".hex"),
        ("x.wasm", [0, .. "asm"u8, 1, 0, 0, 0], "a WebAssembly program", ".hex"),
        ("x.bc", [.. "BC"u8, 0xC0, 0xDE, 0x35, 0x14, 0, 0, 5, 0], "LLVM bitcode", "not linked"),
        ("x.db", [.. "SQLite format 3"u8, 0], "an SQLite database", ".hex"),
    ];

    private static readonly (string Name, string Start, string What, string Advice)[] Text =
    [
        ("x.hex", "<!DOCTYPE html>\n<html lang=\"en\">\n", "a web page (HTML)", "\"Download raw file\""),
        ("x.bin", "\uFEFF\r\n  <HTML><head><title>x</title>", "a web page (HTML)", "not the page about it"),
        ("x.svg", "<?xml version=\"1.0\"?>\n<svg/>", "an XML document", "not the page about it"),
        ("x.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n", "a Git LFS pointer", "git lfs pull"),
        ("x.ino", "#include <Arduino.h>\nvoid setup() {}\nvoid loop() {}\n", "source code", "Compile"),
        ("x.c", "// Blinks the LED, 50 \u00B5s long.\nint main(void) { for (;;); }\n", "source code", "Compile"),
        ("x.bin", "404: Not Found", "it begins with \"404: Not Found\"", ".hex"),
        ("x.bin", "{ \"offset\": \"0x4000\" }", "text, but neither Intel HEX nor Motorola S-record", ".hex"),
        ("x.txt", "@08004000\n00 00 02 20 8B 41 00 08\nq\n", "text, but neither Intel HEX nor Motorola S-record", ".hex"),
        ("x.txt", "Sch\u00F6ne Gr\u00FC\u00DFe", "it begins with \"Sch?ne Gr??e\"", ".hex"),
    ];

    public static TheoryData<string, byte[], string, string> Files()
    {
        var data = new TheoryData<string, byte[], string, string>();
        foreach (var (name, start, what, advice) in Binary)
        {
            data.Add(name, [.. start, .. SketchImage.Noise(1, 700)], what, advice);
        }

        foreach (var (name, start, what, advice) in Text)
        {
            data.Add(name, Encoding.UTF8.GetBytes(start), what, advice);
            data.Add(name, Encoding.UTF8.GetBytes(start + "\n" + string.Concat(Enumerable.Repeat("\u00E4 b ", 1_000))), what, advice);
        }

        data.Add("x.hex", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(":020000040800F2\r\n")], "text in UTF-16", "save it as ASCII");
        data.Add("x.hex", [0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes(":020000040800F2\r\n")], "text in UTF-16", "save it as ASCII");
        return data;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void What_is_no_firmware_is_named_for_what_it_is(string name, byte[] content, string what, string advice)
    {
        foreach (var read in (Action<ImageFile>[])[f => ImageReader.Read(f, 0x0800_4000), f => ImageReader.Read(f, null), f => ImageReader.NeedsAddress(f), f => ImageReader.WithoutAddress(f)])
        {
            var e = Assert.Throws<UploadException>(() => read(new ImageFile(name, content)));

            Assert.Equal(3, e.Error.ExitStatus());
            Assert.Equal(UploadError.ImageUnreadable, e.Error);
            Assert.StartsWith($"{name} is not firmware. It is ", e.Message, StringComparison.Ordinal);
            Assert.Contains(what, e.Message, StringComparison.Ordinal);
            Assert.Contains(advice, e.Hint, StringComparison.Ordinal);
            Assert.Matches("^[ -~]+$", e.Message + e.Hint);
        }
    }

    [Fact]
    public void It_is_refused_before_a_board_is_looked_for()
    {
        using var run = new ProgramRun();

        run.With("x.hex", Binary[0].Start).Do("upload x.hex --offset 0x4000 --simulate f4boot").Fails(3, "image-unreadable", "x.hex", "zip").Hints("Unpack");
        run.With("y.bin", Binary[0].Start).Do("upload y.bin --alt 1 --usb-id 1EAF:0003 --simulate maple20").Fails(3, "image-unreadable", "y.bin", "zip");
        run.Do("image y.bin").Fails(3, "image-unreadable", "zip");
    }

    // No vector table can be taken for one of them.
    [Fact]
    public void The_first_word_of_none_of_them_is_a_usual_stack_pointer() => Assert.All(
        Binary, b => Assert.NotEqual(StackVerdict.Fits, RamMap.CheckStack(BinaryPrimitives.ReadUInt32LittleEndian(b.Start)).Verdict));

    [Fact]
    public void A_sketch_with_any_stack_pointer_and_reset_vector_is_none_of_them()
    {
        foreach (var range in Stm32Series.All.SelectMany(s => s.Ram))
        {
            foreach (var reset in (uint[])[0x0800_0009, 0x0820_2021, 0x9000_0189, 0x7000_0401])
            {
                var sketch = new byte[1_024];
                BinaryPrimitives.WriteUInt32LittleEndian(sketch, range.End);
                BinaryPrimitives.WriteUInt32LittleEndian(sketch.AsSpan(4), reset);
                Assert.True(ImageReader.NeedsAddress(new ImageFile("x.bin", sketch)));
            }
        }
    }

    // The content counts, not the name.
    [Fact]
    public void Intel_HEX_under_the_name_of_a_binary_is_read_as_what_it_is() => Assert.Equal(
        ImageFormat.IntelHex, ImageReader.Read(new ImageFile("blink.bin", TestFiles.Firmware("blink-08004000.hex").Content), null).Format);
}
