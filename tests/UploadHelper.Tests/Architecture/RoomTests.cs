using System.Text.RegularExpressions;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Architecture;

/// <summary>
/// The rooms of each project and the arrows between them: a room may use the rooms before it in the list, never those after
/// it. src/README.md shows the same lists.
/// </summary>
public partial class RoomTests
{
    private static readonly Project Core = new(
        "UploadHelper.Core",
        ["Errors", "Timing", "Usb", "Serial", "Chips", "Firmware", "Bootloaders", "Protocols", "Connecting", "Flashing", "Arduino", "Operations", "Diagnosis"],
        Uses: []);

    private static readonly Project Devices = new("UploadHelper.Devices", ["Libraries", "Linux", "Windows", "Usb", "Serial", "."], Uses: ["UploadHelper.Core"]);

    // A hole in Core's tables must show on the virtual board: it knows what Core asks of devices, and nothing else of it.
    private static readonly Project VirtualBoard = new(
        "UploadHelper.VirtualBoard",
        ["Usb", "Hardware", "Sketches", "Bootloaders", "Faults", "InProcess", "UsbIp", "Plug", "."],
        Uses: ["UploadHelper.Core.Timing", "UploadHelper.Core.Usb", "UploadHelper.Core.Serial"]);

    private static readonly Project Executable = new(
        "UploadHelper",
        ["Configuration", "CommandLine", "Output", "Host", "Discovery", "Commands", "DropIns", "."],
        Uses: ["UploadHelper.Core", "UploadHelper.Devices", "UploadHelper.VirtualBoard"]);

    public static TheoryData<string> Projects => [.. All.Select(p => p.Name)];

    private static IReadOnlyList<Project> All => [Core, Devices, VirtualBoard, Executable];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_room_uses_only_the_rooms_before_it(string name)
    {
        var project = All.Single(p => p.Name == name);
        var arrows = project.Files().SelectMany(file => Used(file.Text).Select(u => (file.Room, file.Path, Used: u))).ToList();
        var wrong = arrows.Where(a => !project.Allows(a.Room, a.Used)).Select(a => $"{a.Path} uses {a.Used}");

        Assert.NotEmpty(arrows);
        Assert.Empty(wrong);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_folder_is_a_room(string name)
    {
        var project = All.Single(p => p.Name == name);

        Assert.Equal(project.Rooms.Order(), project.Files().Select(f => f.Room).Distinct().Order());
        Assert.All(project.Files().Where(f => Namespace().IsMatch(f.Text)), f => Assert.StartsWith(
            $"namespace {name}{(f.Room == "." ? "" : $".{f.Room}")}", Namespace().Match(f.Text).Value, StringComparison.Ordinal));
    }

    // They see its namespace without a using line.
    [Theory]
    [MemberData(nameof(Projects))]
    public void No_room_uses_a_type_from_outside_of_the_rooms(string name)
    {
        var project = All.Single(p => p.Name == name);
        var types = project.Files().Where(f => f.Room == ".").SelectMany(f => Declared().Matches(f.Text)).Select(m => m.Groups[1].Value).ToHashSet();

        Assert.Empty(project.Files().Where(f => f.Room != ".").SelectMany(f => TypeUses().Matches(Strings().Replace(f.Text, "")).Select(w => w.Groups[1].Value)
            .Where(types.Contains).Distinct().Select(w => $"{f.Path} uses {w}")));
    }

    [Fact]
    public void A_wrong_arrow_is_found()
    {
        Assert.True(Core.Allows("Usb", "UploadHelper.Core.Errors"));
        Assert.True(Core.Allows("Usb", "UploadHelper.Core.Usb.UsbIp"));
        Assert.False(Core.Allows("Usb", "UploadHelper.Core.Serial"));
        Assert.False(Core.Allows("Diagnosis", "UploadHelper.Devices"));
        Assert.Equal(["Board", "Board", "Board"], TypeUses().Matches("void F(Board b, (Socket X, Socket Board) c); List<Board> d; new Board(); e.Board.F();").Select(m => m.Groups[1].Value).Where(n => n == "Board"));
        Assert.Equal(["UploadHelper.Core.Serial", "UploadHelper.Core.Dfu"], Used("using UploadHelper.Core.Serial;\nnamespace X;\n/// <see cref=\"Y\"/>\nCore.Dfu.Z z;"));
    }

    // The using lines, and names that are qualified from the project's name on.
    private static IEnumerable<string> Used(string text) => Using().Matches(text).Select(m => m.Groups[1].Value)
        .Concat(Qualified().Matches(text).Select(m => $"UploadHelper.Core.{m.Groups[1].Value}"));

    [GeneratedRegex(@"^using (?:static |\w+ = )?(UploadHelper[\w.]*);", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"^(?!\s*(?:using|namespace) ).*?\bCore\.([A-Z]\w+)\.", RegexOptions.Multiline)]
    private static partial Regex Qualified();

    [GeneratedRegex(@"^(?:(?:public|internal|static|sealed|abstract|partial|readonly) )+(?:class|record struct|record|struct|enum|interface) (\w+)", RegexOptions.Multiline)]
    private static partial Regex Declared();

    // A name in the place of a type: before a variable or a member, as a type argument, after "new", in a cref. (Not before a
    // dot: that may be a property of the same name.)
    [GeneratedRegex(@"(?<![.\w])([A-Z]\w+)(?=\??(?:\[\])? +_?[A-Za-z]\w* *[,;)=({]|>|\(|"")")]
    private static partial Regex TypeUses();

    // Comments and text: a word there is no arrow. A cref is one.
    [GeneratedRegex(@"//(?!/).*|///(?:(?!cref).)*$|""(?:[^""\\\n]|\\.)*""", RegexOptions.Multiline)]
    private static partial Regex Strings();

    [GeneratedRegex(@"^namespace [\w.]+", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    /// <summary>A project of src.</summary>
    /// <param name="Name">Its folder and root namespace.</param>
    /// <param name="Rooms">Its folders, lowest first; "." is the files outside of any folder.</param>
    /// <param name="Uses">The namespaces of other projects that it may use, with everything in them.</param>
    private sealed record Project(string Name, IReadOnlyList<string> Rooms, IReadOnlyList<string> Uses)
    {
        private string Folder => Path.Combine(TestFiles.Repository, "src", Name);

        public IEnumerable<(string Path, string Room, string Text)> Files() => Directory
            .EnumerateFiles(Folder, "*.cs", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Folder, f).Replace('\\', '/'))
            .Where(f => !f.StartsWith("obj/", StringComparison.Ordinal) && !f.StartsWith("bin/", StringComparison.Ordinal))
            .Select(f => (f, f.Contains('/', StringComparison.Ordinal) ? f[..f.IndexOf('/', StringComparison.Ordinal)] : ".", File.ReadAllText(Path.Combine(Folder, f))));

        public bool Allows(string room, string used) => RoomOf(used) is { } other
            ? Position(other) <= Position(room)
            : Uses.Any(u => used == u || used.StartsWith(u + ".", StringComparison.Ordinal));

        // The room of this project that a namespace lies in; null for another project's.
        private string? RoomOf(string used)
        {
            if (used == Name)
            {
                return ".";
            }

            var rest = used.StartsWith(Name + ".", StringComparison.Ordinal) ? used[(Name.Length + 1)..].Split('.')[0] : null;
            return rest is not null && Rooms.Contains(rest) ? rest : null;
        }

        private int Position(string room) => Rooms.ToList().IndexOf(room);
    }
}
