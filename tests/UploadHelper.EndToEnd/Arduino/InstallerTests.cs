using System.Text;
using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Arduino;

/// <summary>The installers of the overlays, on copies of the small cores of the unit tests.</summary>
public sealed class InstallerTests : IDisposable
{
    private static readonly string[] Cores = ["Arduino_STM32-F1", "Arduino_STM32-F4", "STM32GENERIC", "Arduino_Core_STM32"];
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("Kerne für alle ");

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

    [ShellFact("bash")]
    public void The_shell_script_keeps_every_byte_of_a_users_file() => Bytes(Shell);

    [ShellFact("pwsh")]
    public void The_PowerShell_script_keeps_every_byte_of_a_users_file() => Bytes(PowerShell);

    [ShellFact("bash")]
    public void The_shell_script_knows_its_block_after_an_editor() => Edited(Shell);

    [ShellFact("pwsh")]
    public void The_PowerShell_script_knows_its_block_after_an_editor() => Edited(PowerShell);

    [ShellFact("bash")]
    public void The_shell_script_refuses_what_it_would_damage() => Refused(Shell);

    [ShellFact("pwsh")]
    public void The_PowerShell_script_refuses_what_it_would_damage() => Refused(PowerShell);

    [ShellFact("bash")]
    public void The_shell_script_follows_links_and_keeps_permissions() => Linked(Shell);

    [ShellFact("pwsh")]
    public void The_PowerShell_script_follows_links_and_keeps_permissions() => Linked(PowerShell);

    [ShellFact("setpriv")]
    public void The_shell_script_says_what_to_do_about_a_core_that_it_may_not_write_to()
    {
        // Root may write everywhere: as nobody, with a copy of the script that nobody may read.
        foreach (var part in (string[])["scripts", "arduino"])
        {
            Assert.Equal(0, ProcessRun.Of("cp", ["-r", Repository.PathOf(part), PathOf(part)]).Status);
        }

        Assert.Equal(0, ProcessRun.Of("chmod", ["-R", "a+rX", _directory.FullName]).Status);
        var before = Files();

        var run = ProcessRun.Of("setpriv", Environment.UserName == "root"
            ? ["--reuid=65534", "--regid=65534", "--clear-groups", "bash", PathOf("scripts", "install-arduino.sh"), PathOf("hard ware"), "--executable", PathOf("program file")]
            : ["bash", "-c", "chmod a-w \"$1\"/*/arch && shift && exec bash \"$@\"", "-", PathOf("hard ware"), PathOf("scripts", "install-arduino.sh"), PathOf("hard ware"), "--executable", PathOf("program file")]);

        NotWritable(run, before);
        Assert.Contains("sudo", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("mkdir", run.Error, StringComparison.Ordinal);
    }

    [ShellFact("pwsh")]
    public void The_PowerShell_script_says_what_to_do_about_a_core_that_it_may_not_write_to()
    {
        // Not even root may write there.
        var folder = Path.Combine(CoreFolder(Cores[2]), "upload-helper");
        Directory.CreateSymbolicLink(folder, "/proc/sys/kernel");
        try
        {
            var before = Text(CoreFolder(Cores[2]));

            var run = Run(PowerShell, PathOf("hard ware"), PowerShell.Executable, PathOf("program file"));

            Assert.True(run.Status == 1, $"{run}");
            Assert.Contains("you may not write to", run.Error, StringComparison.Ordinal);
            Assert.Contains("Nothing was changed", run.Error, StringComparison.Ordinal);
            Assert.Contains("Run as administrator", run.Error, StringComparison.Ordinal);
            Assert.Equal(before, Text(CoreFolder(Cores[2])));
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    // Windows comes with Windows PowerShell 5.1.
    [ShellFact("pwsh")]
    public void The_PowerShell_script_is_one_that_Windows_PowerShell_understands()
    {
        var run = Check(Directory.GetFiles(Repository.PathOf("scripts"), "*.ps1"));
        Assert.True(run.Status == 0, $"{run}");
        Assert.Equal("", run.Out);

        foreach (var (newer, message) in new (string, string)[]
        {
            ("$x = $a ? 1 : 2", "ternary"),
            ("$x = $a ?? 1", "'??'"),
            ("$a ??= 1", "'??='"),
            ("${a}?.Count", "'?.'"),
            ("New-Item x && New-Item y", "'&&'"),
            ("Join-Path a b c", "fewer arguments"),
            ("Get-Item -LiteralPath a -Stable", "-Stable"),
            ("Remove-Service x", "Remove-Service"),
            ("[IO.Path]::GetRelativePath('a', 'b')", "IO.Path::GetRelativePath"),
            ("$x = \"`e[0m\"", "escape"),
            ("$x = 1u", "number"),
            ("New-Item x &", "job"),
            ("$x = 'ü'", "ASCII"),
            ("if (", "Missing"),
        })
        {
            File.WriteAllText(PathOf("newer.ps1"), newer + "\n");
            Assert.Contains(message, Check(PathOf("newer.ps1")).Out, StringComparison.Ordinal);
        }

        static ProcessRun Check(params string[] scripts) =>
            ProcessRun.Of("pwsh", ["-NoProfile", "-File", Repository.PathOf("tests", "windows", "powershell-51.ps1"), .. scripts]);
    }

    /// <summary>Where a menu of parts sets upload.maximum_size: both orders of sections that the cores have, up to the last byte.</summary>
    [ShellFact("arm-none-eabi-gcc")]
    public void The_linker_refuses_a_sketch_that_the_bootloader_leaves_no_room_for()
    {
        const string Data = ".data : { *(.data*) } >ram AT>rom ";
        const string Constants = ".rodata : { *(.rodata*) } >rom ";
        File.WriteAllText(PathOf("sketch.c"), "int d[64] = {1, 2}; const int c[64] = {3, 4}; void start(void) { for (;;) { d[1] = ((volatile const int *)c)[1]; } }");
        var scripts = Directory.GetFiles(Repository.PathOf("arduino"), "room.ld", SearchOption.AllDirectories);
        Assert.Equal(3, scripts.Length);
        Assert.Single(scripts.Select(File.ReadAllText).Distinct());
        foreach (var sections in (string[])[Data + Constants, Constants + Data])
        {
            File.WriteAllText(PathOf("sketch.ld"), "MEMORY { ram : ORIGIN = 0x20000000, LENGTH = 20K  rom : ORIGIN = 0x08000000, LENGTH = 64K } ENTRY(start) "
                + $"SECTIONS {{ .text : {{ *(.text*) }} >rom {sections} .bss : {{ *(.bss*) }} >ram }}");
            Assert.True(Link("65536").Status == 0, "It fits into the whole flash.");
            Assert.Equal(0, ProcessRun.Of("arm-none-eabi-objcopy", ["-O", "binary", PathOf("sketch.elf"), PathOf("sketch.bin")]).Status);
            var size = (int)new FileInfo(PathOf("sketch.bin")).Length;

            Assert.True(Link($"{size + 0x3800}-0x3800").Status == 0, sections);
            var refused = Link($"{size + 0x3800 - 1}-0x3800");
            Assert.NotEqual(0, refused.Status);
            Assert.Contains("does not fit into the flash", refused.Error, StringComparison.Ordinal);
        }

        ProcessRun Link(string room) => ProcessRun.Of(
            "arm-none-eabi-gcc",
            ["-mcpu=cortex-m3", "-mthumb", "-nostdlib", "-ffreestanding", "-Wl,--build-id=none", "-T", PathOf("sketch.ld"), PathOf("sketch.c"), scripts[0], $"-Wl,--defsym=sketch_end=0x08000000+{room}", "-o", PathOf("sketch.elf")]);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private sealed record Script(string Program, string[] Arguments, string Executable, string Remove);

    private static Script Shell { get; } = new("bash", [Repository.PathOf("scripts", "install-arduino.sh")], "--executable", "--remove");

    private static Script PowerShell { get; } = new("pwsh", ["-NoProfile", "-File", Repository.PathOf("scripts", "install-arduino.ps1")], "-Executable", "-Remove");

    private static ProcessRun Run(Script script, params string[] arguments) => ProcessRun.Of(script.Program, [.. script.Arguments, .. arguments]);

    private void Install(Script script, string folder)
    {
        var run = Run(script, folder, script.Executable, PathOf("program file"));
        Assert.True(run.Status == 0, $"{run}");
    }

    private static void Uninstall(Script script, string folder)
    {
        var run = Run(script, folder, script.Remove);
        Assert.True(run.Status == 0, $"{run}");
    }

    private string CoreFolder(string core) => PathOf("hard ware", core, "arch");

    private static SortedDictionary<string, string> Text(string folder) => new(
        Directory.GetFiles(folder).ToDictionary(f => Path.GetFileName(f), f => Convert.ToHexString(File.ReadAllBytes(f))), StringComparer.Ordinal);

    // One file for each of the four cores, twice.
    private void Bytes(Script script)
    {
        byte[][] contents =
        [
            [0xEF, 0xBB, 0xBF, .. "a=\u00F6\r\nlast=line"u8],
            [.. "a=\u00F6\n\n"u8],
            [0xEF, 0xBB, 0xBF],
            [.. "a="u8, 0xF6, 0x80, 0xFF, .. "\rb=c\n"u8],
            [],
            [.. "a=b\r\n"u8],
            [.. "# >>> upload-helper. Not the block.\n# <<< upload-helper \n"u8],
            [.. "\n"u8],
        ];
        var files = contents.Select((content, i) => (Path: Path.Combine(CoreFolder(Cores[i % 4]), i < 4 ? "platform.local.txt" : "boards.local.txt"), Content: content)).ToList();
        foreach (var (path, content) in files)
        {
            File.WriteAllBytes(path, content);
        }

        Install(script, PathOf("hard ware"));
        foreach (var (path, content) in files)
        {
            Assert.Equal(Convert.ToHexString(content), Convert.ToHexString(File.ReadAllBytes(path).AsSpan(0, content.Length)));
            Assert.Equal(1, Blocks(path));
        }

        var first = Cores.Select(c => Text(CoreFolder(c))).ToList();
        Install(script, PathOf("hard ware"));
        Assert.Equal(first, Cores.Select(c => Text(CoreFolder(c))));

        Uninstall(script, PathOf("hard ware"));
        foreach (var (path, content) in files)
        {
            Assert.Equal(Convert.ToHexString(content), Convert.ToHexString(File.ReadAllBytes(path)));
        }
    }

    private void Edited(Script script)
    {
        var folder = CoreFolder(Cores[3]);
        var (platform, boards) = (Path.Combine(folder, "platform.local.txt"), Path.Combine(folder, "boards.local.txt"));
        File.WriteAllText(boards, "x.name=Mine\n");
        Install(script, folder);

        // Windows' line ends throughout; and a byte-order mark, too, before the block itself.
        File.WriteAllText(boards, File.ReadAllText(boards).Replace("\n", "\r\n", StringComparison.Ordinal));
        File.WriteAllText(platform, File.ReadAllText(platform).Replace("\n", "\r\n", StringComparison.Ordinal), new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Install(script, folder);
        Assert.Equal((1, 1), (Blocks(boards), Blocks(platform)));

        File.WriteAllText(boards, File.ReadAllText(boards).Replace("\r", "", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal));
        Uninstall(script, folder);
        Assert.Equal("x.name=Mine\r\n", File.ReadAllText(boards));
        Assert.True(!File.Exists(platform) || Blocks(platform) == 0);
        Assert.False(Directory.Exists(Path.Combine(folder, "upload-helper")));
        Assert.Contains("nothing to remove", Run(script, folder, script.Remove).Out, StringComparison.Ordinal);
    }

    private void Refused(Script script)
    {
        var file = Path.Combine(CoreFolder(Cores[3]), "boards.local.txt");
        var cut = "# >>> upload-helper. This block is put here and removed by install-arduino; changes in it are lost.\na=b\n";
        foreach (var (content, message) in new (byte[], string)[]
        {
            ([.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("a=b\n")], "UTF-16"),
            ([.. Encoding.BigEndianUnicode.GetPreamble(), .. Encoding.BigEndianUnicode.GetBytes("a=b\n")], "UTF-16"),
            ([.. "a=b\0\n"u8], "not a text file"),
            (Encoding.UTF8.GetBytes(cut), "by hand"),
            (Encoding.UTF8.GetBytes(cut.Replace("\n", "\r\n", StringComparison.Ordinal)), "by hand"),
        })
        {
            File.WriteAllBytes(file, content);
            var before = Files();
            foreach (var arguments in new string[][] { [script.Executable, PathOf("program file")], [script.Remove] })
            {
                var run = Run(script, [PathOf("hard ware"), .. arguments]);

                Assert.True(run.Status == 1, $"{message}: {run}");
                Assert.Contains(message, run.Error, StringComparison.Ordinal);
                Assert.Contains("boards.local.txt", run.Error, StringComparison.Ordinal);
                Assert.Contains("Nothing was changed", run.Error, StringComparison.Ordinal);
                Assert.Equal(before, Files());
                Assert.Equal(content, File.ReadAllBytes(file));
            }
        }
    }

    private void Linked(Script script)
    {
        var folder = CoreFolder(Cores[1]);
        var mine = PathOf("mine.txt");
        var link = Path.Combine(folder, "boards.local.txt");
        File.Delete(link);
        File.WriteAllText(mine, "x.name=Mine\n");
        File.CreateSymbolicLink(link, mine);
        var locked = Path.Combine(folder, "platform.local.txt");
        File.WriteAllText(locked, "a=b\n");
        Assert.Equal(0, ProcessRun.Of("chmod", ["444", locked]).Status);

        // The folder that is given holds the core only behind a link.
        var hardware = Directory.CreateDirectory(PathOf("linked")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(hardware, "core"), Path.Combine(PathOf("hard ware"), Cores[1]));
        Install(script, hardware);
        Install(script, hardware);
        Assert.Equal((mine, 1, 1), (new FileInfo(link).LinkTarget, Blocks(mine), Blocks(locked)));
        Assert.Equal("444\n", ProcessRun.Of("stat", ["-c", "%a", locked]).Out);

        Uninstall(script, hardware);
        Assert.Equal((mine, "x.name=Mine\n", "a=b\n"), (new FileInfo(link).LinkTarget, File.ReadAllText(mine), File.ReadAllText(locked)));
        Assert.Equal("444\n", ProcessRun.Of("stat", ["-c", "%a", locked]).Out);
    }

    private void NotWritable(ProcessRun run, SortedDictionary<string, string> before)
    {
        Assert.True(run.Status == 1, $"{run}");
        Assert.Contains("you may not write to", run.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", run.Error, StringComparison.Ordinal);
        Assert.Equal(before, Files());
    }

    private static int Blocks(string file) => Encoding.Latin1.GetString(File.ReadAllBytes(file)).Split("# >>> upload-helper. This block").Length - 1;

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
        Assert.All(Cores[1..], c => Assert.Contains("oneClickDfu", installed[$"{c}/arch/upload-helper/one-click/OneClickDfu.c"], StringComparison.Ordinal));
        Assert.All(Cores[1..], c => Assert.Contains("oneClickDfu", installed[$"{c}/arch/upload-helper/one-click/OneClickDfu.h"], StringComparison.Ordinal));
        Assert.DoesNotContain(installed.Keys, f => f.StartsWith($"{Cores[0]}/arch/upload-helper/one-click", StringComparison.Ordinal));
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
