using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.Dfu;

/// <summary>
/// The requests of DFU as methods on one interface of an open device. Cancellation is checked before each transfer; a
/// transfer that has begun is completed.
/// </summary>
/// <param name="device">The open device, its interface claimed and its alternate setting selected.</param>
/// <param name="interfaceNumber">The DFU interface.</param>
/// <param name="time">The clock for poll timeouts.</param>
/// <param name="cancellationToken">Checked before each transfer and in each wait.</param>
public sealed class DfuConnection(IUsbDevice device, byte interfaceNumber, TimeProvider time, CancellationToken cancellationToken) : IBootloaderConnection
{
    private const byte ClassOut = 0x21;
    private const byte ClassIn = 0xA1;
    private const int MaxRefusals = 3;

    // The pause between two early requests is this fraction of the time elapsed so far. So the end of an operation is
    // noticed at most that much too late.
    private const int EarlyPauseDivisor = 16;

    // The ROMs that refuse GETSTATUS have pages of 2 KiB: 24.5 ms at most on an L4, 40 ms on an F0.
    private static readonly TimeSpan LongestPageErase = TimeSpan.FromMilliseconds(40);

    // A GETSTATUS of ST's middleware blocks for the whole erase it executes; a mass erase of an F405 takes up to 32 s.
    private static readonly TimeSpan ExecuteTimeout = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    // Between two looks at a device that asks for no pause.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);

    /// <summary>How long to wait between two GETSTATUS of one operation.</summary>
    public Polling Polling { get; init; } = new(early: false);

    /// <summary>Whether its token was cancelled.</summary>
    public bool IsCancelled => cancellationToken.IsCancellationRequested;

    /// <summary>The same connection without the token, to clean up after a cancellation.</summary>
    public DfuConnection Uncancelled() => new(device, interfaceNumber, time, CancellationToken.None) { Polling = Polling };

    /// <inheritdoc/>
    IBootloaderConnection IBootloaderConnection.Uncancelled() => Uncancelled();

    /// <inheritdoc/>
    public void Select(DfuAlternate alternate)
    {
        Idle();
        device.SetAlternateSetting(alternate.Interface, alternate.Setting);
    }

    /// <summary>DNLOAD: a block, or the request to leave if <paramref name="data"/> is empty.</summary>
    /// <param name="block">wBlockNum.</param>
    /// <param name="data">At most wTransferSize bytes.</param>
    /// <exception cref="UsbException">The transfer failed.</exception>
    public void Download(ushort block, ReadOnlySpan<byte> data)
    {
        cancellationToken.ThrowIfCancellationRequested();
        device.ControlOut(Setup(ClassOut, DfuRequest.Download, block, data.Length), data, Timeout);
    }

    /// <summary>UPLOAD: a block from the device.</summary>
    /// <param name="block">wBlockNum.</param>
    /// <param name="buffer">Room for the block; at most wTransferSize bytes.</param>
    /// <returns>Number of bytes received.</returns>
    /// <exception cref="UsbException">The transfer failed.</exception>
    public int Upload(ushort block, Span<byte> buffer)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return device.ControlIn(Setup(ClassIn, DfuRequest.Upload, block, buffer.Length), buffer, Timeout);
    }

    /// <summary>GETSTATUS, with a timeout that is long enough for an operation that runs inside it.</summary>
    /// <exception cref="UsbException">The transfer failed, or the answer is too short.</exception>
    public DfuStatus GetStatus() => GetStatus(ExecuteTimeout);

    /// <summary>GETSTATUS with a given timeout.</summary>
    /// <exception cref="UsbException">The transfer failed, or the answer is too short.</exception>
    public DfuStatus GetStatus(TimeSpan timeout)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Span<byte> answer = stackalloc byte[DfuStatus.Size];
        var received = device.ControlIn(Setup(ClassIn, DfuRequest.GetStatus, 0, answer.Length), answer, timeout);
        return received == answer.Length
            ? DfuStatus.Read(answer)
            : throw new UsbException(UsbFault.Io, $"GETSTATUS returned {received} bytes instead of {answer.Length}.");
    }

    /// <summary>CLRSTATUS. Only for dfuERROR: in any other state, it makes ST's middleware enter dfuERROR.</summary>
    /// <exception cref="UsbException">The transfer failed.</exception>
    public void ClearStatus() => Command(DfuRequest.ClearStatus);

    /// <summary>DETACH: leave the mode that the device is in.</summary>
    /// <param name="milliseconds">How long a device in run-time mode is to wait for a reset by the host (wDetachTimeOut).</param>
    /// <exception cref="UsbException">The transfer failed.</exception>
    public void Detach(ushort milliseconds)
    {
        cancellationToken.ThrowIfCancellationRequested();
        device.ControlOut(Setup(ClassOut, DfuRequest.Detach, milliseconds, 0), [], Timeout);
    }

    /// <summary>ABORT.</summary>
    /// <exception cref="UsbException">The transfer failed.</exception>
    public void Abort() => Command(DfuRequest.Abort);

    /// <summary>
    /// Executes the last DNLOAD: sends GETSTATUS until the device is no longer busy, with pauses according to
    /// <see cref="Polling"/>. Some ROMs (L4, F072) refuse GETSTATUS with a STALL while they are busy; they are polled again
    /// after the poll timeout that they reported.
    /// </summary>
    /// <param name="limit">How long the device may stay busy in total.</param>
    /// <param name="heedPollTimeout">False if the operation is known to take no time, whatever timeout the device reports.</param>
    /// <param name="atLeast">How long the operation is known to take, if the device asks for less.</param>
    /// <returns>The final status: dfuDNLOAD-IDLE on success.</returns>
    /// <exception cref="DfuException">Still busy after the limit.</exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    public DfuStatus Execute(TimeSpan limit, bool heedPollTimeout = true, TimeSpan atLeast = default)
    {
        var start = time.GetTimestamp();
        var isLast = false;
        var status = GetStatus();
        for (var requests = 1; ; requests++)
        {
            if (status.State is not (DfuState.DownloadBusy or DfuState.DownloadSync))
            {
                return status;
            }

            if (isLast)
            {
                throw new DfuException($"The device stayed busy for more than {limit.TotalSeconds:0} s.", status);
            }

            if (heedPollTimeout)
            {
                time.Wait(Pause(status.PollTimeout, requests == 1 ? TimeSpan.Zero : time.GetElapsedTime(start), atLeast), cancellationToken);
            }

            isLast = time.GetElapsedTime(start) > limit;
            status = GetStatusRepeatedly(status.PollTimeout, ExecuteTimeout);
        }
    }

    /// <summary>Ends a download after the DNLOAD without data: sends GETSTATUS, with the pauses that the device asks for, until it neither checks nor installs what it has received.</summary>
    /// <param name="limit">How long that may take in total.</param>
    /// <returns>The final status: dfuIDLE from a device that is manifestation tolerant, dfuMANIFEST or dfuMANIFEST-WAIT-RESET from any other.</returns>
    /// <exception cref="DfuException">Not over after the limit.</exception>
    /// <exception cref="UsbException">A transfer failed: the device may have left.</exception>
    public DfuStatus Finish(TimeSpan limit)
    {
        var start = time.GetTimestamp();
        for (var isLast = false; ;)
        {
            var status = GetStatus();
            if (status.State is not (DfuState.ManifestSync or DfuState.Manifest))
            {
                return status;
            }

            if (isLast)
            {
                throw new DfuException($"The device has been installing the sketch for more than {limit.TotalSeconds:0} s.", status);
            }

            time.Wait(status.PollTimeout > ShortestPause ? status.PollTimeout : ShortestPause, cancellationToken);
            isLast = time.GetElapsedTime(start) > limit;
        }
    }

    /// <summary>
    /// Brings the device to dfuIDLE from any state in which an earlier host left it: ABORT from the idle states,
    /// CLRSTATUS from dfuERROR only.
    /// </summary>
    /// <param name="firstAnswer">How long the first GETSTATUS may take; a live device answers at once.
    /// Null for a device that has answered before.</param>
    /// <exception cref="DfuException">It does not reach dfuIDLE.</exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    public void Idle(TimeSpan? firstAnswer = null)
    {
        const int Steps = 8;
        var status = GetStatusRepeatedly(LongestPageErase, firstAnswer ?? ExecuteTimeout);
        for (var step = 0; step < Steps && status.State != DfuState.Idle; step++)
        {
            switch (status.State)
            {
                case DfuState.Error:
                    TryCommand(DfuRequest.ClearStatus);
                    break;
                case DfuState.DownloadBusy when step < 2:
                    // An earlier host started an operation: let it finish.
                    time.Wait(status.PollTimeout, cancellationToken);
                    break;
                case DfuState.DownloadBusy:
                    // Old ST middleware stays busy forever after a failed write; CLRSTATUS leads to dfuERROR, and from there to dfuIDLE.
                    TryCommand(DfuRequest.ClearStatus);
                    break;
                case DfuState.AppIdle or DfuState.AppDetach:
                    throw new DfuException("The device is running its application, not its bootloader.", status);
                default:
                    TryCommand(DfuRequest.Abort);
                    break;
            }

            status = GetStatusRepeatedly(LongestPageErase, ExecuteTimeout);
        }

        if (status.State != DfuState.Idle)
        {
            throw new DfuException($"The device does not return to dfuIDLE: it reports {status}.", status);
        }
    }

    // A device that accepts GETSTATUS early either answers when it is done, or reports at once that it is busy; in the
    // latter case it is polled less and less often. A device that is known to report too short a timeout is never polled early.
    private TimeSpan Pause(TimeSpan pollTimeout, TimeSpan elapsed, TimeSpan atLeast)
    {
        if (!Polling.IsEarly || atLeast > TimeSpan.Zero)
        {
            return pollTimeout > atLeast ? pollTimeout : atLeast;
        }

        var pause = elapsed / EarlyPauseDivisor;
        return pause < pollTimeout ? pause : pollTimeout;
    }

    // Some devices refuse GETSTATUS while they are busy.
    private DfuStatus GetStatusRepeatedly(TimeSpan pause, TimeSpan timeout)
    {
        for (var refusals = 0; ; refusals++)
        {
            try
            {
                return GetStatus(timeout);
            }
            catch (UsbException e) when (e.Fault is UsbFault.Stall or UsbFault.Io && refusals < MaxRefusals)
            {
                Polling.FallBack();
                time.Wait(pause, cancellationToken);
            }
        }
    }

    // Ignores a refusal: the GETSTATUS that follows shows whether the device accepted the request.
    private void TryCommand(DfuRequest request)
    {
        try
        {
            Command(request);
        }
        catch (UsbException e) when (e.Fault is UsbFault.Stall or UsbFault.Io)
        {
        }
    }

    private void Command(DfuRequest request)
    {
        cancellationToken.ThrowIfCancellationRequested();
        device.ControlOut(Setup(ClassOut, request, 0, 0), [], Timeout);
    }

    private UsbSetup Setup(byte requestType, DfuRequest request, ushort value, int length) =>
        new(requestType, (byte)request, value, interfaceNumber, checked((ushort)length));
}

/// <summary>
/// How long a session waits between two GETSTATUS of one operation. Some devices report timeouts that are far too long (an
/// F4 ROM asks for 100 ms after a block that takes 8 ms). If a device is known to answer the next request when the operation
/// is complete, the session polls at once. If the device refuses that, the session honours its timeouts from then on.
/// </summary>
/// <param name="early">Whether to poll at once.</param>
public sealed class Polling(bool early)
{
    /// <summary>Whether to poll at once instead of waiting for bwPollTimeout.</summary>
    public bool IsEarly { get; private set; } = early;

    /// <summary>Honours bwPollTimeout from now on.</summary>
    public void FallBack() => IsEarly = false;
}
