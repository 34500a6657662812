using UploadHelper.Core.Arduino;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Linux;
using UploadHelper.Devices.Usb;
using UploadHelper.Devices.Windows;

namespace UploadHelper.Devices;

/// <summary>Collects what decides on access to boards on this machine. Asks only devices in DFU mode, for their device descriptor.</summary>
/// <param name="devices">The devices of this machine.</param>
/// <param name="environment">The environment variables of the process.</param>
/// <param name="time">The clock.</param>
public sealed class SystemInspection(SystemDevices devices, IReadOnlyDictionary<string, string> environment, TimeProvider time)
{
    /// <summary>Collects it.</summary>
    /// <param name="udevRules">The udev rules of this version.</param>
    public Situation Look(string udevRules)
    {
        var library = Library();
        var situation = OperatingSystem.IsLinux() ? new LinuxInspection("/", LinuxRights.Account(environment), new LinuxRights(), LinuxRights.KernelLog).Inspect(library, udevRules)
            : OperatingSystem.IsWindows() ? new Situation(library) { Devices = WindowsCatalogue.OfThisMachine.Devices(), Silent = WindowsCatalogue.OfThisMachine.Silent(), Ports = Ports(), BindsDrivers = true }
            : new Situation(library) { Devices = OnBus(), Ports = Ports() };
        return situation with { Devices = Ask(devices.Usb, situation.Devices, time), Cores = new ArduinoCores(ArduinoCores.UsualFolders()).List() };
    }

    /// <summary>Asks the devices in DFU mode whether they respond: in all that the system knows, a ghost is like a bootloader.</summary>
    /// <param name="bus">The bus.</param>
    /// <param name="seen">The devices that the system knows.</param>
    /// <param name="time">The clock.</param>
    internal static IReadOnlyList<SeenDevice> Ask(IUsbBus bus, IReadOnlyList<SeenDevice> seen, TimeProvider time)
    {
        try
        {
            var listed = seen.Any(MayBeAsked) ? bus.List() : [];
            return [.. seen.Select(s => MayBeAsked(s) && listed.FirstOrDefault(d => d.Id == s.Id && d.Path == s.Path) is { } device
                ? s with { IsGhost = FirstContact.IsGhost(bus, device, time, CancellationToken.None) }
                : s)];
        }
        catch (Exception e) when (e is UsbException or DllNotFoundException)
        {
            return seen;
        }
    }

    private static bool MayBeAsked(SeenDevice device) =>
        device is { IsDfu: true, Path.Length: > 0, Access: not Access.Denied } && device.Holders.Count == 0;

    private UsbLibraryState Library()
    {
        try
        {
            _ = devices.Usb.List();
            return new UsbLibraryState(LibUsbLoader.ReadVersion()?.ToString() ?? "", null) { IsCarried = LibUsbLoader.IsCarried };
        }
        catch (Exception e) when (e is UsbException or DllNotFoundException)
        {
            return new UsbLibraryState(null, e.Message);
        }
    }

    private List<SeenDevice> OnBus()
    {
        try
        {
            return [.. devices.Usb.List().Select(d => new SeenDevice(d.Id, d.Path, "") { IsDfu = DfuDescription.IsBootloader(d) })];
        }
        catch (UsbException)
        {
            return [];
        }
    }

    private List<SeenPort> Ports() => [.. devices.SerialPorts.List().Select(p => new SeenPort(p))];
}

/// <summary>Finds the Arduino cores for STM32 where the IDEs keep cores.</summary>
/// <param name="folders">The folders to search.</param>
internal sealed class ArduinoCores(IEnumerable<string> folders)
{
    // packages/VENDOR/hardware/ARCHITECTURE/VERSION is the deepest.
    private const int Depth = 5;
    private const string Overlay = "upload-helper";

    // A core is recognised by its boards, as in scripts/install-arduino.
    private static readonly string[] Boards = ["genericSTM32F103C.", "generic_f407v.", "BLACK_F407XX.", "GenF4."];

    /// <summary>Where the IDEs of this system keep cores: those of the Boards Manager, and those in the sketchbook.</summary>
    public static IEnumerable<string> UsualFolders()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var documents = Environment.GetFolderPath(Environment.SpecialFolder.MyDocuments);
        string[] folders = OperatingSystem.IsWindows()
            ? [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "Arduino15", "packages"), Path.Combine(documents, "Arduino", "hardware")]
            : OperatingSystem.IsMacOS()
                ? [Path.Combine(home, "Library", "Arduino15", "packages"), Path.Combine(home, "Documents", "Arduino", "hardware")]
                : [Path.Combine(home, ".arduino15", "packages"), Path.Combine(home, "Arduino", "hardware"), Path.Combine(home, "sketchbook", "hardware")];
        return folders;
    }

    /// <summary>The cores.</summary>
    public IReadOnlyList<SeenCore> List() => [.. folders.SelectMany(f => Search(f, Depth))];

    private static IEnumerable<SeenCore> Search(string folder, int depth)
    {
        try
        {
            if (!Directory.Exists(folder))
            {
                return [];
            }

            if (File.Exists(Path.Combine(folder, "boards.txt")))
            {
                return IsForStm32(folder) ? [new SeenCore(Name(folder), folder, HasOverlay(folder))] : [];
            }

            return depth == 0 ? [] : Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).SelectMany(f => Search(f, depth - 1)).ToList();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // A sketchbook can contain anything under these names.
    private static IEnumerable<string> Lines(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        using var reader = new StreamReader(new MemoryStream(BoundedReader.Read(stream, ArduinoProperties.LargestFile).ToArray()));
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    private static bool IsForStm32(string folder) =>
        Lines(Path.Combine(folder, "boards.txt")).Any(l => Boards.Any(b => l.StartsWith(b, StringComparison.Ordinal)));

    private static string Name(string folder)
    {
        const string Key = "name=";
        var file = Path.Combine(folder, "platform.txt");
        return (File.Exists(file) ? Lines(file).FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal))?[Key.Length..].Trim() : null)
            ?? Path.GetFileName(folder);
    }

    private static bool HasOverlay(string folder)
    {
        var file = Path.Combine(folder, "platform.local.txt");
        return File.Exists(file) && Lines(file).Any(l => !l.StartsWith('#') && l.Contains(Overlay, StringComparison.Ordinal));
    }
}
