using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Diagnosis;
using UploadHelper.Devices.Usb;

namespace UploadHelper.Devices;

/// <summary>Gathers what on this machine matters to reaching boards. Opens no board.</summary>
/// <param name="devices">The machine's devices.</param>
/// <param name="environment">The variables of the process.</param>
public sealed class SystemInspection(SystemDevices devices, IReadOnlyDictionary<string, string> environment)
{
    /// <summary>Gathers.</summary>
    /// <param name="udevRules">The udev rules of this version.</param>
    public Situation Look(string udevRules)
    {
        var library = Library();
        var situation = OperatingSystem.IsLinux() ? new LinuxInspection("/", LibcFiles.Account(environment), new LibcFiles()).Look(library, udevRules)
            : OperatingSystem.IsWindows() ? Windows(library)
            : new Situation(library) { Devices = OnBus(), Ports = Ports() };
        return situation with { Cores = new ArduinoCores(ArduinoCores.UsualFolders()).List() };
    }

    private UsbLibraryState Library()
    {
        try
        {
            _ = devices.Usb.List();
            return new UsbLibraryState(LibUsbVersion.Read(), null);
        }
        catch (Exception e) when (e is UsbException or DllNotFoundException)
        {
            return new UsbLibraryState(null, e.Message);
        }
    }

    [System.Runtime.Versioning.SupportedOSPlatform("windows")]
    private Situation Windows(UsbLibraryState library) => new(library)
    {
        Devices = new WindowsUsbCatalogue(new WindowsRegistry(), WindowsPresence.IsPresent).List(),
        Ports = Ports(),
        BindsDrivers = true,
    };

    private List<SeenDevice> OnBus()
    {
        try
        {
            return [.. devices.Usb.List().Select(d => new SeenDevice(d.Id, d.Path, "") { IsDfu = d.Interfaces.Any(DfuDescription.IsDfuMode) })];
        }
        catch (UsbException)
        {
            return [];
        }
    }

    private List<SeenPort> Ports() => [.. devices.SerialPorts.List().Select(p => new SeenPort(p))];
}
