using System.Globalization;

namespace UploadHelper.Devices.Diagnosis;

/// <summary>The groups of a system, out of /etc/group (group(5)).</summary>
internal sealed class LinuxGroups
{
    private readonly List<(string Name, uint Id, string[] Members)> _groups = [];

    /// <summary>Reads the file; lines that are not understood, and a missing file, are no groups.</summary>
    public LinuxGroups(string file)
    {
        foreach (var line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            if (line.Split(':') is [var name, _, var number, var members] && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                _groups.Add((name, id, members.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));
            }
        }
    }

    /// <summary>The name of a group, or its number if it has none.</summary>
    public string NameOf(uint id) => _groups.FirstOrDefault(g => g.Id == id).Name ?? id.ToString(CultureInfo.InvariantCulture);

    /// <summary>The groups that name a user as a member.</summary>
    public IReadOnlyList<string> Of(string user) => [.. _groups.Where(g => g.Members.Contains(user)).Select(g => g.Name)];
}
