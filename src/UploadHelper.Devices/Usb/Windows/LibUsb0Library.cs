using System.Buffers.Binary;
using System.Runtime.InteropServices;
using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.Windows;

/// <summary>
/// The functions of libusb-win32 that are used (lusb0_usb.h). The driver libusb0.sys installs libusb0.dll in
/// System32; it is loaded only if it exists. These are C functions: errors are negative (see <see cref="LibUsb0Error"/>).
/// </summary>
internal sealed unsafe class LibUsb0Library
{
    private const string Name = "libusb0.dll";
    private readonly delegate* unmanaged[Cdecl]<int> _findBusses;
    private readonly delegate* unmanaged[Cdecl]<int> _findDevices;
    private readonly delegate* unmanaged[Cdecl]<nint> _getBusses;
    private readonly delegate* unmanaged[Cdecl]<nint, nint> _open;
    private readonly delegate* unmanaged[Cdecl]<nint, int> _close;
    private readonly delegate* unmanaged[Cdecl]<nint, int, int> _setConfiguration;
    private readonly delegate* unmanaged[Cdecl]<nint, int, int> _claimInterface;
    private readonly delegate* unmanaged[Cdecl]<nint, int, int> _releaseInterface;
    private readonly delegate* unmanaged[Cdecl]<nint, int, int> _setAlternate;
    private readonly delegate* unmanaged[Cdecl]<nint, int, int, int, int, byte*, int, int, int> _controlMessage;
    private readonly delegate* unmanaged[Cdecl]<nint, int, byte*, int, int, int> _interruptRead;
    private readonly delegate* unmanaged[Cdecl]<nint, int> _reset;

    private LibUsb0Library(nint library)
    {
        _findBusses = (delegate* unmanaged[Cdecl]<int>)Function("usb_find_busses");
        _findDevices = (delegate* unmanaged[Cdecl]<int>)Function("usb_find_devices");
        _getBusses = (delegate* unmanaged[Cdecl]<nint>)Function("usb_get_busses");
        _open = (delegate* unmanaged[Cdecl]<nint, nint>)Function("usb_open");
        _close = (delegate* unmanaged[Cdecl]<nint, int>)Function("usb_close");
        _setConfiguration = (delegate* unmanaged[Cdecl]<nint, int, int>)Function("usb_set_configuration");
        _claimInterface = (delegate* unmanaged[Cdecl]<nint, int, int>)Function("usb_claim_interface");
        _releaseInterface = (delegate* unmanaged[Cdecl]<nint, int, int>)Function("usb_release_interface");
        _setAlternate = (delegate* unmanaged[Cdecl]<nint, int, int>)Function("usb_set_altinterface");
        _controlMessage = (delegate* unmanaged[Cdecl]<nint, int, int, int, int, byte*, int, int, int>)Function("usb_control_msg");
        _interruptRead = (delegate* unmanaged[Cdecl]<nint, int, byte*, int, int, int>)Function("usb_interrupt_read");
        _reset = (delegate* unmanaged[Cdecl]<nint, int>)Function("usb_reset");
        ((delegate* unmanaged[Cdecl]<void>)Function("usb_init"))();

        nint Function(string name) => NativeLibrary.GetExport(library, name);
    }

    /// <summary>Loads the library from the folder of the executable or from System32.</summary>
    /// <returns>Null if it does not exist, or is another library.</returns>
    public static LibUsb0Library? TryLoad()
    {
        const DllImportSearchPath Search = DllImportSearchPath.ApplicationDirectory | DllImportSearchPath.System32;
        try
        {
            return NativeLibrary.TryLoad(Name, typeof(LibUsb0Library).Assembly, Search, out var library) ? new LibUsb0Library(library) : null;
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Updates the lists of the library, which frees its entries for devices that are gone.</summary>
    /// <returns>The first struct usb_bus, 0 if there is none.</returns>
    public nint UpdateLists()
    {
        LibUsb0Error.Check(_findBusses(), "Listing the buses");
        LibUsb0Error.Check(_findDevices(), "Listing the devices");
        return _getBusses();
    }

    /// <summary>usb_open.</summary>
    /// <returns>0 if it failed.</returns>
    public nint Open(nint device) => _open(device);

    public void Close(nint handle) => _ = _close(handle);

    public int SetConfiguration(nint handle, byte value) => _setConfiguration(handle, value);

    public int ClaimInterface(nint handle, byte interfaceNumber) => _claimInterface(handle, interfaceNumber);

    public void ReleaseInterface(nint handle, byte interfaceNumber) => _ = _releaseInterface(handle, interfaceNumber);

    public int SetAlternate(nint handle, byte alternateSetting) => _setAlternate(handle, alternateSetting);

    public int ControlMessage(nint handle, byte requestType, byte request, ushort value, ushort index, Span<byte> data, int milliseconds)
    {
        fixed (byte* bytes = data)
        {
            return _controlMessage(handle, requestType, request, value, index, bytes, data.Length, milliseconds);
        }
    }

    public int InterruptRead(nint handle, byte endpoint, Span<byte> data, int milliseconds)
    {
        fixed (byte* bytes = data)
        {
            return _interruptRead(handle, endpoint, bytes, data.Length, milliseconds);
        }
    }

    /// <summary>usb_reset: resets the port, and then makes the device enumerate again (reset_device.c).</summary>
    public int Reset(nint handle) => _reset(handle);
}

/// <summary>
/// Reads the lists of buses and devices of libusb-win32 (lusb0_usb.h: struct usb_bus, usb_device, usb_config_descriptor,
/// usb_interface, usb_interface_descriptor). They are packed: no field is aligned.
/// </summary>
internal static class LibUsb0Structures
{
    private const int PathMax = 512; // LIBUSB_PATH_MAX
    private const int DeviceDescriptorSize = 18;
    private const int DescriptorHeader = 9; // configuration and interface descriptors alike
    private static readonly int P = nint.Size;

    /// <summary>A device as the library knows it.</summary>
    /// <param name="Device">Its struct usb_device, valid until the lists are updated.</param>
    /// <param name="Name">"\\.\libusb0-0001--0x1eaf-0x0003".</param>
    /// <param name="Info">The content of the descriptors.</param>
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
