using UploadHelper.Core.Firmware;
using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Flashing;

/// <summary>
/// Carries a plan out. The vector table's sector is erased first and its block written last, after everything else
/// was compared: whatever interrupts it, a half-written sketch has no vector table and is not started.
/// </summary>
/// <param name="bootloader">The bootloader, in dfuIDLE.</param>
/// <param name="progress">Called with the phase, and how many of how many bytes are done.</param>
public sealed class Flasher(IBootloader bootloader, Action<FlashPhase, long, long> progress)
{
    /// <summary>Erases, writes, and reads back.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="verify">Whether to read back and compare; ignored on a device that cannot be read.</param>
    /// <returns>Whether every byte was read back and is right.</returns>
    /// <exception cref="UploadException"><see cref="UploadError.VerifyFailed"/>.</exception>
    /// <exception cref="Usb.UsbException">A transfer failed.</exception>
    /// <exception cref="Dfu.DfuException">The device refused.</exception>
    public bool Run(FlashPlan plan, bool verify)
    {
        verify &= bootloader.CanRead;
        Erase(plan);
        var rest = plan.BytesToWrite - plan.VectorBlock.Data.Length;
        var write = new Progress(FlashPhase.Write, rest, progress);
        foreach (var run in plan.Runs)
        {
            bootloader.Write(run.Address, run.Data, write.Add);
        }

        if (verify)
        {
            var compare = new Progress(FlashPhase.Verify, rest, progress);
            foreach (var run in plan.Runs)
            {
                Compare(run, compare);
            }
        }

        var passes = verify ? 2 : 1;
        var vectors = new Progress(FlashPhase.Vectors, passes * plan.VectorBlock.Data.Length, progress);
        vectors.Add(0);
        bootloader.Write(plan.VectorBlock.Address, plan.VectorBlock.Data, vectors.Add);
        if (verify)
        {
            Compare(plan.VectorBlock, vectors);
        }

        return verify;
    }

    private void Erase(FlashPlan plan)
    {
        var erase = new Progress(FlashPhase.Erase, plan.BytesToErase, progress);
        foreach (var sector in plan.Sectors)
        {
            bootloader.Erase(sector);
            erase.Add((int)sector.Size);
        }
    }

    private void Compare(Segment run, Progress compared)
    {
        bootloader.Read(run.Address, run.Data.Length, (address, read) =>
        {
            var wanted = run.Data.Slice((int)(address - run.Address), read.Length);
            var same = wanted.Span.CommonPrefixLength(read.Span);
            if (same < read.Length)
            {
                throw new UploadException(
                    UploadError.VerifyFailed,
                    $"Verification failed at 0x{address + same:X8}: 0x{wanted.Span[same]:X2} was written, 0x{read.Span[same]:X2} was read back. "
                        + "The bootloader is still there; the sketch on the board is not complete.",
                    "Run the same upload again. If it fails at the same address, the flash is worn out or write protected there.");
            }

            compared.Add(read.Length);
            return true;
        });
    }

    private sealed class Progress(FlashPhase phase, long total, Action<FlashPhase, long, long> report)
    {
        private long _done;

        public void Add(int bytes) => report(phase, _done += bytes, total);
    }
}
