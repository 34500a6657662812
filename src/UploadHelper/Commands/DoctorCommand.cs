using System.CommandLine;
using System.Runtime.InteropServices;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Errors;
using UploadHelper.Devices;
using UploadHelper.Host;
using UploadHelper.Output;

namespace UploadHelper.Commands;

/// <summary><c>doctor</c>: what on this machine keeps boards from being reached, and how to mend it.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new ExampledCommand(
            "doctor",
            "Say what on this machine keeps boards from being reached, and how to mend it. Opens no board.",
            "upload-helper doctor",
            "upload-helper doctor --json",
            "upload-helper doctor --udev-rules | sudo tee /etc/udev/rules.d/60-upload-helper.rules");
        command.SetAction(parse => context.Run(parse, (settings, _) =>
        {
            var output = context.Streams.Out;
            if (settings.Switch(SettingKeys.UdevRules))
            {
                output.Write(Repair.UdevRules());
                return 0;
            }

            ThisMachineOnly(settings);
            var situation = new SystemInspection(new SystemDevices(context.Time), context.Environment).Look(Repair.UdevRules());
            var findings = new Findings(Repair.Commands(Environment.ProcessPath ?? "upload-helper")).Of(situation);
            Write(output, settings.Switch(SettingKeys.Json), Versions(), findings);
            return 0;
        }));
        return command;
    }

    private static void ThisMachineOnly(Settings settings)
    {
        if (settings.Text(SettingKeys.Simulate) is not null || settings.Text(SettingKeys.UsbIp) is not null)
        {
            throw new UploadException(
                UploadError.Usage, "doctor looks at this machine, not at a virtual board or at another machine's devices.", "Leave --simulate and --usbip out.");
        }
    }

    private static string Versions() =>
        $"upload-helper {typeof(DoctorCommand).Assembly.GetName().Version?.ToString(3)}, {RuntimeInformation.FrameworkDescription}, "
        + $"{RuntimeInformation.OSDescription} ({RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()})";

    private static void Write(TextWriter output, bool json, string versions, IReadOnlyList<Finding> findings)
    {
        if (json)
        {
            FindingsJson.Write(output, versions, findings);
            return;
        }

        foreach (var line in FindingsText.Of(versions, findings))
        {
            output.WriteLine(Ascii.Of(line));
        }
    }
}
