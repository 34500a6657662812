using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Flashing;

/// <summary>
/// Carries out a plan. The sector of the vector table is erased first and its block written last, after everything else has
/// been verified: whatever interrupts the upload, a half-written sketch has no vector table and is not started.
/// </summary>
/// <param name="select">Selects a memory, and returns the bootloader in dfuIDLE.</param>
/// <param name="erasedValue">What an erased byte reads as.</param>
/// <param name="progress">Called with the phase, the number of bytes done, and their total.</param>
public sealed class Flasher(Func<DfuMemory, IBootloader> select, byte erasedValue, Action<FlashPhase, long, long> progress)
{
    // A refusal may be a single fault; a board that does not allow reading refuses the second attempt too.
    private const int ReadAttempts = 2;

    // The smallest page that any of these bootloaders erases: no more is looked at to tell whether flash is erased.
    private const int SmallestPage = 1024;

    // The end of what has been written to each memory.
    private readonly Dictionary<DfuMemory, long> _written = [];

    /// <summary>Whether a sector was written completely, except for the block with the vector table.</summary>
    public bool HasWritten(DfuMemory memory, Sector sector) => _written.TryGetValue(memory, out var end) && sector.End <= end;

    /// <summary>Whether the block with the vector table was sent, so that the board may start the sketch.</summary>
    public bool HasSentVectors { get; private set; }

    /// <summary>
    /// Erases, writes, and reads the whole image back after the last erase: also the sectors that were skipped because they
    /// were correct, since a chip may erase more than its memory map says.
    /// </summary>
    /// <param name="plan">What to erase and write.</param>
    /// <param name="whole">The plan for an empty board: what must be on the board at the end.</param>
    /// <param name="verify">Whether to read back and compare; ignored if the device cannot be read back.</param>
    /// <returns>Whether every byte of the image was read back and is correct; the first that is not, if there is one.</returns>
    /// <exception cref="UploadException"><see cref="UploadError.VerifyFailed"/>: the first erase did nothing.</exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    public (bool Verified, Damage? Damage) Run(FlashPlan plan, FlashPlan whole, bool verify)
    {
        if (plan.Memories.Count == 0)
        {
            return (true, null);
        }

        verify &= select(plan.Memories[0].Memory).CanVerify;
        var erase = new Progress(FlashPhase.Erase, plan.BytesToErase, progress);
        erase.Add(0);
        foreach (var memory in plan.Memories)
        {
            Erase(memory, plan.VectorBlock, erase);
        }

        // If the block with the vector table erases its page, everything is read back after it; otherwise before, so that the
        // table is written only after everything else has been verified.
        var readsLast = plan.VectorBlock is not null && select(plan.Memories[0].Memory).WriteErases;
        var write = new Progress(FlashPhase.Write, plan.BytesBeforeVectors, progress);
        var compare = new Progress(FlashPhase.Verify, whole.BytesBeforeVectors, progress);

        // The memory with the vector table is last, so that its block follows without another change of memory.
        foreach (var memory in whole.Memories.Reverse())
        {
            var here = plan.Memories.FirstOrDefault(m => m.Memory == memory.Memory);
            if (here is not null)
            {
                Write(select(memory.Memory), here, write);
            }

            if (verify && !readsLast && FirstDamage(memory, plan, compare) is { } damage)
            {
                return (false, damage);
            }
        }

        if (plan.VectorBlock is { } vectors && Finish(vectors, plan, readsLast ? whole : plan with { Memories = [] }, verify) is { } late)
        {
            return (false, late);
        }

        return (verify, null);
    }

    private void Write(IBootloader bootloader, MemoryPlan memory, Progress progress)
    {
        foreach (var run in memory.Runs)
        {
            var address = (long)run.Address;
            bootloader.Write(run.Address, run.Data, bytes =>
            {
                _written[memory.Memory] = address += bytes;
                progress.Add(bytes);
            });
        }
    }

    // Writes the block with the vector table, and reads back everything that was not read after the last erase.
    private Damage? Finish(Segment vectors, FlashPlan plan, FlashPlan unread, bool verify)
    {
        var memory = plan.Memories[0].Memory;
        var finalize = new Progress(FlashPhase.Finalize, (verify ? 2 : 1) * vectors.Data.Length, progress);
        finalize.Add(0);
        HasSentVectors = true;
        var bootloader = select(memory);
        bootloader.Write(vectors.Address, vectors.Data, finalize.Add);
        if (!verify)
        {
            return null;
        }

        var damage = FirstDamage(new MemoryPlan(memory, [], [vectors]), plan, finalize);
        var compare = new Progress(FlashPhase.Verify, unread.BytesBeforeVectors, progress);
        foreach (var part in unread.Memories)
        {
            damage ??= FirstDamage(part, plan, compare);
        }

        return damage;
    }

    private void Erase(MemoryPlan plan, Segment? vectorBlock, Progress erased)
    {
        var bootloader = select(plan.Memory);
        foreach (var sector in plan.Sectors)
        {
            bootloader.Erase(sector);
            if (vectorBlock is { } block && sector.Address == block.Address && bootloader is { CanRead: true, IsSequential: false })
            {
                EnsureErased(bootloader, sector, block);
            }

            erased.Add((int)sector.Size);
        }
    }

    // Write-protected sectors report no failure (AN3156). As long as the old vector table is there, nothing after it may be
    // erased: otherwise half of the old sketch would be started.
    private void EnsureErased(IBootloader bootloader, Sector sector, Segment vectorBlock)
    {
        if (FirstNotErased(bootloader, vectorBlock) is { } difference)
        {
            throw new UploadException(
                UploadError.VerifyFailed,
                $"The sector at 0x{sector.Address:X8} was not erased, although the board reported success: 0x{difference.Address:X8} still contains 0x{difference.Found:X2}. "
                    + InterruptedUpload.NothingElseErased,
                $"{Again.Sentence}. If it fails in the same way, the sector is probably write-protected (option bytes). Through a serial adapter, `upload-helper unprotect --uart --write-only` removes that.");
        }
    }

    private Difference? FirstNotErased(IBootloader bootloader, Segment vectorBlock, int attempts = ReadAttempts)
    {
        var blank = new byte[vectorBlock.Data.Length];
        blank.AsSpan().Fill(erasedValue);
        try
        {
            return Comparison.FirstDifference(bootloader, vectorBlock with { Data = blank }, _ => { });
        }
        catch (Exception e) when (BootloaderReading.IsRefusal(e))
        {
            return attempts > 1 ? FirstNotErased(bootloader, vectorBlock, attempts - 1) : null;
        }
    }

    private Damage? FirstDamage(MemoryPlan expected, FlashPlan plan, Progress compared)
    {
        var bootloader = select(expected.Memory);
        foreach (var run in expected.Runs)
        {
            if (Comparison.FirstDifference(bootloader, run, compared.Add) is { } difference)
            {
                var sector = expected.Memory.Map.SectorAt(difference.Address)!.Value;
                return new Damage(difference, plan.Sectors.Contains(sector), bootloader.IsErased(difference.Address, (int)Math.Min(sector.End - difference.Address, SmallestPage), erasedValue));
            }
        }

        return null;
    }
}

/// <summary>What reading back found.</summary>
/// <param name="First">The first byte that differs.</param>
/// <param name="WasWritten">Whether its sector was written; otherwise it was correct before the erase of another.</param>
/// <param name="IsErased">Whether the flash there reads as erased.</param>
public sealed record Damage(Difference First, bool WasWritten, bool IsErased);

/// <summary>Adds up the progress of one phase.</summary>
/// <param name="phase">The phase.</param>
/// <param name="total">How many bytes it has.</param>
/// <param name="report">Called with the phase, the number of bytes done, and their total.</param>
internal sealed class Progress(FlashPhase phase, long total, Action<FlashPhase, long, long> report)
{
    private long _done;

    public void Add(int bytes) => report(phase, _done += bytes, total);
}

/// <summary>The phases of an operation on flash; those of an upload are in order, or end with Verify. Progress is counted in bytes.</summary>
public enum FlashPhase
{
    /// <summary>Reading the board, to skip the sectors that are already correct.</summary>
    Compare,

    /// <summary>Erasing sectors; counted by their sizes.</summary>
    Erase,

    /// <summary>Writing blocks.</summary>
    Write,

    /// <summary>Reading back and comparing.</summary>
    Verify,

    /// <summary>Writing and verifying the block with the vector table, at the very end.</summary>
    Finalize,

    /// <summary>Reading the board; not part of an upload.</summary>
    Read,
}

/// <summary>The plan is complete: what will be erased and written.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Unchanged">Number of image bytes that are already on the board and are skipped.</param>
/// <param name="Bytes">Number of image bytes to write, without the padding of <see cref="FlashPlan.BytesToWrite"/>.</param>
public sealed record PlanMade(FlashPlan Plan, int Unchanged, int Bytes) : UploadEvent
{
    /// <summary>The number of blocks that are sent to a bootloader which erases what it must, nobody knows how much at once; null if the plan's sectors are those of the device.</summary>
    public int? Blocks { get; init; }
}

/// <summary>A transfer failed, and the upload tries to continue.</summary>
/// <param name="What">What happened, in a sentence.</param>
/// <param name="ReturnsWithin">How long to wait for the board if it has disconnected; otherwise null.</param>
/// <param name="Number">The number of this attempt, starting at 1.</param>
/// <param name="Maximum">The largest number of attempts.</param>
public sealed record Recovering(string What, TimeSpan? ReturnsWithin, int Number, int Maximum) : UploadEvent;

/// <summary>Progress of one phase.</summary>
/// <param name="Phase">The phase.</param>
/// <param name="Done">Bytes done in this phase.</param>
/// <param name="Total">Bytes of this phase; above zero.</param>
public sealed record FlashProgress(FlashPhase Phase, long Done, long Total) : UploadEvent;

/// <summary>The board does not contain what it was compared with.</summary>
/// <param name="First">The first byte that differs.</param>
public sealed record DifferenceFound(Difference First) : UploadEvent;
