using System.Text.RegularExpressions;
using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.DropIns;

/// <summary>
/// The real dfu-suffix and dfu-prefix 0.11 beside the executable under their names: each call on each file gives the same exit status,
/// the same lines and the same bytes.
/// </summary>
public sealed class DfuFileToolsTests : IDisposable
{
    private const string Suffixed = "dfu-suffix -v 483 -p df11 -a x";
    private static readonly string[] Numbers = ["", "-v 0x0483 -p 0xdf11 -d 0xffff", "-v 1EAF -p 0x3 -d 0200 -S 0x011a", "-v -1 -p0 -S 100"];
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dfu-tools");

    private static readonly string[] Kinds = ["", "-T", "-L", "-s 0x4400", "-s 17408", "-s 042000", "-L -T", "-s 0x400 -L", "-L -s 0x3fffc00", "--stellaris-address=0x800"];

    // Those that do not depend on what is in the file.
    private static readonly string[] AnySuffix = ["", "-h", "-V", "-x", "-s 0", "-T", "-a", "-c none", "-a none", "-D none", "-S 0x0200 -a x", "--del none"];
    private static readonly string[] AnyPrefix = ["", "-h", "-V", "-x", "-p 1", "-v 1", "-d 1", "-a x", "-a none -L", "-c none", "-D none", "-a x -s 08", "-a x -s text"];

    private static IEnumerable<string> SuffixCalls =>
    [
        "-c x", "-D x", "-c none -D x", "-D none -c x", "--add=x --vid 483 --pid=df11 --did 0x100 --spec 11a", .. Numbers.SelectMany(n => (string[])[$"{n} -a x", $"-ax {n}"]),
    ];

    private static IEnumerable<string> PrefixCalls =>
        ["--check x --LPC", "--delete x --stellaris", .. Kinds.SelectMany(kind => (string[])[$"-c x {kind}", $"{kind} -D x", .. kind.Length == 0 ? [] : (string[])[$"-a x {kind}"]])];

    [DfuSuffixFact]
    public void Dfu_suffix_does_the_same() => Compare("dfu-suffix", AnySuffix, SuffixCalls);

    [DfuSuffixFact]
    public void Dfu_prefix_does_the_same() => Compare("dfu-prefix", AnyPrefix, PrefixCalls);

    public void Dispose() => _directory.Delete(recursive: true);

    // Files of several lengths; and what the real tools make of two of them.
    private Dictionary<string, byte[]> Files()
    {
        var files = new Dictionary<string, byte[]>();
        foreach (var size in (int[])[0, 7, 15, 16, 512])
        {
            files[$"{size} bytes"] = [.. Enumerable.Range(0, size).Select(i => (byte)(i * 7 + 3))];
        }

        foreach (var name in (string[])["7 bytes", "512 bytes"])
        {
            foreach (var steps in (string[])[Suffixed, "dfu-prefix -a x -s 0x4400", "dfu-prefix -a x -L", "dfu-prefix -a x -s 0|dfu-suffix -S 11a -a x", "dfu-prefix -a x -L|dfu-suffix -a x"])
            {
                var file = Path.Combine(_directory.FullName, "x");
                File.WriteAllBytes(file, files[name]);
                foreach (var step in steps.Split('|'))
                {
                    Run(step.Split(' ')[0], step[(step.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
                }

                files[$"{name}, {steps}"] = File.ReadAllBytes(file);
            }
        }

        byte[] broken = [.. files[$"512 bytes, {Suffixed}"]];
        broken[100] ^= 1;
        files["a wrong checksum"] = broken;
        return files;
    }

    private void Compare(string tool, IEnumerable<string> any, IEnumerable<string> calls)
    {
        Directory.CreateDirectory(Path.Combine(_directory.FullName, "ours"));
        File.CreateSymbolicLink(Path.Combine(_directory.FullName, "ours", tool), Executable.Linux);
        var file = Path.Combine(_directory.FullName, "x");
        var (different, compared) = (new List<string>(), 0);
        foreach (var (name, content) in Files())
        {
            foreach (var call in compared == 0 ? any.Concat(calls) : calls)
            {
                File.WriteAllBytes(file, content);
                var theirs = (Result: Run(tool, call), Bytes: File.ReadAllBytes(file));
                File.WriteAllBytes(file, content);
                var ours = (Result: Run(Path.Combine(_directory.FullName, "ours", tool), call), Bytes: File.ReadAllBytes(file));
                compared++;
                var lines = call is "-h" or "-V" || theirs.Result.Status != 0 || Lines(theirs.Result) == Lines(ours.Result);
                if (theirs.Result.Status != ours.Result.Status || !lines || !theirs.Bytes.SequenceEqual(ours.Bytes))
                {
                    different.Add($"{tool} {call} ({name}):\n{theirs.Result}{Convert.ToHexString(theirs.Bytes)}\n-- ours:\n{ours.Result}{Convert.ToHexString(ours.Bytes)}");
                }
            }
        }

        Assert.True(compared > 200, $"{compared} calls");
        Assert.True(different.Count == 0, $"{different.Count} of {compared} calls differ. {string.Join("\n\n", different.Take(3))}");
    }

    private ProcessRun Run(string tool, string call) =>
        ProcessRun.Of(tool, call.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => Regex.Replace(w, "^(-a|--add=|)(x|none)$", m => m.Groups[1].Value + Path.Combine(_directory.FullName, m.Groups[2].Value))));

    // Without the four lines that the real tools print first.
    private static string Lines(ProcessRun run) => Regex.Replace(run.Out, @"\A\S+ \(dfu-util\) 0\.11\n\n(.*\n){3}\n", "");
}

/// <summary>A test beside the real dfu-suffix and dfu-prefix.</summary>
public sealed class DfuSuffixFactAttribute : FactAttribute
{
    public DfuSuffixFactAttribute() => Skip = Executable.IsInstalled("dfu-suffix") && Executable.IsInstalled("dfu-prefix")
        ? Executable.Missing(Executable.Linux)
        : "dfu-suffix and dfu-prefix are not installed (Debian: dfu-util; scripts/test.sh installs it as root)";
}
