using System.Runtime.InteropServices;
using UploadHelper.Devices.Libraries;

namespace UploadHelper.Devices.Usb.LibUsb;

/// <summary>The functions of libusb-1.0 that are used (libusb.h), loaded at the first call.</summary>
internal static partial class LibUsb
{
    private const string Library = "usb-1.0";

    static LibUsb() => CarriedLibrary.Resolve(typeof(LibUsb).Assembly, Library, LibUsbLoader.Library);

    [LibraryImport(Library, EntryPoint = "libusb_init")]
    public static partial int Init(out nint context);

    [LibraryImport(Library, EntryPoint = "libusb_exit")]
    public static partial void Exit(nint context);

    /// <summary>
    /// Sets an option without a value. The function is variadic, which makes no difference without further arguments,
    /// except on macOS, where it is not called.
    /// </summary>
    [LibraryImport(Library, EntryPoint = "libusb_set_option")]
    public static partial int SetOption(nint context, int option);

    [LibraryImport(Library, EntryPoint = "libusb_wrap_sys_device")]
    public static partial int WrapSystemDevice(nint context, nint descriptor, out nint handle);

    [LibraryImport(Library, EntryPoint = "libusb_get_device_list")]
    public static partial nint GetDeviceList(nint context, out nint list);

    [LibraryImport(Library, EntryPoint = "libusb_free_device_list")]
    public static partial void FreeDeviceList(nint list, int unreferenceDevices);

    [LibraryImport(Library, EntryPoint = "libusb_get_bus_number")]
    public static partial byte GetBusNumber(nint device);

    [LibraryImport(Library, EntryPoint = "libusb_get_device_address")]
    public static partial byte GetDeviceAddress(nint device);

    [LibraryImport(Library, EntryPoint = "libusb_get_port_numbers")]
    public static partial int GetPortNumbers(nint device, Span<byte> ports, int length);

    [LibraryImport(Library, EntryPoint = "libusb_get_device_descriptor")]
    public static partial int GetDeviceDescriptor(nint device, Span<byte> descriptor);

    [LibraryImport(Library, EntryPoint = "libusb_get_config_descriptor")]
    public static partial int GetConfigDescriptor(nint device, byte index, out nint configuration);

    [LibraryImport(Library, EntryPoint = "libusb_free_config_descriptor")]
    public static partial void FreeConfigDescriptor(nint configuration);

    [LibraryImport(Library, EntryPoint = "libusb_open")]
    public static partial int Open(nint device, out nint handle);

    [LibraryImport(Library, EntryPoint = "libusb_close")]
    public static partial void Close(nint handle);

    [LibraryImport(Library, EntryPoint = "libusb_set_auto_detach_kernel_driver")]
    public static partial int SetAutoDetachKernelDriver(nint handle, int enable);

    [LibraryImport(Library, EntryPoint = "libusb_claim_interface")]
    public static partial int ClaimInterface(nint handle, int interfaceNumber);

    [LibraryImport(Library, EntryPoint = "libusb_release_interface")]
    public static partial int ReleaseInterface(nint handle, int interfaceNumber);

    [LibraryImport(Library, EntryPoint = "libusb_set_interface_alt_setting")]
    public static partial int SetInterfaceAltSetting(nint handle, int interfaceNumber, int alternateSetting);

    [LibraryImport(Library, EntryPoint = "libusb_control_transfer")]
    public static partial int ControlTransfer(
        nint handle, byte requestType, byte request, ushort value, ushort index, Span<byte> data, ushort length, uint timeout);

    [LibraryImport(Library, EntryPoint = "libusb_interrupt_transfer")]
    public static partial int InterruptTransfer(nint handle, byte endpoint, Span<byte> data, int length, out int transferred, uint timeout);

    [LibraryImport(Library, EntryPoint = "libusb_reset_device")]
    public static partial int ResetDevice(nint handle);
}
