using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using UploadHelper.EndToEnd.Support;
using UploadHelper.EndToEnd.Wine;

namespace UploadHelper.EndToEnd.Packages;

/// <summary>The packages for PlatformIO: their manifest is what it asks for, and each tool in bin/ is upload-helper under that tool's name.</summary>
[Collection(WineCollection.Name)]
public sealed class PlatformIoTests(PackageTests.Made made, WinePrefix wine) : IClassFixture<PackageTests.Made>, IDisposable
{
    private const string Image = "tests/firmware/blink-08000000.bin";
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("platformio");

    [PackageFact]
    public void On_linux_the_tools_run_under_their_names()
    {
        made.For(PackageTests.Linux);
        var (dfu, maple) = (Unpack("tool-dfuutil", "linux_x86_64.tar.gz"), Unpack("tool-stm32duino", "linux_x86_64.tar.gz"));

        Assert.Equal(["dfu-prefix", "dfu-suffix", "dfu-util", "upload-helper"], Names(dfu));
        Assert.Equal(["hid-flash", "maple_upload", "upload-helper"], Names(maple));
        AddAndShow(Path.Combine(dfu, "bin", "dfu-suffix"), (tool, arguments) => ProcessRun.Of(tool, arguments));
        Assert.Equal(2, ProcessRun.Of(Path.Combine(maple, "bin", "maple_upload"), ["ttyACM0"]).Status);
        var upload = ProcessRun.Of(
            Path.Combine(maple, "bin", "hid-flash"), ["tests/firmware/blink-08000800.bin", "sim"], new Dictionary<string, string> { ["UPLOADHELPER_SIMULATE"] = "hid-f1" });
        Assert.True(upload.Status == 0, upload.ToString());

        // platform-ststm32, builder/main.py: join(package folder, "stm32flash", "stm32flash").
        var serial = ProcessRun.Of(
            Path.Combine(maple, "stm32flash", "stm32flash"),
            ["-g", "0x08000000", "-b", "115200", "-w", Image, "uart"],
            new Dictionary<string, string> { ["UPLOADHELPER_SIMULATE"] = "f407-rom,adapter=1,boot0=1" });
        Assert.True(serial.Status == 0, serial.ToString());
        Assert.Contains("verified", serial.Out, StringComparison.Ordinal);
    }

    [PackageWineFact]
    public void On_windows_the_tools_run_under_their_names()
    {
        made.For(PackageTests.Windows);
        var dfu = Unpack("tool-dfuutil", "windows_amd64.zip");

        Assert.Equal(["dfu-prefix.cmd", "dfu-suffix.cmd", "dfu-util.cmd", "upload-helper.exe"], Names(dfu));
        AddAndShow("dfu-suffix", (tool, arguments) => ProcessRun.Of("wine", ["cmd", "/c", WineName(Path.Combine(dfu, "bin", tool)), .. arguments.Select(WineName)], wine.Environment));
    }

    [PackageFact]
    public void The_manifest_names_package_version_and_system()
    {
        made.For(PackageTests.Linux);
        foreach (var (package, system) in ((string, string)[])[("tool-dfuutil", "linux_x86_64"), ("tool-stm32duino", "linux_x86_64")])
        {
            var folder = Unpack(package, $"{system}.tar.gz");
            var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "package.json"))).RootElement;
            Assert.Equal(package, manifest.GetProperty("name").GetString());
            Assert.Equal(Package.Version, manifest.GetProperty("version").GetString());
            Assert.Equal(system, manifest.GetProperty("system").EnumerateArray().Single().GetString());
            Assert.All(manifest.GetProperty("keywords").EnumerateArray(), k => Assert.Matches("^[a-z0-9+. -]{1,50}$", k.GetString()));
            Assert.True(File.Exists(Path.Combine(folder, "licences", "NOTICES.txt")));
        }
    }

    // The executable in the package carries the runtime.
    [PackageFact]
    public void A_link_to_an_executable_of_any_kind_is_the_tool_of_that_name()
    {
        made.For(PackageTests.Linux);
        var bin = Path.Combine(Unpack("tool-dfuutil", "linux_x86_64.tar.gz"), "bin");
        foreach (var executable in (string[])[Path.Combine(bin, "upload-helper"), Executable.Linux])
        {
            var link = Path.Combine(_directory.FullName, "dfu-prefix");
            File.Delete(link);
            File.CreateSymbolicLink(link, executable);

            var run = ProcessRun.Of(link, ["-V"]);

            Assert.True(run.Status == 0, run.ToString());
            Assert.StartsWith("dfu-prefix 0.11", run.Out, StringComparison.Ordinal);
        }
    }

    // Copies would make it three times as large.
    [PackageFact]
    public void The_executable_is_in_a_package_once()
    {
        var archive = new FileInfo(made.For(PackageTests.Linux).Archive);
        foreach (var package in (string[])["tool-dfuutil", "tool-stm32duino"])
        {
            Assert.InRange(new FileInfo(ArchiveOf(package, "linux_x86_64.tar.gz")).Length, archive.Length / 2, archive.Length * 11 / 10);
        }
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private void AddAndShow(string tool, Func<string, string[], ProcessRun> run)
    {
        var file = Path.Combine(_directory.FullName, "firmware.bin");
        File.Copy(Repository.PathOf(Image), file);

        var add = run(tool, ["-v", "0x0483", "-p", "0xDF11", "-d", "0xffff", "-a", file]);
        var show = run(tool, ["-c", file]);

        Assert.True(add.Status == 0, add.ToString());
        Assert.True(show.Status == 0, show.ToString());
        Assert.Contains("Product ID:\t0xDF11", show.Out, StringComparison.Ordinal);
        Assert.Equal(new FileInfo(Repository.PathOf(Image)).Length + 16, new FileInfo(file).Length);
    }

    private static string ArchiveOf(string package, string end) => Repository.PathOf("artifacts", "packages", "platformio", $"{package}-{Package.Version}-{end}");

    private static string[] Names(string folder) => [.. Directory.GetFiles(Path.Combine(folder, "bin")).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    private static string WineName(string path) => path.StartsWith('/') ? "Z:" + path.Replace('/', '\\') : path;

    private string Unpack(string package, string end)
    {
        var archive = ArchiveOf(package, end);
        if (archive.EndsWith(".zip", StringComparison.Ordinal))
        {
            ZipFile.ExtractToDirectory(archive, _directory.FullName);
        }
        else
        {
            using var file = new GZipStream(File.OpenRead(archive), CompressionMode.Decompress);
            TarFile.ExtractToDirectory(file, _directory.FullName, overwriteFiles: true);
        }

        return Path.Combine(_directory.FullName, package);
    }
}
