using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using UploadHelper.Commands;
using UploadHelper.Configuration;
using UploadHelper.Core.Errors;
using UploadHelper.Devices;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Hostile;

/// <summary>What the program never does, looked for in its compiled assemblies; the published file is looked at by the end-to-end tests.</summary>
public class NoWayInTests
{
    // Starting programs, and fetching from the network.
    private static readonly string[] ForbiddenTypes =
    [
        "System.Diagnostics.Process", "System.Diagnostics.ProcessStartInfo", "System.Net.Http.HttpClient", "System.Net.WebClient", "System.Net.WebRequest",
        "System.Net.HttpWebRequest", "System.Net.HttpListener", "System.Net.WebSockets.ClientWebSocket", "System.Net.Sockets.UdpClient",
    ];

    private static readonly string[] ForbiddenFunctions =
        ["system", "popen", "fork", "vfork", "execv", "execve", "execvp", "execl", "posix_spawn", "posix_spawnp", "ShellExecuteW", "ShellExecuteExW", "CreateProcessW", "WinExec"];

    public static TheoryData<string> Assemblies() => ["UploadHelper.Core", "UploadHelper.Devices", "UploadHelper.VirtualBoard", "upload-helper"];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void It_starts_no_program_and_fetches_nothing(string assembly)
    {
        var file = FileOf(assembly);

        Assert.Empty(AssemblyNames.TypesOf(file).Intersect(ForbiddenTypes));
        Assert.Empty(AssemblyNames.NativeFunctionsOf(file).Intersect(ForbiddenFunctions));
    }

    [Fact]
    public void What_starts_programs_and_calls_the_system_is_found()
    {
        Assert.Contains(typeof(Process).FullName!, AssemblyNames.TypesOf(typeof(BashFactAttribute).Assembly.Location));
        Assert.Contains("open", AssemblyNames.NativeFunctionsOf(FileOf("UploadHelper.VirtualBoard")));
    }

    [Fact]
    public void The_network_is_for_USBIP_alone()
    {
        Assert.DoesNotContain("System.Net.Sockets.Socket", AssemblyNames.TypesOf(FileOf("UploadHelper.Core")));
        Assert.DoesNotContain("System.Net.Sockets.Socket", AssemblyNames.TypesOf(FileOf("upload-helper")));
        Assert.Equal(
            ["src/UploadHelper.Devices/Usb/UsbIp", "src/UploadHelper.VirtualBoard/UsbIp"],
            SourcesWith("new Socket(").Select(f => Path.GetDirectoryName(f)!.Replace('\\', '/')).Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(null, "127.0.0.1:3240")]
    [InlineData("3241", "127.0.0.1:3241")]
    [InlineData("127.0.0.1", "127.0.0.1:3240")]
    [InlineData("[::1]:3242", "[::1]:3242")]
    [InlineData("0.0.0.0:3240", "0.0.0.0:3240")]
    public void A_virtual_board_listens_on_loopback_unless_told_otherwise(string? listen, string address)
    {
        var settings = new Settings(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["listen"] = listen }).Build());

        Assert.Equal(IPEndPoint.Parse(address), SimulateCommand.Endpoints(settings).Listen);
    }

    [Fact]
    public void Plugged_in_it_does_not_listen_at_all()
    {
        var settings = new Settings(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["plug"] = "true" }).Build());

        Assert.Null(SimulateCommand.Endpoints(settings).Listen);
    }

    // Windows would also look in the working folder, which may be an opened sketch's.
    [Fact]
    public void Libraries_are_loaded_from_the_programs_folder_and_that_of_Windows_alone() => Assert.Equal(
        DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.System32,
        Assert.IsType<DefaultDllImportSearchPathsAttribute>(Assert.Single(typeof(SystemDevices).Assembly.GetCustomAttributes(typeof(DefaultDllImportSearchPathsAttribute), false))).Paths);

    [Fact]
    public void An_argument_names_no_file_of_further_arguments()
    {
        using var run = new ProgramRun();
        var file = run.File("arguments", "--help"u8.ToArray());

        Assert.Equal(UploadError.ImageMissing.ExitStatus(), run.Run("upload", "@" + file, "--simulate", "f4boot", "--offset", "0x4000"));
    }

    private static string FileOf(string assembly) => Path.Combine(AppContext.BaseDirectory, assembly + ".dll");

    private static IEnumerable<string> SourcesWith(string text) => Directory
        .EnumerateFiles(Path.Combine(TestFiles.Repository, "src"), "*.cs", SearchOption.AllDirectories)
        .Where(f => File.ReadAllText(f).Contains(text, StringComparison.Ordinal))
        .Select(f => Path.GetRelativePath(TestFiles.Repository, f));
}
