using System.Runtime.InteropServices;

namespace UploadHelper.Devices.Usb.LibUsb0;

/// <summary>
/// The functions of libusb-win32 that are used (lusb0_usb.h). Its libusb0.dll comes with its driver libusb0.sys, to System32,
/// and is loaded only if it is there. They are C functions: errors are negative (see <see cref="LibUsb0Error"/>).
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
        _reset = (delegate* unmanaged[Cdecl]<nint, int>)Function("usb_reset");
        ((delegate* unmanaged[Cdecl]<void>)Function("usb_init"))();

        nint Function(string name) => NativeLibrary.GetExport(library, name);
    }

    /// <summary>Loads the library from beside the executable or from System32.</summary>
    /// <returns>Null if it is not there, or is another one.</returns>
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

    /// <summary>Brings the library's lists up to date. What it knew of devices that are gone is freed.</summary>
    /// <returns>The first struct usb_bus, 0 if there is none.</returns>
    public nint Look()
    {
        LibUsb0Error.Check(_findBusses(), "Looking for buses");
        LibUsb0Error.Check(_findDevices(), "Looking for devices");
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

    /// <summary>usb_reset: resets the port, and then has the device enumerate again (reset_device.c).</summary>
    public int Reset(nint handle) => _reset(handle);
}
