using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Usb;

namespace UploadHelper.Discovery;

/// <summary>
/// The boards in DFU mode on a bus. A look opens nothing. Each enumeration is opened once, for its serial number, by
/// standard requests alone: a class request would park a Maple bootloader in DFU mode for ever.
/// </summary>
/// <param name="bus">The bus.</param>
internal sealed class DfuPorts(IUsbBus bus)
{
    private readonly Dictionary<(int Bus, int Number), DiscoveryPort> _known = [];

    /// <summary>One look.</summary>
    /// <exception cref="UsbException">The bus cannot be looked at.</exception>
    public IReadOnlyList<UsbDeviceInfo> Look()
    {
        var devices = bus.List().Where(d => d.Interfaces.Any(DfuDescription.IsDfuMode)).ToList();
        foreach (var gone in _known.Keys.Except(devices.Select(Enumeration)).ToList())
        {
            _known.Remove(gone);
        }

        return devices;
    }

    /// <summary>A device of the last look as a port.</summary>
    public DiscoveryPort Describe(UsbDeviceInfo device)
    {
        if (!_known.TryGetValue(Enumeration(device), out var port))
        {
            port = new DiscoveryPort(Address(device), device.Id, SerialNumber(device));
            _known.Add(Enumeration(device), port);
        }

        return port;
    }

    /// <summary>What tells one enumeration of a device from the next.</summary>
    public static (int Bus, int Number) Enumeration(UsbDeviceInfo device) => (device.Bus, device.Number);

    private static string Address(UsbDeviceInfo device) => device.Path.Length > 0 ? device.Path : $"{device.Bus}-?{device.Number}";

    // A port without a serial number is still one: the user may lack the rights to open it, an upload may hold it, or
    // it may be what a bootloader left behind when it started its sketch.
    private string SerialNumber(UsbDeviceInfo device)
    {
        try
        {
            using var open = bus.Open(device);
            return UsbDescriptors.ReadString(open, UsbDescriptors.ReadDevice(open)[SerialNumberIndexAt]);
        }
        catch (UsbException)
        {
            return "";
        }
    }

    private const int SerialNumberIndexAt = 16; // iSerialNumber (USB 2.0, 9.6.1)
}
