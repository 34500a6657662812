using System.Diagnostics;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Udev;

/// <summary>The script below another root; where udev really runs, the rig tries it.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class InstallUdevTests : IDisposable
{
    private static readonly string Script = Path.Combine(TestFiles.Repository, "scripts", "install-udev.sh");
    private readonly string _root = Directory.CreateTempSubdirectory("udev").FullName;

    private string Installed => Path.Combine(_root, "etc", "udev", "rules.d", "60-upload-helper.rules");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [BashFact]
    public void Installing_and_removing_leave_nothing_behind()
    {
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal((0, $"installed {Installed}\n"), Run(Script));
            Assert.Equal(File.ReadAllText(Path.Combine(TestFiles.Repository, "arduino", "udev", "60-upload-helper.rules")), File.ReadAllText(Installed));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(Installed));
        }

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal((0, $"removed {Installed}\n"), Run(Script, "--remove"));
            Assert.False(File.Exists(Installed));
        }
    }

    [BashFact]
    public void In_a_package_the_rules_lie_beside_the_script()
    {
        var script = Path.Combine(_root, "install-udev.sh");
        File.Copy(Script, script);
        File.WriteAllText(Path.Combine(_root, "60-upload-helper.rules"), "# of the package\n");

        Assert.Equal(0, Run(script).Status);
        Assert.Equal("# of the package\n", File.ReadAllText(Installed));
    }

    [BashFact]
    public void What_it_does_not_know_it_does_not_do()
    {
        Assert.Equal(1, Run(Script, "--purge").Status);
        Assert.False(File.Exists(Installed));
    }

    private (int Status, string Output) Run(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [script, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DESTDIR"] = _root;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
