using System.Text.RegularExpressions;
using UploadHelper.EndToEnd.Support;
using UploadHelper.EndToEnd.Wine;

namespace UploadHelper.EndToEnd.Packages;

/// <summary>
/// What scripts/package.sh makes can be installed by Boards Manager, and runs. The executables are those without
/// precompiled code, since Wine 8 runs no others.
/// </summary>
[Collection(WineCollection.Name)]
public sealed class PackageTests(PackageTests.Made made, WinePrefix wine) : IClassFixture<PackageTests.Made>, IDisposable
{
    internal const string Linux = "x86_64-linux-gnu";
    internal const string Windows = "x86_64-mingw32";
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("packages");

    /// <summary>One run of the script for the tests of all classes.</summary>
    public sealed class Made
    {
        private static readonly Lazy<ProcessRun> Run = new(() => Package.Make("--no-r2r", "linux-x64", "win-x64"));

        internal Package For(string host)
        {
            Assert.True(Run.Value.Status == 0, Run.Value.ToString());
            return Package.For(host);
        }
    }

    private string Tool => Path.Combine(_directory.FullName, "packages", "upload-helper", "tools", "upload-helper", Package.Version);

    [PackageFact]
    public void The_index_says_what_the_specification_asks_for()
    {
        foreach (var host in (string[])[Linux, Windows])
        {
            var package = made.For(host);
            Assert.Equal("upload-helper", package.Tool.GetProperty("name").GetString());
            Assert.Equal(Package.Version, package.Tool.GetProperty("version").GetString());
            Assert.EndsWith("/" + Path.GetFileName(package.Archive), package.System.GetProperty("url").GetString(), StringComparison.Ordinal);
            Assert.Matches(new Regex(@"^SHA-256:[0-9a-f]{64}$"), package.System.GetProperty("checksum").GetString());
        }
    }

    [PackageFact]
    public void On_linux_the_installed_tool_runs_and_brings_its_overlays()
    {
        made.For(Linux).Install(Tool);

        var tool = Path.Combine(Tool, "upload-helper");
        Assert.Equal(Package.Version, ProcessRun.Of(tool, ["--version"]).Out.Trim());
        Assert.Equal(0, ProcessRun.Of(tool, ["upload", "--simulate", "f4boot", "--offset", "0x4000", "tests/firmware/blink-08004000.bin"]).Status);
        foreach (var file in (string[])["LICENSE", "licences/dotnet-LICENSE.txt", "licences/NOTICES.txt", "arduino/udev/60-upload-helper.rules", "scripts/install-completion.sh", "scripts/completion/upload-helper.bash"])
        {
            Assert.True(File.Exists(Path.Combine(Tool, file)), file);
        }

        var core = Directory.CreateDirectory(Path.Combine(_directory.FullName, "hardware", "test", "STM32F4"));
        File.Copy(Repository.PathOf("tests", "arduino", "platform.txt"), Path.Combine(core.FullName, "platform.txt"));
        File.Copy(Repository.PathOf("tests", "arduino", "STM32F4", "boards.txt"), Path.Combine(core.FullName, "boards.txt"));
        var install = ProcessRun.Of(Path.Combine(Tool, "scripts", "install-arduino.sh"), [core.FullName]);
        Assert.True(install.Status == 0, install.ToString());
        Assert.Equal(File.ReadAllBytes(tool), File.ReadAllBytes(Path.Combine(core.FullName, "upload-helper", "upload-helper")));
        Assert.Contains("upload-helper", File.ReadAllText(Path.Combine(core.FullName, "platform.local.txt")), StringComparison.Ordinal);
    }

    [PackageFact]
    public void On_windows_the_installed_tool_is_complete()
    {
        made.For(Windows).Install(Tool);

        foreach (var file in (string[])["upload-helper.exe", "LICENSE", "licences/NOTICES.txt", "arduino/windows/DRIVERS.txt", "scripts/install-arduino.ps1"])
        {
            Assert.True(File.Exists(Path.Combine(Tool, file)), file);
        }

        Assert.Equal(Executable.CarriesLibUsb, File.Exists(Path.Combine(Tool, "licences", "libusb-1.0-COPYING.txt")));
        Assert.Equal(Executable.CarriesLibUsb, Directory.Exists(Repository.PathOf("artifacts", "packages", "libusb-1.0-source")));
    }

    [PackageWineFact]
    public void On_windows_the_installed_tool_runs()
    {
        made.For(Windows).Install(Tool);

        var version = ProcessRun.Of("wine", [Path.Combine(Tool, "upload-helper.exe"), "--version"], wine.Environment);
        var upload = ProcessRun.Of(
            "wine",
            [Path.Combine(Tool, "upload-helper.exe"), "upload", "--simulate", "f4boot", "--offset", "0x4000", "tests/firmware/blink-08004000.bin"],
            wine.Environment);

        Assert.Equal(Package.Version, version.Out.Trim());
        Assert.True(upload.Status == 0, upload.ToString());
    }

    [PackageFact]
    public void A_second_run_makes_the_same_bytes()
    {
        var first = File.ReadAllBytes(made.For(Linux).Archive);
        var forPio = Repository.PathOf("artifacts", "packages", "platformio", $"tool-dfuutil-{Package.Version}-linux_x86_64.tar.gz");
        var firstForPio = File.ReadAllBytes(forPio);
        var kept = Path.Combine(_directory.FullName, "index.json");
        File.Copy(Repository.PathOf("artifacts", "packages", "package_upload-helper_index.json"), kept);

        var again = Package.Make("--no-r2r", "linux-x64", "win-x64");

        Assert.True(again.Status == 0, again.ToString());
        Assert.Equal(first, File.ReadAllBytes(Package.For(Linux).Archive));
        Assert.Equal(firstForPio, File.ReadAllBytes(forPio));
        Assert.Equal(File.ReadAllText(kept), File.ReadAllText(Repository.PathOf("artifacts", "packages", "package_upload-helper_index.json")));
    }

    [PackageFact]
    public void What_boards_manager_could_not_read_as_a_version_is_refused()
    {
        var run = ProcessRun.Of(Repository.PathOf("scripts", "package.sh"), ["1.2-beta", "linux-x64"]);

        Assert.Equal(2, run.Status);
        Assert.Contains("1.2.3", run.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
