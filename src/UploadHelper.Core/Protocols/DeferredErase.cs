using UploadHelper.Core.Chips;
using UploadHelper.Core.Protocols.Dfu;

namespace UploadHelper.Core.Protocols;

/// <summary>
/// The erases of a bootloader without an erase request. It writes from one address upwards, without gaps, and erases each sector when
/// the first block of it arrives. So an erase is noted; data that go there carry it out, or blocks of erased flash if none do.
/// </summary>
/// <param name="start">Where the first block goes.</param>
internal sealed class DeferredErase(uint start)
{
    /// <summary>Where the next block goes; null if the device must begin at the start again.</summary>
    public long? Next { get; private set; }

    /// <summary>The end of the sectors that are noted and not yet written; 0 if there are none.</summary>
    public long End { get; private set; }

    /// <summary>How far blocks must be sent until all that is noted is erased; 0 if it is.</summary>
    public long Owed { get; private set; }

    /// <summary>Notes a sector.</summary>
    /// <param name="sector">The sector; it begins at the start, or where the noted ones end.</param>
    /// <param name="blocks">How many bytes must be sent to it until all of it is erased; null for its size.</param>
    /// <exception cref="DfuException">There is a gap before it.</exception>
    public void Note(Sector sector, int? blocks = null)
    {
        if (sector.Address > Math.Max(End, start))
        {
            throw new DfuException($"This bootloader erases only from 0x{start:X8} on, page by page; the page at 0x{sector.Address:X8} cannot be erased alone.");
        }

        End = Math.Max(End, sector.End);
        Owed = Math.Max(Owed, sector.Address + (blocks ?? (long)sector.Size));
    }

    /// <summary>The next block is the first.</summary>
    public void Begin() => Next = start;

    /// <summary>The device is where it accepts no block, or has returned to its start.</summary>
    public void Stop() => Next = null;

    /// <summary>A block has been written to <see cref="Next"/>.</summary>
    /// <param name="length">Its length in bytes.</param>
    public void Sent(int length)
    {
        Next += length;
        Owed = Next >= Owed ? 0 : Owed;
        End = Next >= End ? 0 : End;
    }

    /// <summary>Fills with erased flash up to an address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="sendErased">Sends a block of erased flash to <see cref="Next"/>, and reports it with <see cref="Sent"/>.</param>
    public void FillUpTo(long address, Action sendErased)
    {
        while (Next < address)
        {
            sendErased();
        }
    }

    /// <summary>
    /// Carries out what is noted and not yet written. It must come before the device returns to its start: from there, the blocks would
    /// go over what has been written since.
    /// </summary>
    /// <param name="sendErased">As in <see cref="FillUpTo"/>.</param>
    public void Finish(Action sendErased) => FillUpTo(Owed, sendErased);
}
