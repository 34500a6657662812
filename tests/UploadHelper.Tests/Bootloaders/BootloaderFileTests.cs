using System.Text;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Firmware.Formats;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Bootloaders;

/// <summary>What is known of the files with bootloaders, and how a file is checked against it.</summary>
public class BootloaderFileTests
{
    private const uint Stack = 0x2000_5000;
    private static readonly UsbId Maple = new(0x1EAF, 0x0003);
    private readonly List<UploadEvent> _events = [];

    public static TheoryData<string> Names => new(BootloaderCatalogue.Installable.Select(b => b.Installation!.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void The_published_builds_fit_their_area_and_each_is_one_of_a_kind(string name)
    {
        var bootloader = BootloaderImage.Named(name);
        var (installation, place) = (bootloader.Installation!, bootloader.Places[0].Address);

        Assert.StartsWith("https://github.com/", installation.Page, StringComparison.Ordinal);
        Assert.True(place == FlashAddress.FlashBase || place >= FlashAddress.FlashBase + installation.Area);
        Assert.Equal(installation.Builds.Count > 0, installation.Version is not null);
        Assert.Equal(installation.Builds.Count, installation.Builds.Select(b => b.File).Distinct().Count());
        Assert.All(installation.Builds, b => Assert.InRange(b.Size, installation.Area / 4, installation.Area));
        Assert.All(installation.Builds, b => Assert.Matches("^[0-9a-f]{64}$", b.Sha256));
        Assert.All(BootloaderCatalogue.Installable.Where(o => o != bootloader), o => Assert.DoesNotContain(o.Installation!.Builds, installation.Builds.Contains));
    }

    [Fact]
    public void No_checksum_stands_twice()
    {
        var all = BootloaderCatalogue.Installable.SelectMany(b => b.Installation!.Builds).Select(b => b.Sha256).ToList();

        Assert.Equal(all.Count, all.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_build_of_ones_own_is_taken_with_a_warning_where_there_are_published_ones(string name)
    {
        var read = Read(BootloaderImage.File(name), name);

        Assert.Null(read.Build);
        Assert.Equal(
            BootloaderImage.Named(name).Installation!.Builds.Count > 0 ? [WarningCode.UnknownBuild] : [],
            _events.OfType<UploadWarning>().Select(w => w.Code));
    }

    [Fact]
    public void A_published_build_is_known_by_its_checksum_in_any_format()
    {
        var bytes = BootloaderImage.Bytes("stm32duino");
        var build = new PublishedBuild("own.bin", bytes.Length, "a board", Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)));
        var entry = WithBuild("stm32duino", build);
        var hex = new StringWriter();
        IntelHexWriter.Write(hex, [new Segment(FlashAddress.FlashBase, bytes)]);

        Assert.Equal(build, BootloaderFile.Read(new("x.bin", bytes), entry, [entry], [], _events.Add).Build);
        Assert.Equal(build, BootloaderFile.Read(new("x.hex", Encoding.ASCII.GetBytes(hex.ToString())), entry, [entry], [], _events.Add).Build);
        Assert.Equal(build, BootloaderFile.Read(new("x.bin", (byte[])[.. bytes, 0xFF, 0xFF]), entry, [entry], [], _events.Add).Build);
        Assert.Empty(_events.OfType<UploadWarning>());
        Assert.Null(BootloaderFile.Read(new("x.bin", (byte[])[.. bytes, 0xFF, 0]), entry, [entry], [], _events.Add).Build);
    }

    [Fact]
    public void A_published_build_of_another_bootloader_is_refused_by_its_checksum_alone()
    {
        var bytes = BootloaderImage.Bytes("stm32duino");
        var other = WithBuild("hid-f1", new("x.bin", bytes.Length, "", Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes))));

        var e = Assert.Throws<UploadException>(() => BootloaderFile.Read(new("x.bin", bytes), BootloaderImage.Named("stm32duino"), [other], [], _events.Add));

        Assert.Contains("a build of another bootloader: HID bootloader 2.1 or 2.2", e.Message, StringComparison.Ordinal);
        Assert.Contains("install-bootloader hid-f1 x.bin", e.Hint, StringComparison.Ordinal);
    }

    public static TheoryData<string, byte[], UploadError, string, string> WrongFiles => new()
    {
        { "stm32duino", BootloaderImage.Bytes("hid-f1"), UploadError.NotForThisDevice, "another bootloader: HID bootloader 2.1 or 2.2", "install-bootloader hid-f1 x.bin" },
        { "hid-f1", BootloaderImage.Bytes("hid-f4"), UploadError.NotForThisDevice, "another bootloader: HID bootloader for F4", "install-bootloader hid-f4 x.bin" },
        { "f4boot", BootloaderImage.Bytes("h0wch33"), UploadError.NotForThisDevice, "another bootloader: h0wch33", "install-bootloader h0wch33 x.bin" },
        { "stm32duino", SketchImage.Bytes(0x0800_2000, 6_000, Stack), UploadError.ImageLinkedElsewhere, "It is a sketch for STM32duino bootloader 2.0", "the sketch later" },
        { "stm32duino", SketchImage.Bytes(FlashAddress.FlashBase, 20_000, Stack), UploadError.ImageTooLarge, "it has 20000 bytes, and STM32duino bootloader 2.0 at most 8192", "upload-helper image x.bin" },
        { "stm32duino", Combined(), UploadError.ImageTooLarge, "a bootloader with a sketch behind it, at 0x08002000", "bootloader_only_binaries" },
        { "stm32duino", BootloaderImage.Bytes(new(0x0483, 0x5740), "CDC", 6_000, Stack), UploadError.NotForThisDevice, "as 0483:5740 (sketch with USB serial of an STM32 core)", "--force ids" },
        { "stm32duino", SketchImage.Bytes(FlashAddress.FlashBase, 6_000, Stack), UploadError.NotForThisDevice, "it contains no USB ids", "--force ids" },
        { "stm32duino", SketchImage.Noise(4, 6_000), UploadError.NoVectorTable, "does not begin with a vector table", "" },
        { "stm32duino", Encoding.ASCII.GetBytes("<!DOCTYPE html><html><body>blob</body></html>"), UploadError.ImageUnreadable, "It is a web page (HTML). Nothing was erased.", "Download raw file" },
        { "stm32duino", [], UploadError.ImageUnreadable, "x.bin is empty. Nothing was erased.", "bootloader_only_binaries" },
    };

    [Theory]
    [MemberData(nameof(WrongFiles))]
    public void A_wrong_file_is_named_for_what_it_is(string name, byte[] content, UploadError error, string message, string hint)
    {
        var e = Assert.Throws<UploadException>(() => Read(new ImageFile("x.bin", content), name));

        Assert.Equal(error, e.Error);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains(hint, e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_build_with_ids_of_ones_own_goes_through_with_force()
    {
        var own = new ImageFile("x.bin", BootloaderImage.Bytes(new(0x1209, 0xCAFE), "own", 6_000, Stack));

        Read(own, "dapboot", Override.Ids);

        Assert.Contains(_events.OfType<UploadWarning>(), w => w.Code == WarningCode.CheckOverridden && w.Message.Contains("1209:CAFE", StringComparison.Ordinal));
    }

    [Fact]
    public void The_ids_in_a_program_are_those_of_its_device_descriptor()
    {
        byte[] descriptor = [18, 1, 0, 2, 0, 0, 0, 64, 0xAF, 0x1E, 3, 0, 1, 2, 1, 2, 3, 1];

        Assert.Equal([Maple], UsbDescriptors.DeviceIdsIn([18, 1, 18, .. descriptor, 18, 1]));
        Assert.Empty(UsbDescriptors.DeviceIdsIn(descriptor.AsSpan(0, 17)));
        Assert.Empty(UsbDescriptors.DeviceIdsIn([.. descriptor.AsSpan(0, 17), 2]));
        Assert.Equal([Maple, Maple], UsbDescriptors.DeviceIdsIn([.. descriptor, .. descriptor]));
    }

    [Fact]
    public void The_checksum_is_that_of_the_runtime()
    {
        foreach (var length in Enumerable.Range(0, 200).Append(7_172))
        {
            var bytes = SketchImage.Noise(length, length);

            Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), Sha256.Of(bytes));
        }
    }

    private static byte[] Combined()
    {
        var all = new byte[0x2000 + 5_000];
        BootloaderImage.Bytes("stm32duino").CopyTo(all, 0);
        SketchImage.Bytes(0x0800_2000, 5_000, Stack).CopyTo(all, 0x2000);
        return all;
    }

    private static BootloaderInfo WithBuild(string name, PublishedBuild build)
    {
        var entry = BootloaderImage.Named(name);
        return entry with { Installation = entry.Installation! with { Builds = [build] } };
    }

    private BootloaderFile Read(ImageFile file, string name, params Override[] forced) =>
        BootloaderFile.Read(file, BootloaderImage.Named(name), BootloaderCatalogue.Installable, forced, _events.Add);
}
