using System.Buffers.Binary;
using System.Runtime.InteropServices;
using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.LibUsb0;

/// <summary>
/// Reads libusb-win32's lists of buses and devices (lusb0_usb.h: struct usb_bus, usb_device, usb_config_descriptor,
/// usb_interface, usb_interface_descriptor). They are packed: no field is aligned.
/// </summary>
internal static class LibUsb0Structures
{
    private const int PathMax = 512; // LIBUSB_PATH_MAX
    private const int DeviceDescriptorSize = 18;
    private const int DescriptorHeader = 9; // configuration and interface descriptors alike
    private static readonly int P = nint.Size;

    /// <summary>A device as the library knows it.</summary>
    /// <param name="Device">Its struct usb_device, which lives until the library looks again.</param>
    /// <param name="Name">"\\.\libusb0-0001--0x1eaf-0x0003".</param>
    /// <param name="Info">What the descriptors say.</param>
    /// <param name="Configuration">bConfigurationValue.</param>
    public readonly record struct Entry(nint Device, string Name, UsbDeviceInfo Info, byte Configuration);

    /// <summary>All devices of all buses.</summary>
    /// <param name="bus">The first struct usb_bus, or 0.</param>
    public static List<Entry> Devices(nint bus)
    {
        var found = new List<Entry>();
        for (; bus != 0; bus = Marshal.ReadIntPtr(bus))
        {
            var devices = Marshal.ReadIntPtr(bus, 2 * P + PathMax);
            for (var device = devices; device != 0; device = Marshal.ReadIntPtr(device))
            {
                found.Add(Describe(device));
            }
        }

        return found;
    }

    private static Entry Describe(nint device)
    {
        // next, prev, filename, bus; then the descriptor, and a pointer to the configuration.
        var name = Marshal.PtrToStringAnsi(device + 2 * P) ?? "";
        var descriptorAt = 2 * P + PathMax + P;
        var d = new byte[DeviceDescriptorSize];
        Marshal.Copy(device + descriptorAt, d, 0, d.Length);
        var configuration = Marshal.ReadIntPtr(device, descriptorAt + DeviceDescriptorSize);
        var info = new UsbDeviceInfo(0, 0, "", U16(d, 8), U16(d, 10), U16(d, 12), configuration == 0 ? [] : Interfaces(configuration));
        return new Entry(device, name, info, configuration == 0 ? (byte)1 : Marshal.ReadByte(configuration, 5));
    }

    private static List<UsbInterfaceInfo> Interfaces(nint configuration)
    {
        var found = new List<UsbInterfaceInfo>();
        var interfaces = Marshal.ReadIntPtr(configuration, DescriptorHeader);
        var alternateSize = DescriptorHeader + P + P + 4; // endpoint, extra, extralen
        for (var i = 0; i < Marshal.ReadByte(configuration, 4); i++)
        {
            var one = interfaces + i * (P + 4); // altsetting, num_altsetting
            var alternates = Marshal.ReadIntPtr(one);
            for (var a = 0; a < Marshal.ReadInt32(one, P); a++)
            {
                var d = new byte[DescriptorHeader];
                Marshal.Copy(alternates + a * alternateSize, d, 0, d.Length);
                found.Add(new UsbInterfaceInfo(d[2], d[3], d[5], d[6], d[7]));
            }
        }

        return found;
    }

    private static ushort U16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
}
