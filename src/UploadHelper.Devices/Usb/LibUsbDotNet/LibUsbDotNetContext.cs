using UploadHelper.Core.Usb;
using Package = LibUsbDotNet.LibUsb;

namespace UploadHelper.Devices.Usb.LibUsbDotNet;

/// <summary>A context of LibUsbDotNet with the devices that it saw when it was made: one look at the bus.</summary>
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

    /// <summary>The devices, each with LibUsbDotNet's object for it, which lives as long as this context.</summary>
    public IReadOnlyList<(Package.UsbDevice Device, UsbDeviceInfo Info)> Devices { get; }

    /// <summary>Closes what is open, and only then the context: the other way round LibUsbDotNet frees what its event thread still uses.</summary>
    public void Dispose()
    {
        _list.Dispose();
        _context.Dispose();
    }

    private static Package.UsbContext Start()
    {
        // LibUsbDotNet looks for the library in more places than we trust; one that is loaded already is what it finds.
        LibUsbLoader.Load();
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
            // Of a device that is not open this takes no transfer: strings stay empty.
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
            // It left while we looked, or its descriptors are broken.
            return null;
        }
    }

    private static string Path(Package.UsbDevice device)
    {
        var ports = device.PortNumbers;
        return ports.Count == 0 ? "" : $"{device.BusNumber}-{string.Join('.', ports)}";
    }

    /// <summary>
    /// A context that only <see cref="Package.UsbContext.Dispose()"/> closes. The package's finalizer ends the program
    /// after a constructor that failed (no libusb), and would close what has to stay open.
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
