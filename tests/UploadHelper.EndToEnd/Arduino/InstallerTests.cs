using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Arduino;

/// <summary>The installers of the overlays, on copies of the small cores of the unit tests.</summary>
public sealed class InstallerTests : IDisposable
{
    private static readonly string[] Cores = ["Arduino_STM32-F1", "Arduino_STM32-F4", "STM32GENERIC", "Arduino_Core_STM32"];
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("all cores ");

    public InstallerTests()
    {
        foreach (var core in Cores)
        {
            var folder = Directory.CreateDirectory(PathOf("hard ware", core, "arch"));
            foreach (var file in Directory.GetFiles(Repository.PathOf("tests", "UploadHelper.Tests", "Arduino", "Cores", core)))
            {
                File.Copy(file, Path.Combine(folder.FullName, Path.GetFileName(file)));
            }
        }

        // What users had before: a file without an end to its last line, and one with Windows' ends.
        File.WriteAllText(PathOf("hard ware", Cores[0], "arch", "platform.local.txt"), "a=b\nlast=line");
        File.WriteAllText(PathOf("hard ware", Cores[1], "arch", "boards.local.txt"), "x.name=Mine\r\nx.upload.offset=0x8000\r\n");
        File.WriteAllText(PathOf("program file"), "the executable");
    }

    [ShellFact("bash")]
    public void The_shell_script() => Walk("bash", [Repository.PathOf("scripts", "install-arduino.sh")], "--executable", "--remove", "upload-helper");

    [ShellFact("pwsh")]
    public void The_PowerShell_script() =>
        Walk("pwsh", ["-NoProfile", "-File", Repository.PathOf("scripts", "install-arduino.ps1")], "-Executable", "-Remove", "upload-helper.exe");

    public void Dispose() => _directory.Delete(recursive: true);

    private void Walk(string shell, string[] script, string executable, string remove, string program)
    {
        var before = Files();

        Run("nothing to be found", 1, _directory.CreateSubdirectory("empty").FullName, executable, PathOf("program file"));
        Run("no executable", 1, PathOf("hard ware"), executable, PathOf("missing"));
        Assert.Equal(before, Files());

        var all = Run("first", 0, PathOf("hard ware"), executable, PathOf("program file"));
        Assert.All(Cores, c => Assert.Contains($"({c})", all.Out, StringComparison.Ordinal));
        var installed = Files();
        Assert.All(Cores, c => Assert.Equal("the executable", installed[$"{c}/arch/upload-helper/{program}"]));
        Assert.All(Cores, c => Assert.Equal(before[$"{c}/arch/boards.txt"], installed[$"{c}/arch/boards.txt"]));
        Assert.Contains("rom (rx)", installed["Arduino_STM32-F4/arch/upload-helper/ld/f407_4000.ld"], StringComparison.Ordinal);
        Assert.StartsWith("a=b\nlast=line\n#", installed["Arduino_STM32-F1/arch/platform.local.txt"], StringComparison.Ordinal);
        Assert.StartsWith("x.name=Mine\r\nx.upload.offset=0x8000\r\n#", installed["Arduino_STM32-F4/arch/boards.local.txt"], StringComparison.Ordinal);
        Assert.Contains("GenF4.menu.", installed["Arduino_Core_STM32/arch/boards.local.txt"], StringComparison.Ordinal);
        Assert.DoesNotContain("GenU5.", installed["Arduino_Core_STM32/arch/boards.local.txt"], StringComparison.Ordinal);

        Run("again", 0, PathOf("hard ware"), executable, PathOf("program file"));
        Assert.Equal(installed, Files());

        Run("remove", 0, PathOf("hard ware"), remove);
        Assert.Equal(before, Files());
        Run("nothing left", 0, PathOf("hard ware"), remove);

        // What the user changes in between stays.
        Run("once more", 0, PathOf("hard ware"), executable, PathOf("program file"));
        var changed = PathOf("hard ware", Cores[2], "arch", "platform.local.txt");
        File.AppendAllText(changed, "mine=too\n");
        Run("remove", 0, PathOf("hard ware"), remove);
        Assert.Equal("mine=too\n", File.ReadAllText(changed));

        ProcessRun Run(string step, int status, params string[] arguments)
        {
            var run = ProcessRun.Of(shell, [.. script, .. arguments]);
            Assert.True(run.Status == status, $"{step}: {run}");
            return run;
        }
    }

    private SortedDictionary<string, string> Files()
    {
        var root = PathOf("hard ware");
        return new(Directory.GetFiles(root, "*", SearchOption.AllDirectories)
            .ToDictionary(f => Path.GetRelativePath(root, f).Replace('\\', '/'), File.ReadAllText), StringComparer.Ordinal);
    }

    private string PathOf(params string[] parts) => Path.Combine([_directory.FullName, .. parts]);
}
