using Microsoft.Win32.SafeHandles;
using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.LibUsb;

/// <summary>A device of Linux that was opened by its node, in a context of libusb's that knows no other device.</summary>
internal sealed class LibUsbNode : IDisposable
{
    // LIBUSB_OPTION_NO_DEVICE_DISCOVERY, which is to be set before a context is made (libusb.h). Since 1.0.24; an older
    // library looks at the bus for nothing, which only takes longer.
    private const int NoDeviceDiscovery = 2;

    private readonly SafeFileHandle _file;
    private readonly nint _context;

    /// <param name="file">The node, open for reading and writing; it is closed with this.</param>
    /// <param name="path">Its path.</param>
    /// <exception cref="UsbException">It is none of a device, or that has left.</exception>
    public LibUsbNode(SafeFileHandle file, string path)
    {
        _file = file;
        try
        {
            _context = Start();
            LibUsbError.Check(LibUsb.WrapSystemDevice(_context, file.DangerousGetHandle(), out var handle), $"Opening {path}");
            Handle = handle;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>libusb's handle of the device; to be closed before this is disposed of.</summary>
    public nint Handle { get; }

    /// <summary>Loads libusb, so that opening a device need not.</summary>
    /// <exception cref="UsbException">It is not there, and the message says where to get it.</exception>
    public static void Prepare() => LibUsb.Exit(Start());

    public void Dispose()
    {
        if (_context != 0)
        {
            LibUsb.Exit(_context);
        }

        _file.Dispose();
    }

    private static nint Start() => LibUsbLoader.Call(() =>
    {
        _ = LibUsb.SetOption(0, NoDeviceDiscovery);
        LibUsbError.Check(LibUsb.Init(out var context), "Starting libusb");
        return context;
    });
}
