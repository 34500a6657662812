using System.Globalization;
using System.Text;

namespace UploadHelper.Core.Usb;

/// <summary>Reads descriptors by standard requests (USB 2.0, 9.4.3), which every device answers in every state.</summary>
public static class UsbDescriptors
{
    private const byte GetDescriptor = 6;
    private const byte Device = 1;
    private const byte Configuration = 2;
    private const byte String = 3;
    private const ushort EnglishUs = 0x0409;
    private const byte Interface = 4;
    private const int ConfigurationHeader = 9;
    private const int InterfaceSize = 9;
    private const ushort DeviceSize = 18;

    // Bootloaders are recognised by their strings, so a failed read is repeated.
    private const int StringAttempts = 2;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);
    private static readonly UsbSetup DeviceRequest = new(0x80, GetDescriptor, 1 << 8, 0, DeviceSize);

    /// <summary>The ids in the device descriptors that a program contains (USB 2.0, table 9-8): as what its device would appear.</summary>
    /// <param name="program">The bytes of the program.</param>
    public static IReadOnlyList<UsbId> DeviceIdsIn(ReadOnlySpan<byte> program)
    {
        const int PacketSizeAt = 7, ConfigurationsAt = 17;
        var found = new List<UsbId>();
        for (; program.IndexOf([(byte)DeviceSize, Device]) is var at and >= 0 && at + DeviceSize <= program.Length; program = program[(at + 1)..])
        {
            var d = program.Slice(at, DeviceSize);
            if (d[3] is 1 or 2 && d[2] <= 0x10 && d[PacketSizeAt] is 8 or 16 or 32 or 64 && d[ConfigurationsAt] == 1)
            {
                found.Add(new UsbId((ushort)(d[8] | d[9] << 8), (ushort)(d[10] | d[11] << 8)));
            }
        }

        return found;
    }

    /// <summary>Reads the whole first configuration descriptor.</summary>
    /// <exception cref="UsbException">The device does not answer, or its answer is too short.</exception>
    public static byte[] ReadConfiguration(IUsbDevice device)
    {
        var head = Read(device, (ushort)(Configuration << 8), 0, ConfigurationHeader);
        if (head.Length < ConfigurationHeader)
        {
            throw new UsbException(UsbFault.Io, $"The configuration descriptor has {head.Length} bytes instead of {ConfigurationHeader} or more.");
        }

        return Read(device, (ushort)(Configuration << 8), 0, (ushort)(head[2] | head[3] << 8));
    }

    /// <summary>Reads a string descriptor in English (or the language that the device has); "" if there is none.</summary>
    /// <param name="device">The open device.</param>
    /// <param name="index">Index of the string; 0 means that there is none.</param>
    /// <exception cref="UsbException">The device has disconnected. (If the device refuses the request, the result is "".)</exception>
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
                    // Truncated.
                    continue;
                }

                length = Math.Min(descriptor.Length, length);
                return length <= 2 ? "" : Encoding.Unicode.GetString(descriptor, 2, (length - 2) & ~1).TrimEnd('\0');
            }
            catch (UsbException e) when (e.Fault is UsbFault.Stall or UsbFault.Io)
            {
                // Try again; a device that really has no such string refuses every time.
            }
        }

        return "";
    }

    /// <summary>Reads the device descriptor.</summary>
    /// <exception cref="UsbException">The device does not answer, or its answer is too short.</exception>
    public static byte[] ReadDevice(IUsbDevice device)
    {
        var descriptor = Read(device, DeviceRequest.Value, 0, DeviceSize);
        return descriptor.Length == DeviceSize
            ? descriptor
            : throw new UsbException(UsbFault.Io, $"The device descriptor has {descriptor.Length} bytes instead of {DeviceSize}.");
    }

    /// <summary>Asks for the device descriptor, and ignores its content: every device that responds at all answers this request.</summary>
    /// <param name="device">The open device.</param>
    /// <param name="limit">How long it may take.</param>
    /// <exception cref="UsbException">The device does not respond.</exception>
    public static void AskForDevice(IUsbDevice device, TimeSpan limit) => device.ControlIn(DeviceRequest, new byte[DeviceSize], limit);

    /// <summary>Splits a configuration descriptor into its parts, each beginning with its length byte; stops at the first invalid one.</summary>
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

    /// <summary>The interfaces of a configuration descriptor, one entry per alternate setting.</summary>
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

    /// <summary>Reads an interface descriptor (USB 2.0, 9.6.5); null if it is a different descriptor.</summary>
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
/// A device in a list of the bus, before it is opened. In two lists, <see cref="Bus"/> and <see cref="Number"/> are equal
/// only for the same enumeration of the same device.
/// </summary>
/// <param name="Bus">Number of the bus.</param>
/// <param name="Number">The device's number on the bus; it changes whenever the device enumerates again.</param>
/// <param name="Path">The port it is plugged into, for example "1-1.2" (bus, ports), or "" if the system does not tell. It stays the same when the device enumerates again.</param>
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

    /// <summary>Whether it stands for a chip at a serial port, which has no ids; <see cref="Path"/> is the port then.</summary>
    public bool IsAtSerialPort => VendorId == 0;
}

/// <summary>An interface, as described by the configuration descriptor (USB 2.0, 9.6.5).</summary>
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
    public static UsbId Parse(string text) => TryParse(text, out var id)
        ? id
        : throw new FormatException($"\"{text}\" is not a pair of USB ids. Expected VID:PID in hexadecimal, for example 0483:df11.");

    /// <summary>
    /// Reads one or several pairs, separated by commas, as dfu-util does: "0483:df11,1eaf:0003". An empty place is left out:
    /// dfu-util's callers write ",0483:df11" for a device without run-time ids.
    /// </summary>
    /// <exception cref="FormatException">There is no pair, or something else is among them.</exception>
    public static IReadOnlyList<UsbId> ParseList(string text) => TryParseList(text, out var ids)
        ? ids
        : throw new FormatException($"\"{text}\" is not a list of USB ids. Expected VID:PID in hexadecimal, for example 0483:df11 or 0483:df11,1eaf:0003.");

    /// <summary>Reads a list of pairs, as <see cref="ParseList"/> does.</summary>
    /// <param name="text">The list.</param>
    /// <param name="ids">The pairs, without duplicates; at least one.</param>
    /// <param name="fewestDigits">How many digits each half has at least, from 1 to 4.</param>
    public static bool TryParseList(string text, out IReadOnlyList<UsbId> ids, int fewestDigits = 1)
    {
        var found = new List<UsbId>();
        ids = found;
        foreach (var pair in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!TryParse(pair, out var id, fewestDigits))
            {
                return false;
            }

            if (!found.Contains(id))
            {
                found.Add(id);
            }
        }

        return found.Count > 0;
    }

    /// <summary>Reads a pair, as <see cref="Parse"/> does.</summary>
    /// <param name="text">The pair.</param>
    /// <param name="id">The ids.</param>
    /// <param name="fewestDigits">How many digits each half has at least, from 1 to 4.</param>
    public static bool TryParse(string text, out UsbId id, int fewestDigits = 1)
    {
        id = default;
        if (text.Split(':') is not [var first, var second] || !TryHalf(first, fewestDigits, out var vendor) || !TryHalf(second, fewestDigits, out var product))
        {
            return false;
        }

        id = new UsbId(vendor, product);
        return true;
    }

    /// <summary>For example "0483:DF11".</summary>
    public override string ToString() => $"{Vendor:X4}:{Product:X4}";

    private static bool TryHalf(string text, int fewestDigits, out ushort value)
    {
        const int MostDigits = 4;
        var digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        value = 0;
        return digits.Length >= fewestDigits && digits.Length <= MostDigits
            && ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
