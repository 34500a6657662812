using System.Globalization;

namespace UploadHelper.VirtualBoard.Plug;

/// <summary>
/// A port of Linux's virtual host controller, from /sys/devices/platform/vhci_hcd.0/status: lines of
/// "hub port sta spd dev sockfd local_busid" (drivers/usb/usbip/vhci_sysfs.c).
/// </summary>
/// <param name="IsHighSpeed">On the hub for devices up to high speed; the other one is for SuperSpeed.</param>
/// <param name="Number">Its number, as the attach file wants it.</param>
/// <param name="State">VDEV_ST_NULL is 4: free.</param>
internal readonly record struct VhciPort(bool IsHighSpeed, int Number, int State)
{
    private const int Free = 4;

    /// <summary>Whether a full-speed device can be plugged in here.</summary>
    public bool IsFree => IsHighSpeed && State == Free;

    /// <summary>Reads the status file; lines that are no ports are skipped.</summary>
    public static IReadOnlyList<VhciPort> ReadStatus(string status)
    {
        var ports = new List<VhciPort>();
        foreach (var line in status.Split('\n'))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length >= 3
                && int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && int.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var state))
            {
                ports.Add(new VhciPort(fields[0] == "hs", number, state));
            }
        }

        return ports;
    }
}
