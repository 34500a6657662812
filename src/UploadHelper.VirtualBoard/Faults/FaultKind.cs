namespace UploadHelper.VirtualBoard.Faults;

/// <summary>What can go wrong with a transfer to a bootloader.</summary>
public enum FaultKind
{
    /// <summary>The device refuses it, and does nothing.</summary>
    Stall,

    /// <summary>It does not arrive: nothing is done, and the host's time limit ends it.</summary>
    Silent,

    /// <summary>It is carried out, but the answer is lost: the host's time limit ends it.</summary>
    Late,

    /// <summary>The cable is pulled out before it, for good.</summary>
    Gone,

    /// <summary>The cable is pulled out before it and put in again: the board starts as after any power-up, with its sketch if it has one.</summary>
    Replug,

    /// <summary>The board resets before it, and comes back in its bootloader.</summary>
    Reset,

    /// <summary>The board is plugged into another port before it, and comes back there in its bootloader.</summary>
    Moved,

    /// <summary>The board resets before it, and comes back in its bootloader with another serial number.</summary>
    Renamed,

    /// <summary>A second board of the kind comes onto the bus before it, in its bootloader.</summary>
    Twin,

    /// <summary>The power fails in the middle of the sector that it erases. Then the board starts anew.</summary>
    CutErase,

    /// <summary>The power fails in the middle of what it programs, and of a unit of it. Then the board starts anew.</summary>
    CutProgram,

    /// <summary>What it does to the flash is reported as done, and is not.</summary>
    Lost,

    /// <summary>One bit of what it programs stays as it was.</summary>
    Bit,

    /// <summary>From then on the device says dfuDNBUSY for ever.</summary>
    Busy,

    /// <summary>From then on a GETSTATUS is refused that comes before the time is over that the device has asked for.</summary>
    Early,

    /// <summary>Only half of what it is to answer comes.</summary>
    Short,

    /// <summary>The map that it answers is a lie: all sectors are writable, and the last kind of them is there once more.</summary>
    Layout,

    /// <summary>The device fails with a status, and is in dfuERROR.</summary>
    Status,
}
