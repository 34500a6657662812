using System.Buffers.Binary;
using System.Runtime.InteropServices;
using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.LibUsb;

/// <summary>
/// The USB devices of this machine through libusb-1.0 alone. Each list has a context of its own: on Windows a context does
/// not see what is plugged in after its start, on Linux only where udev runs.
/// </summary>
internal sealed class LibUsbBus : IUsbBus
{
    /// <inheritdoc/>
    public IReadOnlyList<UsbDeviceInfo> List()
    {
        using var context = new LibUsbContext();
        return [.. context.Devices.Select(d => d.Info)];
    }

    /// <inheritdoc/>
    public IUsbDevice Open(UsbDeviceInfo device)
    {
        var context = new LibUsbContext();
        try
        {
            var (pointer, info) = context.Devices.FirstOrDefault(d => d.Info.Bus == device.Bus && d.Info.Number == device.Number);
            if (pointer == 0)
            {
                throw new UsbException(UsbFault.Gone, $"The device at {device.Path} is no longer on the bus.");
            }

            LibUsbError.Check(LibUsb.Open(pointer, out var handle), $"Opening the device at {info.Path}");
            return new LibUsbDevice(handle, info, this, context);
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }
}

/// <summary>A context of libusb with the devices that were on the bus when it was made.</summary>
internal sealed class LibUsbContext : IDisposable
{
    private const int MaxDepth = 7; // USB 3.0, 10: hubs and device
    private readonly nint _context;
    private readonly nint _list;

    public LibUsbContext()
    {
        _context = LibUsbLoader.Call(Start);
        var count = LibUsb.GetDeviceList(_context, out _list);
        if (count < 0)
        {
            LibUsb.Exit(_context);
            throw LibUsbError.Exception((int)count, "Listing the bus");
        }

        var devices = new List<(nint Device, UsbDeviceInfo Info)>();
        for (var i = 0; i < count; i++)
        {
            var device = Marshal.ReadIntPtr(_list, i * nint.Size);
            if (Describe(device) is { } info)
            {
                devices.Add((device, info));
            }
        }

        Devices = devices;
    }

    /// <summary>The devices, each with the pointer of libusb, which is valid as long as this context.</summary>
    public IReadOnlyList<(nint Device, UsbDeviceInfo Info)> Devices { get; }

    public void Dispose()
    {
        LibUsb.FreeDeviceList(_list, 1);
        LibUsb.Exit(_context);
    }

    private static nint Start()
    {
        LibUsbError.Check(LibUsb.Init(out var context), "Starting libusb");
        return context;
    }

    private static UsbDeviceInfo? Describe(nint device)
    {
        Span<byte> d = stackalloc byte[18];
        if (LibUsb.GetDeviceDescriptor(device, d) < 0)
        {
            return null;
        }

        var bus = LibUsb.GetBusNumber(device);
        return new UsbDeviceInfo(
            bus,
            LibUsb.GetDeviceAddress(device),
            Path(device, bus),
            // libusb returns the fields in the order of the machine, which is little-endian on all systems supported here.
            BinaryPrimitives.ReadUInt16LittleEndian(d[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(d[10..]),
            BinaryPrimitives.ReadUInt16LittleEndian(d[12..]),
            Interfaces(device));
    }

    private static string Path(nint device, byte bus)
    {
        Span<byte> ports = stackalloc byte[MaxDepth];
        var depth = LibUsb.GetPortNumbers(device, ports, ports.Length);
        return depth <= 0 ? "" : $"{bus}-{string.Join('.', ports[..depth].ToArray())}";
    }

    // struct libusb_config_descriptor, libusb_interface and libusb_interface_descriptor of libusb.h, pointers aligned.
    private static List<UsbInterfaceInfo> Interfaces(nint device)
    {
        const int InterfaceCountAt = 4;
        var found = new List<UsbInterfaceInfo>();
        if (LibUsb.GetConfigDescriptor(device, 0, out var configuration) < 0)
        {
            return found;
        }

        var alternateSize = Align(9) + nint.Size + Align(nint.Size) + nint.Size;
        var interfaces = Marshal.ReadIntPtr(configuration, Align(9));
        for (var i = 0; i < Marshal.ReadByte(configuration, InterfaceCountAt); i++)
        {
            var alternates = Marshal.ReadIntPtr(interfaces, i * 2 * nint.Size);
            var count = Marshal.ReadInt32(interfaces, i * 2 * nint.Size + nint.Size);
            for (var a = 0; a < count; a++)
            {
                var d = alternates + a * alternateSize;
                found.Add(new UsbInterfaceInfo(
                    Marshal.ReadByte(d, 2), Marshal.ReadByte(d, 3), Marshal.ReadByte(d, 5), Marshal.ReadByte(d, 6), Marshal.ReadByte(d, 7)));
            }
        }

        LibUsb.FreeConfigDescriptor(configuration);
        return found;
    }

    private static int Align(int offset) => (offset + nint.Size - 1) / nint.Size * nint.Size;
}
