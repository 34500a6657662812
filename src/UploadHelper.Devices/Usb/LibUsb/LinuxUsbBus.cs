using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb.Catalogues;

namespace UploadHelper.Devices.Usb.LibUsb;

/// <summary>
/// The USB devices of Linux: looked at in sysfs, opened by their nodes, and only then handed to libusb-1.0, which looks
/// at none itself. A look and an opening wait for no other device, and need no udev.
/// </summary>
/// <param name="view">The look.</param>
/// <param name="nodes">Where the nodes are: <see cref="LinuxBusView.Nodes"/>.</param>
internal sealed class LinuxUsbBus(LinuxBusView view, string nodes) : IUsbBus
{
    private bool _isPrepared;

    /// <inheritdoc/>
    public IReadOnlyList<UsbDeviceInfo> List()
    {
        // With the first look, which comes before a board is reset: once it is, some bootloaders stay for half a second.
        if (!_isPrepared)
        {
            LibUsbNode.Prepare();
            _isPrepared = true;
        }

        // The kernel makes the node after the entry in sysfs. Where there are no nodes at all (a container), opening tells.
        var devices = view.List();
        return Directory.Exists(nodes) ? [.. devices.Where(d => File.Exists(Node(d)))] : devices;
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
            // The kernel opens the node of a device that leaves no more.
            throw new UsbException(UsbFault.Gone, $"The device at {device.Path} is no longer on the bus.", e);
        }
    }

    private string Node(UsbDeviceInfo device) => LinuxBusView.Node(nodes, device.Bus, device.Number);
}
