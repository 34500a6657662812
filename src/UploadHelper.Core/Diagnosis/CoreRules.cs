namespace UploadHelper.Core.Diagnosis;

/// <summary>The cores of the Arduino IDE, and whether their Upload leads here.</summary>
internal sealed class CoreRules(MendingCommands commands)
{
    public IEnumerable<Finding> Of(Situation situation) => situation.Cores.Count == 0
        ? [new Finding(FindingLevel.Note, FindingTopic.ArduinoCores, "no-core", "No Arduino core for STM32 was found in the usual places.")]
        : situation.Cores.Select(Of);

    private Finding Of(SeenCore core) => core.HasOverlay
        ? new Finding(FindingLevel.Fine, FindingTopic.ArduinoCores, "core", $"{core.Name} ({core.Folder}): Upload leads to upload-helper")
        : new Finding(FindingLevel.Note, FindingTopic.ArduinoCores, "no-overlay", $"{core.Name} ({core.Folder}): its Upload does not lead to upload-helper.")
        {
            Remedy = [Step.Say("Install the overlay:"), Step.Command($"{commands.InstallOverlays} \"{core.Folder}\"")],
        };
}
