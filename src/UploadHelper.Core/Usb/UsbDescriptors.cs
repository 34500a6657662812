using System.Globalization;
using System.Text;

namespace UploadHelper.Core.Usb;

/// <summary>Reads descriptors by standard requests (USB 2.0, 9.4.3), which every device answers in every state.</summary>
public static class UsbDescriptors
{
    private const byte GetDescriptor = 6;
    private const byte Configuration = 2;
    private const byte String = 3;
    private const ushort EnglishUs = 0x0409;
    private const byte Interface = 4;
    private const int ConfigurationHeader = 9;
    private const int InterfaceSize = 9;

    // A bootloader is known by its strings, and with it what it needs.
    private const int StringAttempts = 2;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <summary>Reads the whole first configuration descriptor.</summary>
    /// <exception cref="UsbException">The device does not answer, or answers too little to be one.</exception>
    public static byte[] ReadConfiguration(IUsbDevice device)
    {
        var head = Read(device, (ushort)(Configuration << 8), 0, ConfigurationHeader);
        if (head.Length < ConfigurationHeader)
        {
            throw new UsbException(UsbFault.Io, $"The configuration descriptor has {head.Length} bytes instead of {ConfigurationHeader} or more.");
        }

        return Read(device, (ushort)(Configuration << 8), 0, (ushort)(head[2] | head[3] << 8));
    }

    /// <summary>Reads a string descriptor in English (or whatever the device has instead); "" if there is none.</summary>
    /// <param name="device">The open device.</param>
    /// <param name="index">Index of the string; 0 means that there is none.</param>
    /// <exception cref="UsbException">The device went away; a string that the device refuses is "".</exception>
    public static string ReadString(IUsbDevice device, byte index)
    {
        if (index == 0)
        {
            return "";
        }

        for (var attempt = 1; attempt <= StringAttempts; attempt++)
        {
            try
            {
                var descriptor = Read(device, (ushort)(String << 8 | index), EnglishUs, 255);
                var length = descriptor.Length > 0 ? descriptor[0] : 0;
                if (length > descriptor.Length && attempt < StringAttempts)
                {
                    // Cut short.
                    continue;
                }

                length = Math.Min(descriptor.Length, length);
                return length <= 2 ? "" : Encoding.Unicode.GetString(descriptor, 2, (length - 2) & ~1).TrimEnd('\0');
            }
            catch (UsbException e) when (e.Fault is UsbFault.Stall or UsbFault.Io)
            {
                // Asked for again; a device that really has none refuses each time.
            }
        }

        return "";
    }

    /// <summary>Reads the device descriptor's string indexes and versions.</summary>
    /// <exception cref="UsbException">The device does not answer, or answers too little.</exception>
    public static byte[] ReadDevice(IUsbDevice device)
    {
        var descriptor = Read(device, 1 << 8, 0, 18);
        return descriptor.Length == 18
            ? descriptor
            : throw new UsbException(UsbFault.Io, $"The device descriptor has {descriptor.Length} bytes instead of 18.");
    }

    /// <summary>Splits a configuration descriptor into its parts, each with its length byte first; stops at the first broken one.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Split(ReadOnlyMemory<byte> configuration)
    {
        while (configuration.Length >= 2)
        {
            var length = configuration.Span[0];
            if (length < 2 || length > configuration.Length)
            {
                yield break;
            }

            yield return configuration[..length];
            configuration = configuration[length..];
        }
    }

    /// <summary>The interfaces of a configuration descriptor, each alternate setting as one.</summary>
    public static IEnumerable<UsbInterfaceInfo> Interfaces(ReadOnlyMemory<byte> configuration)
    {
        foreach (var part in Split(configuration))
        {
            if (ReadInterface(part.Span) is { } i)
            {
                yield return i;
            }
        }
    }

    /// <summary>Reads an interface descriptor (USB 2.0, 9.6.5); null if the descriptor is another one.</summary>
    public static UsbInterfaceInfo? ReadInterface(ReadOnlySpan<byte> descriptor) =>
        descriptor.Length >= InterfaceSize && descriptor[1] == Interface
            ? new UsbInterfaceInfo(descriptor[2], descriptor[3], descriptor[5], descriptor[6], descriptor[7])
            : null;

    private static byte[] Read(IUsbDevice device, ushort value, ushort index, ushort length)
    {
        var buffer = new byte[length];
        var received = device.ControlIn(new UsbSetup(0x80, GetDescriptor, value, index, length), buffer, Timeout);
        return buffer[..received];
    }
}

/// <summary>
/// A device as one look at the bus shows it, before anything is opened. Two looks show an equal
/// <see cref="Bus"/> and <see cref="Number"/> only for the same enumeration of the same device.
/// </summary>
/// <param name="Bus">Number of the bus.</param>
/// <param name="Number">The device's number on the bus; a device that enumerates again gets another.</param>
/// <param name="Path">Where it is plugged in, as "1-1.2" (bus, ports), or "" where the system does not tell. Stays the same when the device enumerates again.</param>
/// <param name="VendorId">idVendor.</param>
/// <param name="ProductId">idProduct.</param>
/// <param name="Release">bcdDevice.</param>
/// <param name="Interfaces">The interfaces that are known without opening the device; alternate settings may be missing.</param>
public sealed record UsbDeviceInfo(
    int Bus,
    int Number,
    string Path,
    ushort VendorId,
    ushort ProductId,
    ushort Release,
    IReadOnlyList<UsbInterfaceInfo> Interfaces)
{
    /// <summary>idVendor and idProduct.</summary>
    public UsbId Id => new(VendorId, ProductId);
}

/// <summary>An interface as the configuration descriptor names it (USB 2.0, 9.6.5).</summary>
/// <param name="Number">bInterfaceNumber.</param>
/// <param name="AlternateSetting">bAlternateSetting.</param>
/// <param name="Class">bInterfaceClass.</param>
/// <param name="SubClass">bInterfaceSubClass.</param>
/// <param name="Protocol">bInterfaceProtocol.</param>
public readonly record struct UsbInterfaceInfo(byte Number, byte AlternateSetting, byte Class, byte SubClass, byte Protocol);

/// <summary>A pair of USB ids.</summary>
/// <param name="Vendor">idVendor.</param>
/// <param name="Product">idProduct.</param>
public readonly record struct UsbId(ushort Vendor, ushort Product)
{
    /// <summary>Reads "0483:df11", with or without "0x" before either half.</summary>
    /// <exception cref="FormatException">Not a pair of hexadecimal numbers of up to four digits.</exception>
    public static UsbId Parse(string text)
    {
        var halves = text.Split(':');
        return halves.Length == 2 && TryHalf(halves[0], out var vendor) && TryHalf(halves[1], out var product)
            ? new UsbId(vendor, product)
            : throw new FormatException($"\"{text}\" is no pair of USB ids; write VID:PID in hexadecimal, for example 0483:df11.");
    }

    /// <summary>As people write it: "0483:DF11".</summary>
    public override string ToString() => $"{Vendor:X4}:{Product:X4}";

    private static bool TryHalf(string text, out ushort value)
    {
        var digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        return ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
