using System.Buffers.Binary;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Bootloaders;

/// <summary>
/// Everything in the descriptors of a bootloader. Reading them requires no class request. A HID bootloader has no functional descriptor and no
/// memories in its descriptors: what is known of it stands for them (<see cref="HidFamily"/>).
/// </summary>
/// <param name="Device">The device.</param>
/// <param name="UsbRelease">bcdUSB.</param>
/// <param name="Manufacturer">iManufacturer, or "".</param>
/// <param name="Product">iProduct, or "".</param>
/// <param name="SerialNumber">iSerialNumber, or "".</param>
/// <param name="Functional">The DFU functional descriptor.</param>
/// <param name="Alternates">The alternate settings, in the order of the descriptor; at least one.</param>
public sealed record DfuDescription(
    UsbDeviceInfo Device,
    ushort UsbRelease,
    string Manufacturer,
    string Product,
    string SerialNumber,
    DfuFunctionalDescriptor Functional,
    IReadOnlyList<DfuAlternate> Alternates)
{
    private const byte ApplicationSpecific = 0xFE;
    private const byte DeviceFirmwareUpgrade = 0x01;
    private const byte RuntimeProtocol = 0x01;
    private const byte DfuModeProtocol = 0x02;

    /// <summary>Whether it is a Maple bootloader: plain DFU, although some units claim to be DfuSe (bcdDevice 0200).</summary>
    public bool IsMaple => Device.Id == MapleFamily.Id;

    /// <summary>Whether it is a HID bootloader, which does not speak DFU.</summary>
    public bool IsHid => HidFamily.IsHid(Device);

    /// <summary>Whether the device speaks DfuSe, judging by bcdDFUVersion and the memory maps (UM0424).</summary>
    public bool IsDfuSe => !IsMaple && Functional.DfuVersion == DfuFunctionalDescriptor.DfuSeVersion && Alternates[0].Name.StartsWith('@');

    /// <summary>
    /// Whether the device speaks plain DFU (USB DFU 1.1): it is in DFU mode by the letter of the standard, and claims no DfuSe, where a
    /// block with the number 0 is a command.
    /// </summary>
    public bool IsPlainDfu =>
        !IsMaple && Functional.DfuVersion != DfuFunctionalDescriptor.DfuSeVersion && !Alternates[0].Name.StartsWith('@')
        && (Device.Interfaces.Count == 0 || Device.Interfaces.Any(IsStandardDfuMode));

    /// <summary>
    /// Whether an interface is in DFU mode. Run-time DFU (protocol 1) is not; protocol 0 is, since the DSO Nano's
    /// bootloader reports it (cyberwasp/dso-nano-dfu).
    /// </summary>
    public static bool IsDfuMode(UsbInterfaceInfo i) =>
        IsDfu(i) && i.Protocol != RuntimeProtocol;

    /// <summary>Whether an interface is one of DFU, in either mode (USB DFU 1.1, 4.1.2 and 4.2.3).</summary>
    public static bool IsDfu(UsbInterfaceInfo i) => i.Class == ApplicationSpecific && i.SubClass == DeviceFirmwareUpgrade;

    /// <summary>Whether an interface is in DFU mode as the standard defines it (USB DFU 1.1, 4.2.3: protocol 2).</summary>
    public static bool IsStandardDfuMode(UsbInterfaceInfo i) => IsDfuMode(i) && i.Protocol == DfuModeProtocol;

    /// <summary>Whether a listed device is a bootloader: it is in DFU mode, or a known HID bootloader.</summary>
    public static bool IsBootloader(UsbDeviceInfo device) => device.Interfaces.Any(IsDfuMode) || HidFamily.IsListed(device);

    /// <summary>The numbers of the interfaces through which a bootloader is used.</summary>
    public static IEnumerable<byte> InterfacesOf(UsbDeviceInfo device) =>
        HidFamily.IsHid(device) ? [HidFamily.InterfaceOf(device)] : device.Interfaces.Where(IsDfuMode).Select(i => i.Number).Distinct();

    /// <summary>Whether a device is in run-time mode: its program is running, and a DFU interface says that it also has a bootloader (USB DFU 1.1, 4.1.2: protocol 1).</summary>
    public static bool IsRuntime(UsbDeviceInfo device) =>
        device.Interfaces.Any(i => IsDfu(i) && i.Protocol == RuntimeProtocol)
        && !device.Interfaces.Any(IsDfuMode);

    /// <summary>Whether a device is the same build of a bootloader: it has the same ids, strings and functional descriptor.</summary>
    /// <param name="other">The descriptors of the other device.</param>
    public bool IsBuildOf(DfuDescription other) =>
        (Device.Id, Manufacturer, Product, Functional) == (other.Device.Id, other.Manufacturer, other.Product, other.Functional)
        && Alternates.SequenceEqual(other.Alternates);

    /// <summary>Reads the serial number of an open device by standard requests; "" if it has none.</summary>
    /// <exception cref="UsbException">The device does not answer.</exception>
    public static string ReadSerialNumber(IUsbDevice device) => ReadSerialNumber(device, UsbDescriptors.ReadDevice(device));

    /// <summary>Reads the descriptors of an open device.</summary>
    /// <returns>The description, or null if the device is no HID bootloader, and has no DFU interface with a functional descriptor.</returns>
    /// <exception cref="UsbException">The device does not answer.</exception>
    public static DfuDescription? Read(IUsbDevice device)
    {
        if (HidFamily.IsHid(device.Info))
        {
            return HidFamily.Read(device);
        }

        // Take the functional descriptor from the configuration: some ROMs never answer a request for it alone.
        var alternates = new List<(UsbInterfaceInfo Interface, byte Name)>();
        DfuFunctionalDescriptor? functional = null;
        foreach (var part in UsbDescriptors.Split(UsbDescriptors.ReadConfiguration(device)))
        {
            var d = part.Span;
            if (UsbDescriptors.ReadInterface(d) is { } i && IsDfuMode(i))
            {
                // A descriptor has room for thousands of interfaces: count each setting once.
                if (alternates.TrueForAll(a => a.Interface.Number == i.Number && a.Interface.AlternateSetting != i.AlternateSetting))
                {
                    alternates.Add((i, d[8]));
                }
            }
            else if (d[1] == DfuFunctionalDescriptor.DescriptorType && alternates.Count > 0)
            {
                functional ??= DfuFunctionalDescriptor.Read(d);
            }
        }

        if (functional is null)
        {
            return null;
        }

        var descriptor = UsbDescriptors.ReadDevice(device);
        return new DfuDescription(
            device.Info,
            (ushort)(descriptor[2] | descriptor[3] << 8),
            UsbDescriptors.ReadString(device, descriptor[14]),
            UsbDescriptors.ReadString(device, descriptor[15]),
            ReadSerialNumber(device, descriptor),
            functional.Value,
            alternates.ConvertAll(a => new DfuAlternate(a.Interface.Number, a.Interface.AlternateSetting, UsbDescriptors.ReadString(device, a.Name))));
    }

    private static string ReadSerialNumber(IUsbDevice device, byte[] descriptor)
    {
        const int SerialNumberIndexAt = 16; // iSerialNumber (USB 2.0, 9.6.1)
        return CloneFamily.SerialNumber(device.Info.Id, UsbDescriptors.ReadString(device, descriptor[SerialNumberIndexAt]));
    }
}

/// <summary>One alternate setting of a DFU interface: it gives access to one memory.</summary>
/// <param name="Interface">bInterfaceNumber.</param>
/// <param name="Setting">bAlternateSetting.</param>
/// <param name="Name">Its interface string: on DfuSe the memory map, beginning with '@'; "" if there is none.</param>
public sealed record DfuAlternate(byte Interface, byte Setting, string Name);

/// <summary>One memory of a bootloader: an alternate setting, and the memory map in its name.</summary>
/// <param name="Alternate">The alternate setting that gives access to it.</param>
/// <param name="Map">Its sectors.</param>
public sealed record DfuMemory(DfuAlternate Alternate, MemoryMap Map)
{
    /// <summary>
    /// The address at which every download begins, and from which it continues block by block: the host has no choice (plain
    /// DFU). Null if the host sets the address of a block (DfuSe).
    /// </summary>
    public uint? FixedStart { get; init; }
}

/// <summary>The DFU functional descriptor (USB DFU 1.1, 4.1.3).</summary>
/// <param name="Attributes">bmAttributes: bit 0 download, 1 upload, 2 manifestation tolerant, 3 will detach.</param>
/// <param name="TransferSize">wTransferSize: largest block, in bytes.</param>
/// <param name="DfuVersion">bcdDFUVersion: 0x011A is DfuSe (UM0424).</param>
public readonly record struct DfuFunctionalDescriptor(byte Attributes, ushort TransferSize, ushort DfuVersion)
{
    /// <summary>bDescriptorType of the functional descriptor.</summary>
    public const byte DescriptorType = 0x21;

    /// <summary>bcdDFUVersion of DfuSe (UM0424).</summary>
    public const ushort DfuSeVersion = 0x011A;

    /// <summary>Whether the device allows writing (bitCanDnload).</summary>
    public bool CanDownload => (Attributes & 1) != 0;

    /// <summary>Whether the device allows reading (bitCanUpload).</summary>
    public bool CanUpload => (Attributes & 2) != 0;

    /// <summary>Whether the device answers after a download is complete (bitManifestationTolerant).</summary>
    public bool IsManifestationTolerant => (Attributes & 4) != 0;

    /// <summary>Whether the device leaves and joins the bus by itself, without a reset by the host (bitWillDetach).</summary>
    public bool WillDetach => (Attributes & 8) != 0;

    /// <summary>Reads a functional descriptor; the version is absent in the 7 bytes of DFU 1.0.</summary>
    /// <param name="descriptor">The whole descriptor, length byte first.</param>
    /// <returns>Null if it is too short to hold a transfer size.</returns>
    public static DfuFunctionalDescriptor? Read(ReadOnlySpan<byte> descriptor) => descriptor.Length < 7
        ? null
        : new DfuFunctionalDescriptor(
            descriptor[2],
            BinaryPrimitives.ReadUInt16LittleEndian(descriptor[5..]),
            descriptor.Length < 9 ? (ushort)0x0100 : BinaryPrimitives.ReadUInt16LittleEndian(descriptor[7..]));
}
