using UploadHelper.Core.Diagnosis;

namespace UploadHelper.Devices.Diagnosis;

/// <summary>Looks for the udev rules where udev reads them (udev(7)).</summary>
/// <param name="root">The root of the file system.</param>
internal sealed class UdevRules(string root)
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "60-upload-helper.rules";

    // In the order of precedence: of two files of one name only the first counts.
    private static readonly string[] Folders = ["etc/udev/rules.d", "run/udev/rules.d", "usr/local/lib/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d"];

    /// <summary>Compares what is installed with the rules of this version.</summary>
    public UdevRulesState Compare(string rules)
    {
        var file = Folders.Select(f => Path.Combine(root, f, FileName)).FirstOrDefault(File.Exists);
        return file is null ? UdevRulesState.Missing
            : File.ReadAllText(file).ReplaceLineEndings() == rules.ReplaceLineEndings() ? UdevRulesState.Installed
            : UdevRulesState.Other;
    }
}
