using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;
using UploadHelper.Host;

namespace UploadHelper.DropIns;

/// <summary>One DFU interface with one of its alternate settings: a line of dfu-util's list.</summary>
/// <param name="Device">The device.</param>
/// <param name="IsDfuMode">Whether it is in DFU mode, and not in run-time mode.</param>
/// <param name="Configuration">bConfigurationValue.</param>
/// <param name="Alternate">The alternate setting; "UNKNOWN" is the name of one without a name.</param>
/// <param name="SerialNumber">The serial number of the device, or "UNKNOWN".</param>
internal sealed record FoundInterface(UsbDeviceInfo Device, bool IsDfuMode, byte Configuration, DfuAlternate Alternate, string SerialNumber)
{
    /// <summary>The line, character for character: scripts find boards in it.</summary>
    public override string ToString() =>
        $"Found {(IsDfuMode ? "DFU" : "Runtime")}: [{Device.VendorId:x4}:{Device.ProductId:x4}] ver={Device.Release:x4}, devnum={Device.Number}, cfg={Configuration}, "
        + $"intf={Alternate.Interface}, path=\"{Device.Path}\", alt={Alternate.Setting}, name=\"{Alternate.Name}\", serial=\"{SerialNumber}\"";
}

/// <summary>The board that a call means.</summary>
/// <param name="Description">Its descriptors.</param>
/// <param name="Setting">The alternate setting, or null for the one whose memory contains the address.</param>
internal sealed record DfuUtilBoard(DfuDescription Description, byte? Setting)
{
    /// <summary>The device.</summary>
    public UsbDeviceInfo Device => Description.Device;

    /// <summary>Whether it speaks DfuSe.</summary>
    public bool IsDfuSe => Description.IsDfuSe;

    /// <summary>wTransferSize.</summary>
    public int TransferSize => Description.Functional.TransferSize;

    /// <summary>The processor of the chip, if it is known and not an ARM: a raw file does not tell, and dfu-util has no option for it.</summary>
    public Processor? OtherProcessor
    {
        get
        {
            try
            {
                return IsDfuSe && BootloaderCatalogue.For(Description, MemoryMap.Parse(Description.Alternates[0].Name)) is { IsCertain: true, Processor: Processor.RiscV } ? Processor.RiscV : null;
            }
            catch (MemoryMapException)
            {
                return null;
            }
        }
    }
}

/// <summary>Finds devices as dfu-util does (its dfu_util.c), with two differences, both for the safety of a board that was not meant: see <see cref="One"/>.</summary>
/// <param name="call">What is wanted.</param>
/// <param name="devices">Where to look.</param>
/// <param name="events">Receives warnings.</param>
/// <param name="cancellationToken">Checked in each wait.</param>
internal sealed class DfuUtilDevices(DfuUtilCall call, DeviceEnvironment devices, Action<UploadEvent> events, CancellationToken cancellationToken)
{
    private const string Unknown = "UNKNOWN";
    private static readonly TimeSpan ShortestReturn = TimeSpan.FromSeconds(5);
    private readonly HashSet<(int, int)> _warned = [];

    /// <summary>All interfaces that match, in the order of dfu-util's list: the last one first.</summary>
    public IEnumerable<FoundInterface> All() => Probe().Where(f => f.IsDfuMode ? IsWantedInDfuMode(f) : IsWantedAtRunTime(f)).Reverse();

    /// <summary>
    /// The one board in DFU mode that is meant; with -w, as soon as it is there. A matching device in run-time mode is sent DETACH first.
    /// Unlike dfu-util, a device of another vendor than -d names is not taken for the board, and DETACH is sent only to a device that
    /// the call names in some way.
    /// </summary>
    /// <param name="ids">The ids that the file is for, which select a board if -d does not; or null.</param>
    /// <exception cref="UploadException">There is none, or more than one.</exception>
    public DfuUtilBoard One(DfuFileIds? ids)
    {
        while (true)
        {
            if (Board(null, ids) is { } board)
            {
                return board;
            }

            if (Runtime() is { } running)
            {
                return AfterDetach(running, ids);
            }

            if (!call.Wait)
            {
                throw NoDevice();
            }

            devices.Time.Wait(Waiting.PollInterval, cancellationToken);
        }
    }

    /// <summary>The device in run-time mode that the call names; null if there is none.</summary>
    /// <exception cref="UploadException">There is more than one.</exception>
    public UsbDeviceInfo? Runtime()
    {
        if (call is { Runtime: null, Path: null, Number: null, RuntimeSerial: null })
        {
            return null;
        }

        var found = Probe().Where(f => !f.IsDfuMode && IsWantedAtRunTime(f)).Select(f => f.Device).Distinct().ToList();
        return found.Count > 1 ? throw Several(found) : found.FirstOrDefault();
    }

    /// <summary>Tells a device in run-time mode to start its bootloader.</summary>
    public void Detach(UsbDeviceInfo device)
    {
        var request = new BootloaderRequest(new DeviceFilter([device.Id], device.Path.Length > 0 ? device.Path : null)) { Detach = true };
        new RuntimeDetach(devices.Usb, devices.Time, events).Run(request, cancellationToken);
    }

    private DfuUtilBoard AfterDetach(UsbDeviceInfo device, DfuFileIds? ids)
    {
        Detach(device);
        var start = devices.Time.GetTimestamp();
        var limit = call.DetachDelay > ShortestReturn ? call.DetachDelay : ShortestReturn;
        for (var isLast = false; !isLast;)
        {
            isLast = devices.Time.GetElapsedTime(start) >= limit;
            if (Board(device.Path.Length > 0 ? device.Path : null, ids) is { } board)
            {
                return board;
            }

            devices.Time.Wait(Waiting.PollInterval, cancellationToken);
        }

        throw new UploadException(
            UploadError.NoDevice, $"{ErrorMessages.Place(device)} was told to start its bootloader, but none appeared in {limit.TotalSeconds:0} s. {ErrorMessages.NothingErased}",
            "Start its bootloader by hand, or give a longer time with -E SECONDS.");
    }

    private DfuUtilBoard? Board(string? path, DfuFileIds? ids)
    {
        var found = Preferred(Probe().Where(f => f.IsDfuMode && (path is null || f.Device.Path == path)).ToList(), path is not null, ids)
            .Where(IsWantedSetting).ToList();
        var boards = found.Select(f => f.Device).Distinct().ToList();
        if (boards.Count == 0)
        {
            return null;
        }

        if (boards.Count > 1)
        {
            throw Several(boards);
        }

        var description = Describe(boards[0]);
        if (found.Count > 1 && !description.IsDfuSe)
        {
            throw new UploadException(
                UploadError.SeveralDevices,
                $"{ErrorMessages.Place(boards[0])} has several alternate settings, and each is a place for the file: {string.Join("; ", found.Select(f => $"{f.Alternate.Setting} ({f.Alternate.Name})"))}. {ErrorMessages.NothingErased}",
                $"Choose one, for example --alt {found[^1].Alternate.Setting}");
        }

        return new DfuUtilBoard(description, found.Count == 1 ? found[0].Alternate.Setting : null);
    }

    private DfuDescription Describe(UsbDeviceInfo device)
    {
        try
        {
            using var open = devices.Usb.Open(device);
            return DfuDescription.Read(open) ?? throw new UploadException(
                UploadError.NotSupported, $"{ErrorMessages.Place(device)} has no DFU functional descriptor. {ErrorMessages.NothingErased}", "`upload-helper list` shows its descriptors.");
        }
        catch (UsbException e)
        {
            throw ErrorMessages.Explain(e, ErrorMessages.NothingErased);
        }
    }

    // After the comma of -d are the ids of the DFU mode. One pair alone is meant for both modes by most callers; the product id of a
    // board may differ in DFU mode, its vendor does not.
    private List<FoundInterface> Preferred(List<FoundInterface> found, bool isDetached, DfuFileIds? ids)
    {
        if (call.Runtime is not { } first)
        {
            return ids is { Vendor: not (0 or 0xFFFF), Product: not (0 or 0xFFFF) } ? found.FindAll(f => f.Device.VendorId == ids.Vendor && f.Device.ProductId == ids.Product) : found;
        }

        var named = found.FindAll(f => call.DfuMode.Any(p => p.Matches(f.Device.Id)));
        named = named.Count > 0 ? named : found.FindAll(f => first.Matches(f.Device.Id));
        return named.Count > 0 || call.DfuMode.Count > 0 ? named
            : isDetached || first.Vendor is null ? found
            : found.FindAll(f => f.Device.VendorId == first.Vendor);
    }

    private bool IsWantedInDfuMode(FoundInterface f) =>
        (call.Runtime is null || call.DfuMode.Count == 0 ? call.Runtime?.Matches(f.Device.Id) ?? true : call.DfuMode.Any(p => p.Matches(f.Device.Id)))
        && IsWantedSetting(f);

    private bool IsWantedAtRunTime(FoundInterface f) =>
        (call.Runtime?.Matches(f.Device.Id) ?? true) && (call.RuntimeSerial is null || f.SerialNumber == call.RuntimeSerial);

    private bool IsWantedSetting(FoundInterface f) =>
        (call.DfuModeSerial is null || f.SerialNumber == call.DfuModeSerial)
        && (call.Alternate is null || f.Alternate.Setting == call.Alternate) && (call.AlternateName is null || f.Alternate.Name == call.AlternateName);

    private List<FoundInterface> Probe()
    {
        var found = new List<FoundInterface>();
        foreach (var device in ErrorMessages.Listing(devices.Usb.List))
        {
            if ((device.Interfaces.Any(DfuDescription.IsDfuMode) || DfuDescription.IsRuntime(device))
                && (call.Path is null || device.Path == call.Path) && (call.Number is null || device.Number == call.Number))
            {
                found.AddRange(Interfaces(device).Where(f =>
                    (call.Configuration is null || f.Configuration == call.Configuration) && (call.Interface is null || f.Alternate.Interface == call.Interface)));
            }
        }

        return found;
    }

    private List<FoundInterface> Interfaces(UsbDeviceInfo device)
    {
        try
        {
            using var open = devices.Usb.Open(device);
            return Read(open);
        }
        catch (UsbException e)
        {
            if (_warned.Add((device.Bus, device.Number)))
            {
                var why = ErrorMessages.NotOpened(device, e);
                events(new UploadWarning(WarningCode.DetachFailed, why.Message, why.Hint));
            }

            return [];
        }
    }

    private static List<FoundInterface> Read(IUsbDevice device)
    {
        const int ConfigurationValueAt = 5; // bConfigurationValue (USB 2.0, 9.6.3)
        const int NameAt = 8; // iInterface (USB 2.0, 9.6.5)
        var configuration = UsbDescriptors.ReadConfiguration(device);
        var serial = OrUnknown(DfuDescription.ReadSerialNumber(device));
        var found = new List<FoundInterface>();
        foreach (var part in UsbDescriptors.Split(configuration))
        {
            if (UsbDescriptors.ReadInterface(part.Span) is { } i && DfuDescription.IsDfu(i))
            {
                var alternate = new DfuAlternate(i.Number, i.AlternateSetting, OrUnknown(UsbDescriptors.ReadString(device, part.Span[NameAt])));
                found.Add(new FoundInterface(device.Info, DfuDescription.IsDfuMode(i), configuration[ConfigurationValueAt], alternate, serial));
            }
        }

        return found;
    }

    private static string OrUnknown(string text) => text.Length == 0 ? Unknown : text;

    private UploadException NoDevice()
    {
        var others = Probe().Where(f => f.IsDfuMode).Select(f => f.Device).Distinct().ToList();
        return new UploadException(
            UploadError.NoDevice,
            $"No DFU capable USB device available{(others.Count == 0 ? "" : $" that the command names; in DFU mode {(others.Count == 1 ? "is" : "are")} {string.Join(", ", others.Select(ErrorMessages.Place))}")}. {ErrorMessages.NothingErased}",
            others.Count > 0 ? $"To use that board, give --usb-id {others[0].Id}"
                : $"Start the board's bootloader, and {Again.Clause}; or give -w to wait for it. `upload-helper doctor` shows what the computer sees of the board.");
    }

    private static UploadException Several(IReadOnlyList<UsbDeviceInfo> boards) => new(
        UploadError.SeveralDevices,
        $"More than one DFU capable USB device found: {string.Join(", ", boards.Select(ErrorMessages.Place))}. {ErrorMessages.NothingErased}",
        $"Choose one: --usb-path {boards[0].Path}");
}
