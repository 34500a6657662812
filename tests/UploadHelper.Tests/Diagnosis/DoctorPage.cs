using UploadHelper.Core.Diagnosis;
using UploadHelper.Output;

namespace UploadHelper.Tests.Diagnosis;

/// <summary>What doctor makes of a situation, as the user reads it.</summary>
internal static class DoctorPage
{
    private static readonly RepairCommands Commands = new("sudo scripts/install-udev.sh", "scripts/install-arduino.sh");

    public static IReadOnlyList<Finding> Findings(Situation situation) => new Findings(Commands).Of(situation);

    public static string Of(Situation situation) =>
        string.Join('\n', FindingsText.Of("upload-helper 1.2.3, .NET 10.0.0, Debian GNU/Linux 12 (x64)", Findings(situation))) + "\n";
}
