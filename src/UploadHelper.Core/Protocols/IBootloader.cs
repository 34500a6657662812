using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Protocols.Dfu11;
using UploadHelper.Core.Protocols.DfuSe;
using UploadHelper.Core.Protocols.Hid;
using UploadHelper.Core.Protocols.Maple;
using UploadHelper.Core.Protocols.Uart;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols;

/// <summary>A bootloader that is ready to read, erase and write, whatever its protocol.</summary>
public interface IBootloader
{
    /// <summary>Whether its flash can be read back.</summary>
    bool CanRead { get; }

    /// <summary>Whether what was written can be read back before the program is started.</summary>
    bool CanVerify => CanRead;

    /// <summary>Whether it writes only from the base of its memory upwards, without gaps.</summary>
    bool IsSequential => false;

    /// <summary>Whether a write erases the page that it goes to, so that an erase may come after other writes; <see cref="Erase"/> then only notes the sector or writes to it.</summary>
    bool WriteErases => false;

    /// <summary>Whether <see cref="Leave"/> can start the program; if not, only the RESET button does.</summary>
    bool CanLeave => true;

    /// <summary>Erases a sector. May defer the erase, but not beyond <see cref="Flush"/>, the next read, or <see cref="Leave"/>.</summary>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    void Erase(Sector sector);

    /// <summary>Carries out deferred erases.</summary>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    void Flush()
    {
    }

    /// <summary>Writes consecutive bytes to erased flash, block by block.</summary>
    /// <param name="address">Address of the first byte.</param>
    /// <param name="data">The bytes, padded as the device requires.</param>
    /// <param name="written">Called after each block with its length.</param>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written);

    /// <summary>Reads a range block by block, and passes each block to the caller, who may skip parts.</summary>
    /// <param name="address">Address of the first byte.</param>
    /// <param name="length">Number of bytes; the memory extends at least that far.</param>
    /// <param name="next">
    /// Called with the address and the bytes of each block. Returns the address to continue at: the end of the block, a
    /// higher address to skip bytes, or one past the range to stop. The block that contains this address is read whole.
    /// </param>
    /// <exception cref="UsbException">A transfer failed or returned too few bytes; after a STALL, the device is in dfuIDLE again.</exception>
    /// <exception cref="DfuException">The device refused, and is in dfuIDLE again.</exception>
    void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next);

    /// <summary>Leaves the bootloader and starts the program at an address. A device that disconnects during the request has left.</summary>
    /// <exception cref="UsbException">A transfer failed before the request to leave was sent.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    void Leave(uint address);
}

/// <summary>A bootloader in ROM, which survives what removes the protection of the chip's flash.</summary>
public interface IProtectedRom : IBootloader
{
    /// <summary>Whether it can remove the write protection without touching anything else.</summary>
    bool RemovesWriteProtection => false;

    /// <summary>Removes the read protection of the chip, which erases its whole flash. The chip then resets itself.</summary>
    /// <returns>Whether the device confirmed it; false if it disconnected or did not answer.</returns>
    /// <exception cref="UsbException">The request was not sent, or the device stays connected and does not answer.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    bool RemoveReadProtection();

    /// <summary>Removes the write protection of all sectors, if <see cref="RemovesWriteProtection"/>. The chip then resets itself.</summary>
    /// <returns>Whether the device confirmed it.</returns>
    /// <exception cref="UsbException">The request was not sent, or the device does not answer.</exception>
    /// <exception cref="DfuException">The device refused: the flash is read-protected.</exception>
    bool RemoveWriteProtection() => throw new NotSupportedException();
}

/// <summary>The conversation with an open bootloader, whichever of its memories is selected.</summary>
public interface IBootloaderConnection
{
    /// <summary>How it is polled.</summary>
    Polling Polling { get; }

    /// <summary>Whether its token was cancelled.</summary>
    bool IsCancelled { get; }

    /// <summary>The same connection without the token, to clean up after a cancellation.</summary>
    IBootloaderConnection Uncancelled();

    /// <summary>Brings the device to its idle state, from any in which an earlier host left it.</summary>
    /// <param name="firstAnswer">How long the first request may take; null for a device that has answered before.</param>
    /// <exception cref="DfuException">It does not reach that state.</exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    void Idle(TimeSpan? firstAnswer = null);

    /// <summary>Selects the memory behind an alternate setting.</summary>
    /// <exception cref="DfuException">The device does not return to its idle state.</exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    void Select(DfuAlternate alternate);
}

/// <summary>Helpers for reading through a bootloader.</summary>
public static class BootloaderReading
{
    /// <summary>Whether a failed read means that the board does not allow reading, as with read protection (AN3156: errVENDOR).</summary>
    public static bool IsRefusal(Exception e) => e is DfuException { Status.Code: not DfuStatusCode.Ok } or UsbException { Fault: UsbFault.Stall };

    /// <summary>Reads consecutive bytes, block by block, until the caller stops.</summary>
    /// <param name="bootloader">The bootloader, with the memory selected.</param>
    /// <param name="address">Address of the first byte.</param>
    /// <param name="length">Number of bytes; the memory extends at least that far.</param>
    /// <param name="block">Called with the address and the bytes of each block; returns false to stop.</param>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused, or returned too few bytes.</exception>
    public static void Read(this IBootloader bootloader, uint address, int length, Func<uint, ReadOnlyMemory<byte>, bool> block) =>
        bootloader.Read(address, length, (from, data) => block(from, data) ? from + (long)data.Length : address + (long)length);

    /// <summary>Whether consecutive bytes read as erased; reads up to the first block that does not.</summary>
    /// <param name="bootloader">The bootloader, with the memory selected.</param>
    /// <param name="address">Address of the first byte.</param>
    /// <param name="length">Number of bytes; the memory extends at least that far.</param>
    /// <param name="erased">What an erased byte reads as.</param>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused, or returned too few bytes.</exception>
    public static bool IsErased(this IBootloader bootloader, uint address, int length, byte erased)
    {
        var isErased = true;
        bootloader.Read(address, length, (_, read) => isErased &= !read.Span.ContainsAnyExcept(erased));
        return isErased;
    }
}

/// <summary>Begins the conversation with a device whose interface is claimed.</summary>
/// <param name="device">The device.</param>
/// <param name="polling">How it is polled, if it has to be.</param>
/// <param name="time">The clock.</param>
/// <param name="cancellationToken">Checked before each transfer and in each wait.</param>
/// <exception cref="UsbException">A transfer failed.</exception>
internal delegate IBootloaderConnection Connect(IUsbDevice device, Polling polling, TimeProvider time, CancellationToken cancellationToken);

/// <summary>How to talk to a bootloader. Only this type distinguishes between protocols.</summary>
/// <param name="Memories">Its memories, at least one.</param>
/// <param name="Info">Its entry in the catalogue.</param>
/// <param name="Connect">Begins the conversation.</param>
/// <param name="Create">Creates the bootloader for a memory whose alternate setting is selected.</param>
internal sealed record BootloaderProtocol(
    IReadOnlyList<DfuMemory> Memories, BootloaderInfo Info, Connect Connect, Func<IDisposable, IBootloaderConnection, DfuMemory, IBootloader> Create)
{
    /// <summary>Looks where the bootloader itself is, if its descriptors do not tell, and returns the protocol with the memories that this leaves; null if nothing is to be found out.</summary>
    public Func<IBootloaderConnection, BootloaderProtocol>? Measure { get; init; }

    /// <summary>Where the bootloader looks for a sketch; the start of its first memory if that is not known.</summary>
    public uint SketchStart => Info.Sketch?.Address ?? Memories[0].Map.Groups[0].Address;

    /// <summary>The protocol of a device.</summary>
    /// <param name="description">Its descriptors.</param>
    /// <param name="start">Where it writes, according to the user; matters only if the device is unknown and cannot tell.</param>
    /// <param name="flashSize">The size of the flash at whose end it is; matters only if its descriptors do not tell. Null for the smallest, until it is measured.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NotSupported"/>.</exception>
    public static BootloaderProtocol Of(DfuDescription description, uint? start = null, uint? flashSize = null)
    {
        if (description.IsHid)
        {
            return Hid(description);
        }

        if (StRomFamily.Objection(description) is { } why)
        {
            throw NotSupported(description.Device, why);
        }

        if (description.Functional.TransferSize == 0 || !description.Functional.CanDownload)
        {
            throw NotSupported(description.Device, "its functional descriptor does not allow downloads");
        }

        return description switch
        {
            { IsMaple: true } => Maple(description),
            { IsDfuSe: true } => DfuSe(description),
            { IsPlainDfu: true } => PlainDfu(description, BootloaderCatalogue.AreaOf(description, flashSize), start),
            _ => throw NotSupported(description.Device, "its descriptors are those of neither DfuSe nor plain DFU 1.1"),
        };
    }

    /// <summary>The protocol of the USART bootloader in ROM; the port is open already.</summary>
    /// <param name="flash">The chip's flash.</param>
    /// <param name="description">What stands for its descriptors.</param>
    /// <param name="erasesByBytes">Whether it has Erase, not Extended Erase.</param>
    public static BootloaderProtocol Uart(UartFlash flash, DfuDescription description, bool erasesByBytes)
    {
        var info = UartRomFamily.InfoOf(flash);
        var memory = new DfuMemory(description.Alternates[0], flash.Map);
        return new BootloaderProtocol(
            info.SetsProgramFormat ? [memory, VoltageRange.Memory] : [memory],
            info,
            (_, _, _, _) => throw new InvalidOperationException(),
            (_, connection, _) => new UartBootloader((UartConnection)connection, flash.Map, erasesByBytes, info.ErasedValue));
    }

    /// <summary>Refuses a device.</summary>
    public static UploadException NotSupported(UsbDeviceInfo device, string why) => new(
        UploadError.NotSupported,
        $"Cannot use {device.Id} at {device.Path}: {why}. Nothing was erased.",
        "`upload-helper list` shows the descriptors of the device.");

    private static BootloaderProtocol Hid(DfuDescription description)
    {
        if (HidFamily.Objection(description) is { } why)
        {
            throw NotSupported(description.Device, why);
        }

        var memories = HidMemories.Of(description);
        return new BootloaderProtocol(
            memories,
            BootloaderCatalogue.For(description, memories[0].Map),
            (device, _, time, cancellationToken) => new HidConnection(device, HidFamily.InterfaceOf(description.Device), time, cancellationToken),
            (_, connection, memory) => new HidBootloader((HidConnection)connection, memory.FixedStart!.Value, HidFamily.IsF4(description)));
    }

    private static Connect OverDfu(IReadOnlyList<DfuMemory> memories) => (device, polling, time, cancellationToken) =>
    {
        var first = memories[0].Alternate;
        device.SetAlternateSetting(first.Interface, first.Setting);
        return new DfuConnection(device, first.Interface, time, cancellationToken) { Polling = polling };
    };

    private static BootloaderProtocol Maple(DfuDescription description)
    {
        var memories = MapleMemories.Of(description);
        if (memories.Count == 0)
        {
            throw NotSupported(description.Device, "none of its alternate settings names an address in flash");
        }

        var info = BootloaderCatalogue.For(description, memories[0].Map);
        return new BootloaderProtocol(
            memories,
            info,
            OverDfu(memories),
            (device, connection, memory) => new MapleBootloader((IUsbDevice)device, (DfuConnection)connection, memory.Map, description.Functional, info.LargestRead));
    }

    private static BootloaderProtocol PlainDfu(DfuDescription description, DownloadArea? area, uint? start)
    {
        var memory = Dfu11Memories.Of(description, area, start);
        var info = BootloaderCatalogue.For(description, memory.Map);
        return new BootloaderProtocol([memory], info, OverDfu([memory]), (device, connection, selected) => info.TakesWholeImages
            ? new WholeImageBootloader((IUsbDevice)device, (DfuConnection)connection, selected.Map, description.Functional)
            : new Dfu11Bootloader((DfuConnection)connection, selected.Map, description.Functional, info.ErasedValue) { KeptVectors = info.KeptVectors })
        {
            Measure = area?.OwnText is null ? null : connection => PlainDfu(description, OwnPages.Find((DfuConnection)connection, area, description.Functional), start),
        };
    }

    private static BootloaderProtocol DfuSe(DfuDescription description)
    {
        var memories = new List<DfuMemory>();
        foreach (var alternate in description.Alternates)
        {
            try
            {
                memories.AddRange(MemoryLayout.Parse(alternate.Name).Maps.Select(m => m.WithoutEmptyGroups()).OfType<MemoryMap>().Select(m => new DfuMemory(alternate, m)));
            }
            catch (MemoryMapException)
            {
                // Not a memory that can be written; `list` shows its name as it is.
            }
        }

        if (memories.Count == 0)
        {
            throw NotSupported(description.Device, "none of its alternate settings has a memory map");
        }

        var info = BootloaderCatalogue.For(description, memories[0].Map);
        if (info.CorrectMap is { } correct)
        {
            memories = memories.ConvertAll(m => m with { Map = correct(description, m.Map) });
        }

        return new BootloaderProtocol(memories, info, OverDfu(memories), (_, connection, memory) =>
        {
            var bootloader = new DfuSeBootloader((DfuConnection)connection, memory.Map, description.Functional, info.ErasedValue)
            {
                EraseTimes = info.Erase,
                LeavesWithoutStatus = info.LeavesWithoutStatus,
            };
            return info.KeptVectors is { } kept ? new SharedVectorPage(bootloader, kept, info.ErasedValue) : bootloader;
        });
    }
}
