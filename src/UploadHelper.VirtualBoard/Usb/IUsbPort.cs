using UploadHelper.Core.Usb;

namespace UploadHelper.VirtualBoard.Usb;

/// <summary>
/// The USB port of a virtual board, as a host controller sees it: what the faces (in process, USB/IP) talk to.
/// The board is passive: it owns no timers and no threads, and is told what time it is.
/// Not safe for use from several threads at once; a face takes care of that.
/// </summary>
public interface IUsbPort
{
    /// <summary>When something happens by itself next (a reboot ends, a boot window closes), on the board's time line; null: nothing will.</summary>
    TimeSpan? NextEventAt { get; }

    /// <summary>What is on the bus now; null while the board is off it.</summary>
    AttachedDevice? Attached { get; }

    /// <summary>Lets time pass up to <paramref name="now"/>, which never runs backwards; earlier times are ignored.</summary>
    void AdvanceTo(TimeSpan now);

    /// <summary>One control transfer to endpoint 0 of the attached device.</summary>
    /// <param name="setup">The setup packet.</param>
    /// <param name="data">The data stage of an OUT request; empty otherwise.</param>
    ControlReply Control(UsbSetup setup, ReadOnlySpan<byte> data);

    /// <summary>One packet to a bulk OUT endpoint.</summary>
    /// <returns>False when the endpoint does not take it (NAK): try again later.</returns>
    bool BulkOut(byte endpoint, ReadOnlySpan<byte> packet);

    /// <summary>Asks a bulk or interrupt IN endpoint for a packet.</summary>
    /// <returns>The packet, or null when there is none yet (NAK): try again later.</returns>
    byte[]? BulkIn(byte endpoint, int maxLength);

    /// <summary>A reset of the port by the host.</summary>
    void BusReset();
}

/// <summary>One enumeration of a device on the bus.</summary>
/// <param name="Generation">Counts enumerations; a device that comes back has another.</param>
/// <param name="DeviceDescriptor">The 18 bytes of the device descriptor.</param>
/// <param name="ConfigurationDescriptor">The whole configuration descriptor.</param>
public sealed record AttachedDevice(int Generation, ReadOnlyMemory<byte> DeviceDescriptor, ReadOnlyMemory<byte> ConfigurationDescriptor)
{
    /// <summary>Since when, on the board's time line.</summary>
    public TimeSpan Since { get; init; }

    /// <summary>Whether it is in another port than the one it was in at first.</summary>
    public bool HasMoved { get; init; }
}

/// <summary>How a control transfer ended on the wire.</summary>
public enum ControlOutcome
{
    /// <summary>Data and status stage went through.</summary>
    Done,

    /// <summary>The device answered STALL.</summary>
    Stall,

    /// <summary>The device answers nothing: the host's time limit will end the transfer.</summary>
    Silent,

    /// <summary>The device left the bus before the status stage.</summary>
    Gone,
}

/// <summary>The board's answer to a control transfer.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Data">The data stage of an IN request.</param>
/// <param name="Busy">
/// How long the device kept the host waiting (NAK) before it ended, beyond the transfer itself: for example the
/// erase that runs inside a GETSTATUS. A host whose time limit is shorter sees a time-out; the board finishes all
/// the same, and the next request waits for it.
/// </param>
/// <param name="BusyAfter">How long the device is busy once the transfer has ended: the next request waits for it.</param>
public readonly record struct ControlReply(ControlOutcome Outcome, ReadOnlyMemory<byte> Data, TimeSpan Busy, TimeSpan BusyAfter = default);
