using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Serial;
using UploadHelper.Devices.Serial.Catalogues;
using UploadHelper.Devices.Usb.Catalogues;

namespace UploadHelper.Devices.Diagnosis;

/// <summary>Gathers what matters on Linux, without opening any device.</summary>
/// <param name="root">The root of the file system.</param>
/// <param name="account">Who runs this process.</param>
/// <param name="files">What Linux says of files.</param>
internal sealed class LinuxInspection(string root, LinuxAccount account, ILinuxFiles files)
{
    /// <summary>Gathers.</summary>
    /// <param name="library">Whether libusb works.</param>
    /// <param name="rules">The udev rules of this version.</param>
    public Situation Look(UsbLibraryState library, string rules)
    {
        var processes = new LinuxProcesses(At("proc"));
        var groups = new LinuxGroups(At("etc/group"));
        return new Situation(library)
        {
            Devices = [.. new LinuxUsbCatalogue(At("sys")).List().Select(d => With(d, processes))],
            Ports = [.. new LinuxPortCatalogue(At("sys")).List().Select(p => With(p, processes, groups))],
            Linux = new LinuxState(account.User, account.UserId == 0, new UdevRules(root).Compare(rules))
            {
                IsRemote = account.IsRemote,
                UdevRuns = Path.Exists(At("run/udev/control")),
                ModemManagerRuns = processes.Runs("ModemManager"),
                SessionGroups = [.. account.Groups.Select(groups.NameOf)],
                MemberOf = groups.Of(account.User),
            },
        };
    }

    private SeenDevice With(SeenDevice device, LinuxProcesses processes) => device with
    {
        Access = device.Node is { } node ? AccessTo(node) : Access.Unknown,
        Holders = device.Node is { } file ? processes.HoldersOf(file) : [],
    };

    private SeenPort With(SerialPortInfo port, LinuxProcesses processes, LinuxGroups groups) => new(port)
    {
        Access = AccessTo(port.Name),
        Group = files.GroupOf(At(port.Name)) is { } group ? groups.NameOf(group) : null,
        Holders = processes.HoldersOf(port.Name),
    };

    private Access AccessTo(string file) => !Path.Exists(At(file)) ? Access.Unknown : files.MayOpen(At(file)) ? Access.Granted : Access.Denied;

    private string At(string path) => Path.Combine(root, path.TrimStart('/'));
}
