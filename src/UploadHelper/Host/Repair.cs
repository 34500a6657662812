using UploadHelper.Core.Diagnosis;

namespace UploadHelper.Host;

/// <summary>How to fix problems on this machine: with the scripts of the package, if the executable is in one.</summary>
internal static class Repair
{
    private const string Resource = "60-upload-helper.rules";

    /// <summary>The udev rules of this version.</summary>
    public static string UdevRules()
    {
        using var stream = typeof(Repair).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The commands.</summary>
    /// <param name="executable">Path of this program.</param>
    public static RepairCommands Commands(string executable)
    {
        var scripts = Path.Combine(Path.GetDirectoryName(executable) ?? "", "scripts");
        return new RepairCommands(InstallUdevRules(executable, Path.Combine(scripts, "install-udev.sh")), InstallOverlays(scripts));
    }

    private static string InstallUdevRules(string executable, string script) => File.Exists(script)
        ? $"sudo {Quoted(script)}"
        : $"{Quoted(executable)} doctor --udev-rules | sudo tee /etc/udev/rules.d/{Resource} >/dev/null && "
            + "sudo udevadm control --reload && sudo udevadm trigger --action=change --subsystem-match=usb --subsystem-match=tty";

    private static string InstallOverlays(string scripts) => OperatingSystem.IsWindows()
        ? $"powershell -ExecutionPolicy Bypass -File {Quoted(Path.Combine(scripts, "install-arduino.ps1"))}"
        : Quoted(Path.Combine(scripts, "install-arduino.sh"));

    private static string Quoted(string path) => path.Contains(' ') ? $"\"{path}\"" : path;
}
