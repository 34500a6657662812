using Microsoft.Win32.SafeHandles;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Linux;

namespace UploadHelper.Devices.Usb.LibUsb;

/// <summary>
/// The USB devices of Linux: listed from sysfs, opened through their files in /dev, and only then given to libusb-1.0,
/// which lists none itself. Neither listing nor opening waits for another device, and neither needs udev.
/// </summary>
/// <param name="sysfs">Lists the devices.</param>
/// <param name="nodes">The folder of the files through which devices are opened: <see cref="Sysfs.Nodes"/>.</param>
internal sealed class LinuxUsbBus(Sysfs sysfs, string nodes) : IUsbBus
{
    private bool _isPrepared;

    /// <inheritdoc/>
    public IReadOnlyList<UsbDeviceInfo> List()
    {
        // With the first list, which is made before a board is reset: after the reset some bootloaders stay for half a second.
        // Without udev libusb does not start where no device has a node, as in a virtual machine without USB.
        var hasNodes = Directory.Exists(nodes);
        if (hasNodes && !_isPrepared)
        {
            LibUsbNode.Prepare();
            _isPrepared = true;
        }

        // The kernel makes the node after the entry in sysfs. Without any nodes (in a container) the error appears at opening.
        var devices = sysfs.Devices();
        return hasNodes ? [.. devices.Where(d => File.Exists(Node(d)))] : devices;
    }

    /// <inheritdoc/>
    public IUsbDevice Open(UsbDeviceInfo device)
    {
        var path = Node(device);
        try
        {
            var node = new LibUsbNode(File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite), path);
            return new LibUsbDevice(node.Handle, device, this, node);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UsbException(UsbFault.AccessDenied, e.Message, e);
        }
        catch (IOException e)
        {
            // The kernel no longer opens the node of a device that is being unplugged.
            throw new UsbException(UsbFault.Gone, $"The device at {device.Path} is no longer on the bus.", e);
        }
    }

    private string Node(UsbDeviceInfo device) => Sysfs.Node(nodes, device.Bus, device.Number);
}

/// <summary>A device of Linux that was opened through its node, in a context of libusb that knows no other device.</summary>
internal sealed class LibUsbNode : IDisposable
{
    // LIBUSB_OPTION_NO_DEVICE_DISCOVERY, to be set before a context is made (libusb.h). Since 1.0.24; an older library
    // lists the bus needlessly, which only takes longer.
    private const int NoDeviceDiscovery = 2;

    private readonly SafeFileHandle _file;
    private readonly nint _context;

    /// <param name="file">The node, open for reading and writing; it is closed with this.</param>
    /// <param name="path">Its path.</param>
    /// <exception cref="UsbException">It is not the node of a device, or the device has been unplugged.</exception>
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

    /// <summary>The handle of libusb for the device; to be closed before this is disposed.</summary>
    public nint Handle { get; }

    /// <summary>Loads libusb, so that opening a device takes no longer than it must.</summary>
    /// <exception cref="UsbException">libusb is missing; the message says where to get it.</exception>
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
