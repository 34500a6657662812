using UploadHelper.Core.Usb;
using Package = LibUsbDotNet.LibUsb;

namespace UploadHelper.Devices.Usb.LibUsbDotNet;

/// <summary>
/// The USB devices of this machine through the package LibUsbDotNet 3. Each list has a context of its own: without a
/// running udev, a context does not see what is plugged in after its start.
/// </summary>
internal sealed class LibUsbDotNetBus : IUsbBus
{
    /// <inheritdoc/>
    public IReadOnlyList<UsbDeviceInfo> List()
    {
        using var context = new LibUsbDotNetContext();
        return [.. context.Devices.Select(d => d.Info)];
    }

    /// <inheritdoc/>
    public IUsbDevice Open(UsbDeviceInfo device)
    {
        var context = new LibUsbDotNetContext();
        try
        {
            var (found, info) = context.Devices.FirstOrDefault(d => d.Info.Bus == device.Bus && d.Info.Number == device.Number);
            return found is null
                ? throw new UsbException(UsbFault.Gone, $"The device at {device.Path} is no longer on the bus.")
                : new LibUsbDotNetDevice(context, found, info, this);
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }
}

/// <summary>A context of LibUsbDotNet with the devices that were on the bus when it was made.</summary>
internal sealed class LibUsbDotNetContext : IDisposable
{
    private readonly Package.UsbContext _context;
    private readonly Package.UsbDeviceCollection _list;

    public LibUsbDotNetContext()
    {
        _context = LibUsbLoader.Call(Start);
        _list = _context.List();
        Devices = [.. _list.OfType<Package.UsbDevice>().Select(d => (d, Describe(d))).Where(d => d.Item2 is not null).Select(d => (d.d, d.Item2!))];
    }

    /// <summary>The devices, each with the object of LibUsbDotNet, which is valid as long as this context.</summary>
    public IReadOnlyList<(Package.UsbDevice Device, UsbDeviceInfo Info)> Devices { get; }

    /// <summary>Closes the devices, and only then the context: in the other order LibUsbDotNet frees what its event thread still uses.</summary>
    public void Dispose()
    {
        _list.Dispose();
        _context.Dispose();
    }

    private static Package.UsbContext Start()
    {
        // LibUsbDotNet searches the library in more folders than we trust; it takes one that is already loaded.
        _ = LibUsbLoader.Library.Value;
        try
        {
            return new UnfinalizedContext();
        }
        catch (Package.UsbException e)
        {
            throw LibUsbError.Exception((int)e.ErrorCode, "Starting libusb");
        }
    }

    private static UsbDeviceInfo? Describe(Package.UsbDevice device)
    {
        try
        {
            // For a device that is not open this needs no transfer: strings stay empty.
            var info = device.Info;
            var interfaces = info.Configurations.FirstOrDefault()?.Interfaces ?? [];
            return new UsbDeviceInfo(
                device.BusNumber,
                device.Address,
                Path(device),
                info.VendorId,
                info.ProductId,
                info.Device,
                [.. interfaces.Select(i => new UsbInterfaceInfo((byte)i.Number, i.AlternateSetting, (byte)i.Class, i.SubClass, i.Protocol))]);
        }
        catch (Package.UsbException)
        {
            // It is unplugged at this moment, or its descriptors are broken.
            return null;
        }
    }

    private static string Path(Package.UsbDevice device)
    {
        var ports = device.PortNumbers;
        return ports.Count == 0 ? "" : $"{device.BusNumber}-{string.Join('.', ports)}";
    }

    /// <summary>
    /// A context that only <see cref="Package.UsbContext.Dispose()"/> closes. The finalizer of the package ends the program
    /// after a constructor that failed (no libusb), and would close what must stay open.
    /// </summary>
    private sealed class UnfinalizedContext : Package.UsbContext
    {
        protected override void Dispose(bool disposeManagedObjects)
        {
            if (disposeManagedObjects)
            {
                base.Dispose(disposeManagedObjects);
            }
        }
    }
}
