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

/// <summary><c>doctor</c>: which problems on this machine prevent access to boards, and how to fix them.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new ExampledCommand(
            "doctor",
            "Check this machine for problems that prevent access to boards, and show how to fix them. Changes no board.",
            "upload-helper doctor",
            "upload-helper doctor --json",
            "upload-helper doctor --udev-rules | sudo tee /etc/udev/rules.d/60-upload-helper.rules");
        command.SetAction(parse => context.Print(parse, (settings, _) =>
        {
            var output = context.Streams.Out;
            if (settings.Switch(SettingKeys.UdevRules))
            {
                output.Write(Repair.UdevRules());
                return;
            }

            RequireThisMachine(settings);
            var situation = new SystemInspection(new SystemDevices(context.Time), context.Environment, context.Time).Look(Repair.UdevRules());
            var findings = new Findings(Repair.Commands(Environment.ProcessPath ?? "upload-helper")).Of(situation);
            Write(output, settings.Switch(SettingKeys.Json), Versions(), findings);
        }));
        return command;
    }

    private static void RequireThisMachine(Settings settings)
    {
        if (settings.Text(SettingKeys.Simulate) is not null || settings.Text(SettingKeys.UsbIp) is not null)
        {
            throw new UploadException(
                UploadError.Usage, "doctor checks this machine, not a virtual board or the devices of another machine.", "Leave out --simulate and --usbip.");
        }
    }

    private static string Versions() =>
        $"upload-helper {typeof(DoctorCommand).Assembly.GetName().Version?.ToString(3)}, {RuntimeInformation.FrameworkDescription}, "
        + $"{RuntimeInformation.OSDescription} ({RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()})";

    private static void Write(TextWriter output, bool json, string versions, IReadOnlyList<Finding> findings)
    {
        if (json)
        {
            FindingsReport.WriteJson(output, versions, findings);
            return;
        }

        foreach (var line in FindingsReport.Page(versions, findings))
        {
            output.WriteLine(Ascii.Of(line));
        }
    }
}
