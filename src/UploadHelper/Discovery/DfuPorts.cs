using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb;

namespace UploadHelper.Discovery;

/// <summary>
/// The boards in DFU mode on a bus. Listing them opens none. Each is opened once per enumeration, for its serial number, with
/// standard requests only: a class request would keep a Maple bootloader in DFU mode for ever.
/// </summary>
/// <param name="bus">The bus.</param>
/// <param name="time">The clock.</param>
internal sealed class DfuPorts(IUsbBus bus, TimeProvider time)
{
    // The list of ports of an IDE has room for a few words.
    private const string Ghost = "does not respond, press RESET";

    private readonly Dictionary<(int Bus, int Number), DiscoveryPort> _known = [];

    /// <summary>Lists the boards.</summary>
    /// <exception cref="UsbException">The bus cannot be listed.</exception>
    public IReadOnlyList<UsbDeviceInfo> List()
    {
        var devices = bus.List().Where(DfuDescription.IsBootloader).ToList();
        foreach (var gone in _known.Keys.Except(devices.Select(Enumeration)).ToList())
        {
            _known.Remove(gone);
        }

        return devices;
    }

    /// <summary>A device of the last list as a port.</summary>
    public DiscoveryPort Describe(UsbDeviceInfo device)
    {
        if (!_known.TryGetValue(Enumeration(device), out var port))
        {
            var (serialNumber, note) = Ask(device);
            port = new DiscoveryPort(Address(device), device.Id, serialNumber, note);
            _known.Add(Enumeration(device), port);
        }

        return port;
    }

    /// <summary>Distinguishes one enumeration of a device from the next.</summary>
    public static (int Bus, int Number) Enumeration(UsbDeviceInfo device) => (device.Bus, device.Number);

    private static string Address(UsbDeviceInfo device) => device.Path.Length > 0 ? device.Path : $"{device.Bus}-?{device.Number}";

    // A board is also a port without its serial number: the user may lack the rights to open it, an upload may be using it,
    // or its bootloader may be starting the sketch.
    private (string SerialNumber, string Note) Ask(UsbDeviceInfo device)
    {
        try
        {
            using var open = FirstContact.Open(bus, device, time, CancellationToken.None);
            return (DfuDescription.ReadSerialNumber(open), "");
        }
        catch (UploadException)
        {
            return ("", Ghost);
        }
        catch (UsbException)
        {
            return ("", "");
        }
    }
}

/// <summary>Finds out which ports have appeared and disappeared since the last poll.</summary>
/// <param name="ports">The ports of the bus.</param>
/// <param name="time">The clock.</param>
internal sealed class PortWatch(DfuPorts ports, TimeProvider time)
{
    /// <summary>
    /// How long a new device must stay before it is opened and reported. udev needs this time to give the user access; an
    /// upload that waits for the device opens it first (on Windows only one program can); and a bootloader that only starts
    /// its sketch does not make the list of ports flicker. dfu-discovery also polls a second time after this delay.
    /// </summary>
    public static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<(int Bus, int Number), DiscoveryPort> _reported = [];
    private readonly Dictionary<(int Bus, int Number), long> _settling = [];

    /// <summary>How long until the next new device has settled, or null if there is none.</summary>
    public TimeSpan? UntilSettled => _settling.Count == 0 ? null : Remaining(_settling.Values.Min());

    /// <summary>The ports at the beginning. They have been there for an unknown time, so they are reported at once.</summary>
    /// <exception cref="UsbException">The bus cannot be listed.</exception>
    public IReadOnlyList<DiscoveryPort> Begin() => [.. ports.List().Select(Report).OrderBy(p => p.Address, StringComparer.Ordinal)];

    /// <summary>The changes since the last poll.</summary>
    /// <exception cref="UsbException">The bus cannot be listed.</exception>
    public (IReadOnlyList<DiscoveryPort> Removed, IReadOnlyList<DiscoveryPort> Added) Poll()
    {
        var devices = ports.List().ToDictionary(DfuPorts.Enumeration);
        var removed = _reported.Where(r => !devices.ContainsKey(r.Key)).ToList();
        removed.ForEach(r => _reported.Remove(r.Key));
        foreach (var gone in _settling.Keys.Where(k => !devices.ContainsKey(k)).ToList())
        {
            _settling.Remove(gone);
        }

        var added = new List<DiscoveryPort>();
        foreach (var (enumeration, device) in devices.Where(d => !_reported.ContainsKey(d.Key)))
        {
            _settling.TryAdd(enumeration, time.GetTimestamp());
            if (Remaining(_settling[enumeration]) <= TimeSpan.Zero)
            {
                _settling.Remove(enumeration);
                added.Add(Report(device));
            }
        }

        return ([.. removed.Select(r => r.Value)], added);
    }

    private TimeSpan Remaining(long since) => Settling - time.GetElapsedTime(since);

    private DiscoveryPort Report(UsbDeviceInfo device) => _reported[DfuPorts.Enumeration(device)] = ports.Describe(device);
}
