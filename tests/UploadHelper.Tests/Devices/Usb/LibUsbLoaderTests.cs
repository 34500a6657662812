using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb;

namespace UploadHelper.Tests.Devices.Usb;

public sealed class LibUsbLoaderTests
{
    public static TheoryData<string, string[]> Systems => new()
    {
        { nameof(LibUsbLocation.Linux), ["apt install libusb-1.0-0", "dnf install libusb1"] },
        { nameof(LibUsbLocation.Mac), ["brew install libusb"] },
        { nameof(LibUsbLocation.Windows), ["libusb-1.0.dll beside upload-helper.exe"] },
    };

    [Theory]
    [MemberData(nameof(Systems))]
    public void A_missing_library_is_explained_for_each_system(string system, string[] advice)
    {
        var location = system switch
        {
            nameof(LibUsbLocation.Mac) => LibUsbLocation.Mac,
            nameof(LibUsbLocation.Windows) => LibUsbLocation.Windows,
            _ => LibUsbLocation.Linux,
        };
        var absent = location with { Names = ["libusb-none.so.0", "/nowhere/libusb-none.so"] };
        var e = Assert.Throws<UsbException>(() => LibUsbLoader.Call(() => LibUsbLoader.Load(absent, typeof(LibUsbLoader).Assembly)));
        Assert.Equal(UsbFault.LibraryMissing, e.Fault);
        Assert.Contains("libusb-1.0 was not found (tried libusb-none.so.0, /nowhere/libusb-none.so)", e.Message, StringComparison.Ordinal);
        Assert.All(advice, a => Assert.Contains(a, e.Message, StringComparison.Ordinal));
    }
}

public sealed class CarriedLibraryTests : IDisposable
{
    private const string Name = "libusb-1.0.dll";
    private static readonly byte[] Content = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 7))];
    private readonly DirectoryInfo _cache = Directory.CreateTempSubdirectory("carried");

    private CarriedLibrary Library => new(Name, Content, _cache.FullName);

    [Fact]
    public void It_is_unpacked_once()
    {
        var file = Library.Unpack();
        var written = File.GetLastWriteTimeUtc(file);

        Assert.Equal(file, Library.Unpack());
        Assert.Equal(Name, Path.GetFileName(file));
        Assert.Equal(Content, File.ReadAllBytes(file));
        Assert.Equal(written, File.GetLastWriteTimeUtc(file));
        Assert.Single(_cache.GetFiles("*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Another_version_has_another_folder()
    {
        byte[] other = [.. Content, 1];

        Assert.NotEqual(Library.Unpack(), new CarriedLibrary(Name, other, _cache.FullName).Unpack());
        Assert.Equal(Content, File.ReadAllBytes(Library.Unpack()));
    }

    [Fact]
    public void A_truncated_or_changed_file_is_written_again()
    {
        var file = Library.Unpack();
        File.WriteAllBytes(file, Content[..100]);

        Assert.Equal(Content, File.ReadAllBytes(Library.Unpack()));
        Assert.Single(_cache.GetFiles("*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Many_at_once_find_a_complete_file()
    {
        var files = new string[32];
        Parallel.For(0, files.Length, i => files[i] = Library.Unpack());

        Assert.Equal(Content, File.ReadAllBytes(Assert.Single(files.Distinct())));
        Assert.Single(_cache.GetFiles("*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_named_with_a_fix()
    {
        File.WriteAllText(Path.Combine(_cache.FullName, "upload-helper"), "a file where the folder should be");

        var e = Assert.Throws<DllNotFoundException>(Library.Unpack);
        Assert.Contains(Path.Combine(_cache.FullName, "upload-helper"), e.Message, StringComparison.Ordinal);
        Assert.Contains("put libusb-1.0.dll beside upload-helper.exe", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_the_system_cannot_load_is_named_with_its_path()
    {
        var e = Assert.Throws<DllNotFoundException>(() => LibUsbLoader.Load(Library));
        Assert.Contains(Library.Unpack(), e.Message, StringComparison.Ordinal);
        Assert.Contains("beside upload-helper.exe", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_build_without_it_has_none() => Assert.Null(CarriedLibrary.In(typeof(CarriedLibraryTests).Assembly, Name));

    public void Dispose() => _cache.Delete(recursive: true);
}
