using System.IO.Compression;
using UploadHelper.EndToEnd.Support;
using Xunit.Abstractions;

namespace UploadHelper.EndToEnd.Published;

/// <summary>The published file as native code: which systems start it, and what is beside it.</summary>
public class NativeTests(ITestOutputHelper output)
{
    private const int X64 = 62;
    private const int Arm64 = 183;

    // Debian 11, Ubuntu 20.04.
    private static readonly Version OldestLibc = new(2, 31);

    [NativeFact]
    public void On_x64_it_starts_with_glibc_2_31() => Needs_no_newer_libc(Executable.Linux, X64);

    [NativeArm64Fact]
    public void On_arm64_it_starts_with_glibc_2_31() => Needs_no_newer_libc(Executable.LinuxArm64, Arm64);

    [NativeFact]
    public void The_symbols_beside_it_are_its_own() => Has_symbols(Executable.Linux);

    [NativeArm64Fact]
    public void The_symbols_beside_it_are_its_own_on_arm64() => Has_symbols(Executable.LinuxArm64);

    [NativeFact]
    public void No_code_in_it_fetches_from_the_network_or_starts_programs()
    {
        // A symbol's name begins with the assembly and the namespace that the code is from.
        var names = Symbols(Executable.Linux).SymbolNames();

        Assert.Contains("System_Net_Sockets_System_Net_Sockets_Socket__", names, StringComparison.Ordinal);
        Assert.DoesNotContain("System_Net_Http_System_Net_Http_", names, StringComparison.Ordinal);
        Assert.DoesNotContain("System_Net_Requests_System_Net_", names, StringComparison.Ordinal);
        Assert.DoesNotContain("System_Diagnostics_Process_System_Diagnostics_Process", names, StringComparison.Ordinal);
    }

    [NativeFact]
    public void It_finds_a_libusb() =>
        Assert.Contains("\n  ok       libusb 1.0.", ProcessRun.Of(Executable.Linux, ["doctor"]).Out, StringComparison.Ordinal);

    [NativeArm64Fact]
    public void On_arm64_it_loads_the_libusb_inside()
    {
        Assert.Contains(", the one inside upload-helper\n", OnArm64("doctor").Out, StringComparison.Ordinal);

        // Also where there is no USB at all, without which libusb itself does not start.
        Assert.Contains("No board is in DFU mode", OnArm64("list").Out, StringComparison.Ordinal);
    }

    [NativeTheory]
    [InlineData("linux-x64", X64)]
    [InlineData("linux-arm64", Arm64)]
    public void The_libusb_inside_needs_nothing_but_glibc_2_31(string rid, int machine) =>
        Needs_no_newer_libc(Repository.PathOf("artifacts", "libusb", rid, "libusb-1.0.so.0"), machine);

    [NativeArm64Fact]
    public void On_arm64_it_uploads_to_a_virtual_board()
    {
        var version = OnArm64("--version");
        Assert.Equal(ProcessRun.Of(Executable.Linux, ["--version"]).Out, version.Out);

        var flash = Path.GetTempFileName();
        File.Delete(flash);
        var run = OnArm64("upload", "--simulate", $"f4boot,flash={flash}", "--offset", "0x4000", "tests/firmware/blink-08004000.bin");

        Assert.True(run.Status == 0, run.ToString());
        Assert.Contains("verified", run.Out, StringComparison.Ordinal);
        var image = File.ReadAllBytes(Repository.PathOf("tests", "firmware", "blink-08004000.bin"));
        Assert.Equal(image, File.ReadAllBytes(flash)[0x4000..(0x4000 + image.Length)]);
        File.Delete(flash);
    }

    private static ProcessRun OnArm64(params string[] arguments) => ProcessRun.Of(
        NativeArm64FactAttribute.Emulator,
        ["-L", Repository.PathOf("artifacts", "sysroot", "linux-arm64"), Executable.LinuxArm64, .. arguments]);

    private static ElfFile Symbols(string file)
    {
        using var packed = new GZipStream(File.OpenRead(Executable.SymbolsOf(file)), CompressionMode.Decompress);
        var symbols = new MemoryStream();
        packed.CopyTo(symbols);
        return new ElfFile(symbols.ToArray());
    }

    private void Needs_no_newer_libc(string file, int machine)
    {
        var elf = new ElfFile(File.ReadAllBytes(file));
        Assert.Equal(machine, elf.Machine);
        var libraries = elf.Libraries();
        var versions = elf.VersionsNeeded();
        output.WriteLine($"{Path.GetRelativePath(Repository.Root, file)} needs {string.Join(", ", libraries)}");
        foreach (var library in versions.GroupBy(v => v.Library))
        {
            output.WriteLine($"{library.Key}: {string.Join(", ", library.Select(v => v.Version))}");
        }

        // All of them belong to glibc.
        Assert.All(libraries, l => Assert.Matches(@"^(lib(c|dl|m|pthread|rt)\.so\.\d|ld-linux-.*\.so\.\d)$", l));
        Assert.NotEmpty(versions);
        Assert.All(versions, v => Assert.StartsWith("GLIBC_", v.Version, StringComparison.Ordinal));
        Assert.All(versions, v => Assert.True(Version.Parse(v.Version["GLIBC_".Length..]) <= OldestLibc, $"{v.Library} must have {v.Version}"));
    }

    private static void Has_symbols(string file)
    {
        var executable = new ElfFile(File.ReadAllBytes(file));
        var symbols = Symbols(file);

        Assert.Equal(executable.BuildId, symbols.BuildId);
        Assert.Contains(".debug_line", symbols.Sections);
        Assert.DoesNotContain(".debug_line", executable.Sections);
        Assert.Contains("UploadHelper_Core_Flashing_Flasher__", symbols.SymbolNames(), StringComparison.Ordinal);
    }
}
