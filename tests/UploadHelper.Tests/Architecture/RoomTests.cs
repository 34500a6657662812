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

    public static TheoryData<string> Projects => [.. All.Select(p => p.Name)];

    private static IReadOnlyList<Project> All => [Core];

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
        Assert.All(project.Files(), f => Assert.StartsWith(
            $"namespace {name}{(f.Room == "." ? "" : $".{f.Room}")}", Namespace().Match(f.Text).Value, StringComparison.Ordinal));
    }

    [Fact]
    public void A_wrong_arrow_is_found()
    {
        Assert.True(Core.Allows("Usb", "UploadHelper.Core.Errors"));
        Assert.True(Core.Allows("Usb", "UploadHelper.Core.Usb.UsbIp"));
        Assert.False(Core.Allows("Usb", "UploadHelper.Core.Serial"));
        Assert.False(Core.Allows("Diagnosis", "UploadHelper.Devices"));
        Assert.Equal(["UploadHelper.Core.Serial", "UploadHelper.Core.Dfu"], Used("using UploadHelper.Core.Serial;\nnamespace X;\n/// <see cref=\"Y\"/>\nCore.Dfu.Z z;"));
    }

    // The using lines, and names that are qualified from the project's name on.
    private static IEnumerable<string> Used(string text) => Using().Matches(text).Select(m => m.Groups[1].Value)
        .Concat(Qualified().Matches(text).Select(m => $"UploadHelper.Core.{m.Groups[1].Value}"));

    [GeneratedRegex(@"^using (?:static |\w+ = )?(UploadHelper[\w.]*);", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"^(?!\s*(?:using|namespace) ).*?\bCore\.([A-Z]\w+)\.", RegexOptions.Multiline)]
    private static partial Regex Qualified();

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
