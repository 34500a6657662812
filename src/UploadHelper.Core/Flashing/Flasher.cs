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

    // The end of what has been written to each memory.
    private readonly Dictionary<DfuMemory, long> _written = [];

    /// <summary>Whether a sector was written completely, except for the block with the vector table.</summary>
    public bool HasWritten(DfuMemory memory, Sector sector) => _written.TryGetValue(memory, out var end) && sector.End <= end;

    /// <summary>Erases, writes, and reads back.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="verify">Whether to read back and compare; ignored if the device cannot be read.</param>
    /// <returns>Whether every byte of the plan was read back and is correct.</returns>
    /// <exception cref="UploadException"><see cref="UploadError.VerifyFailed"/>.</exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    public bool Run(FlashPlan plan, bool verify)
    {
        if (plan.Memories.Count == 0)
        {
            return true;
        }

        verify &= select(plan.Memories[0].Memory).CanRead;
        var erase = new Progress(FlashPhase.Erase, plan.BytesToErase, progress);
        erase.Add(0);
        foreach (var memory in plan.Memories)
        {
            Erase(memory, plan.VectorBlock, erase);
        }

        var write = new Progress(FlashPhase.Write, plan.BytesBeforeVectors, progress);
        var compare = new Progress(FlashPhase.Verify, plan.BytesBeforeVectors, progress);

        // The memory with the vector table is last, so that its block follows without another change of memory.
        foreach (var memory in plan.Memories.Reverse())
        {
            var bootloader = select(memory.Memory);
            foreach (var run in memory.Runs)
            {
                var address = (long)run.Address;
                bootloader.Write(run.Address, run.Data, bytes =>
                {
                    _written[memory.Memory] = address += bytes;
                    write.Add(bytes);
                });
            }

            if (verify)
            {
                Compare(bootloader, memory.Runs, compare);
            }
        }

        if (plan.VectorBlock is { } vectorBlock)
        {
            var vectors = new Progress(FlashPhase.Finalize, (verify ? 2 : 1) * vectorBlock.Data.Length, progress);
            vectors.Add(0);
            var bootloader = select(plan.Memories[0].Memory);
            bootloader.Write(vectorBlock.Address, vectorBlock.Data, vectors.Add);
            if (verify)
            {
                Compare(bootloader, [vectorBlock], vectors);
            }
        }

        return verify;
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
                $"{Again.Sentence}. If it fails in the same way, the sector is write protected (option bytes); STM32CubeProgrammer shows that.");
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

    private static void Compare(IBootloader bootloader, IReadOnlyList<Segment> runs, Progress compared)
    {
        foreach (var run in runs)
        {
            if (Comparison.FirstDifference(bootloader, run, compared.Add) is { } difference)
            {
                throw new UploadException(
                    UploadError.VerifyFailed,
                    $"Verification failed at 0x{difference.Address:X8}: 0x{difference.Wanted:X2} was written, 0x{difference.Found:X2} was read back. "
                        + InterruptedUpload.SketchIncomplete,
                    $"{Again.Sentence}. If it fails at the same address, the flash is worn out or write protected there.");
            }
        }
    }
}

/// <summary>Adds up the progress of one phase.</summary>
/// <param name="phase">The phase.</param>
/// <param name="total">How many bytes it has.</param>
/// <param name="report">Called with the phase, the number of bytes done, and their total.</param>
internal sealed class Progress(FlashPhase phase, long total, Action<FlashPhase, long, long> report)
{
    private long _done;

    public void Add(int bytes) => report(phase, _done += bytes, total);
}

/// <summary>The phases of an operation on flash; those of an upload are in order. Progress is counted in bytes.</summary>
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
public sealed record PlanMade(FlashPlan Plan, int Unchanged, int Bytes) : UploadEvent;

/// <summary>A transfer failed, and the upload tries to continue.</summary>
/// <param name="What">What happened, in a sentence.</param>
/// <param name="ReturnsWithin">How long to wait for the board if it has disconnected; otherwise null.</param>
/// <param name="Number">The number of this attempt, starting at 1.</param>
/// <param name="Most">The number of attempts.</param>
public sealed record Recovering(string What, TimeSpan? ReturnsWithin, int Number, int Most) : UploadEvent;

/// <summary>Progress of one phase.</summary>
/// <param name="Phase">The phase.</param>
/// <param name="Done">Bytes done in this phase.</param>
/// <param name="Total">Bytes of this phase; above zero.</param>
public sealed record FlashProgress(FlashPhase Phase, long Done, long Total) : UploadEvent;

/// <summary>The board does not contain what it was compared with.</summary>
/// <param name="First">The first byte that differs.</param>
public sealed record DifferenceFound(Difference First) : UploadEvent;
