using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using UploadHelper.Devices.Libraries;

namespace UploadHelper.Tests.Devices.Libraries;

[SupportedOSPlatform("linux")]
public sealed class CarriedLibraryTests : IDisposable
{
    private const string Name = "libusb-1.0.dll";
    private const UnixFileMode Everyone = (UnixFileMode)0b111_111_111;
    private static readonly byte[] Content = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 7))];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("carried");

    private CarriedLibrary Library => new(Name, Content, [_folder.FullName], fromMemory: false);

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_is_loaded_and_leaves_nothing_behind(bool fromMemory)
    {
        var library = Real(fromMemory, _folder.FullName).Load("");

        Assert.True(NativeLibrary.TryGetExport(library, "SystemIoPortsNative_SerialPortOpen", out _));
        Assert.Empty(_folder.GetFileSystemInfos());
    }

    // The loader recognises by its path what it has loaded: a second library at the path of the first would be the first.
    [Fact]
    public void The_next_library_is_not_taken_for_the_one_before()
    {
        Real(fromMemory: true).Load("");
        var other = new CarriedLibrary("libother.so", Content, [], fromMemory: true);
        Assert.Throws<DllNotFoundException>(() => other.Load(""));
    }

    [Fact]
    public void A_folder_in_which_it_cannot_be_loaded_is_followed_by_the_next()
    {
        var library = Real(fromMemory: false, "/nowhere", _folder.FullName).Load("");

        Assert.NotEqual(0, library);
        Assert.Empty(_folder.GetFileSystemInfos());
    }

    [Fact]
    public void A_folder_in_which_others_may_replace_it_is_not_used()
    {
        File.SetUnixFileMode(_folder.FullName, Everyone);
        var e = Assert.Throws<DllNotFoundException>(() => Real(fromMemory: false, _folder.FullName).Load("Do this."));
        Assert.Contains($"(from {_folder.FullName}: other users can write there). Do this.", e.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.GetFileSystemInfos());

        File.SetUnixFileMode(_folder.FullName, Everyone | UnixFileMode.StickyBit);
        Assert.NotEqual(0, Real(fromMemory: false, _folder.FullName).Load(""));
    }

    [Fact]
    public void One_that_the_system_cannot_load_says_what_was_tried_and_what_to_do()
    {
        var broken = new CarriedLibrary("libthis.so", Content, [_folder.FullName, "/nowhere"], fromMemory: true);

        var e = Assert.Throws<DllNotFoundException>(() => broken.Load("Install that."));

        Assert.Matches(@"^Cannot load the library libthis\.so, which upload-helper contains \(from memory: .+; from /.+: .+; from /nowhere: .+\)\. Install that\.$", e.Message);
        Assert.Empty(_folder.GetFileSystemInfos());
    }

    [Fact]
    public void On_windows_it_is_unpacked_once()
    {
        var file = Unpack(Library);
        var written = File.GetLastWriteTimeUtc(file);

        Assert.Equal(file, Unpack(Library));
        Assert.Equal(Name, Path.GetFileName(file));
        Assert.Equal(Content, File.ReadAllBytes(file));
        Assert.Equal(written, File.GetLastWriteTimeUtc(file));
        Assert.Single(_folder.GetFiles("*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Another_version_has_another_folder()
    {
        byte[] other = [.. Content, 1];

        Assert.NotEqual(Unpack(Library), Unpack(new CarriedLibrary(Name, other, [], fromMemory: false)));
        Assert.Equal(Content, File.ReadAllBytes(Unpack(Library)));
    }

    [Fact]
    public void A_truncated_or_changed_file_is_written_again()
    {
        var file = Unpack(Library);
        File.WriteAllBytes(file, Content[..100]);

        Assert.Equal(Content, File.ReadAllBytes(Unpack(Library)));
        Assert.Single(_folder.GetFiles("*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Many_at_once_find_a_complete_file()
    {
        var files = new string[32];
        Parallel.For(0, files.Length, i => files[i] = Unpack(Library));

        Assert.Equal(Content, File.ReadAllBytes(Assert.Single(files.Distinct())));
        Assert.Single(_folder.GetFiles("*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_build_without_it_has_none() => Assert.Null(CarriedLibrary.In(typeof(CarriedLibraryTests).Assembly, Name));

    /// <summary>A library that the system can load.</summary>
    internal static CarriedLibrary Real(bool fromMemory, params string[] folders)
    {
        var processor = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        var file = Path.Combine(AppContext.BaseDirectory, "runtimes", $"linux-{processor}", "native", "libSystem.IO.Ports.Native.so");
        return new CarriedLibrary("libSystem.IO.Ports.Native.so", File.ReadAllBytes(file), folders, fromMemory);
    }

    private string Unpack(CarriedLibrary library) => library.Unpack(_folder.FullName);
}
