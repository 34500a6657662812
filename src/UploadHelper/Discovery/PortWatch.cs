using UploadHelper.Core.Usb;

namespace UploadHelper.Discovery;

/// <summary>Tells from look to look which ports came and which went.</summary>
/// <param name="ports">The ports of the bus.</param>
/// <param name="time">The clock.</param>
internal sealed class PortWatch(DfuPorts ports, TimeProvider time)
{
    /// <summary>
    /// How long a newcomer stays before it is opened and told. udev needs so long to give the user access; the upload
    /// that may be waiting for it opens it first (on Windows only one can); and a bootloader that is only passing
    /// through does not make a list of ports flicker. dfu-discovery looks again after the same time.
    /// </summary>
    public static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<(int Bus, int Number), DiscoveryPort> _told = [];
    private readonly Dictionary<(int Bus, int Number), long> _settling = [];

    /// <summary>How long until the next newcomer has settled, or null without one.</summary>
    public TimeSpan? UntilSettled => _settling.Count == 0 ? null : Remaining(_settling.Values.Min());

    /// <summary>What is there at the beginning: it has been there for who knows how long, and is told at once.</summary>
    /// <exception cref="UsbException">The bus cannot be looked at.</exception>
    public IReadOnlyList<DiscoveryPort> Begin()
    {
        _told.Clear();
        _settling.Clear();
        return [.. ports.Look().Select(Tell).OrderBy(p => p.Address, StringComparer.Ordinal)];
    }

    /// <summary>What changed since the last look: first what went, then what came.</summary>
    /// <exception cref="UsbException">The bus cannot be looked at.</exception>
    public (IReadOnlyList<DiscoveryPort> Gone, IReadOnlyList<DiscoveryPort> Come) Look()
    {
        var devices = ports.Look().ToDictionary(DfuPorts.Enumeration);
        var gone = _told.Where(t => !devices.ContainsKey(t.Key)).ToList();
        gone.ForEach(g => _told.Remove(g.Key));
        foreach (var passed in _settling.Keys.Where(k => !devices.ContainsKey(k)).ToList())
        {
            _settling.Remove(passed);
        }

        var come = new List<DiscoveryPort>();
        foreach (var (enumeration, device) in devices.Where(d => !_told.ContainsKey(d.Key)))
        {
            _settling.TryAdd(enumeration, time.GetTimestamp());
            if (Remaining(_settling[enumeration]) <= TimeSpan.Zero)
            {
                _settling.Remove(enumeration);
                come.Add(Tell(device));
            }
        }

        return ([.. gone.Select(g => g.Value)], come);
    }

    private TimeSpan Remaining(long since) => Settling - time.GetElapsedTime(since);

    private DiscoveryPort Tell(UsbDeviceInfo device) => _told[DfuPorts.Enumeration(device)] = ports.Describe(device);
}
