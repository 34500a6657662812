using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.Dfu;

/// <summary>
/// The requests of DFU as typed steps on one interface of an open device. Cancellation is looked at before each
/// transfer; a transfer that has begun is finished.
/// </summary>
/// <param name="device">The open device, its interface claimed and its alternate setting selected.</param>
/// <param name="interfaceNumber">The DFU interface.</param>
/// <param name="time">The clock for poll time-outs.</param>
/// <param name="cancellationToken">Checked before each transfer and in each wait.</param>
public sealed class DfuConnection(IUsbDevice device, byte interfaceNumber, TimeProvider time, CancellationToken cancellationToken)
{
    private const byte ClassOut = 0x21;
    private const byte ClassIn = 0xA1;
    private const int MostRefusals = 3;

    // A wait between two early requests is this part of the time that the operation has taken so far, which is the most
    // that it can be late by.
    private const int EarlyPart = 16;

    // The ROMs that refuse GETSTATUS have pages of 2 KiB: 24.5 ms at most on an L4, 40 ms on an F0.
    private static readonly TimeSpan ErasesAnyPage = TimeSpan.FromMilliseconds(40);

    // A GETSTATUS of ST's middleware blocks for the whole erase it executes; a mass erase of an F405 takes up to 32 s.
    private static readonly TimeSpan ExecuteTimeout = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>How long is waited between two GETSTATUS of one operation.</summary>
    public Polling Polling { get; init; } = new(early: false);

    /// <summary>Whether the work on it was cancelled.</summary>
    public bool IsCancelled => cancellationToken.IsCancellationRequested;

    /// <summary>The same connection for what must be done though the work on it was cancelled.</summary>
    public DfuConnection Uncancelled() => new(device, interfaceNumber, time, CancellationToken.None) { Polling = Polling };

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
    /// <returns>How many bytes came.</returns>
    /// <exception cref="UsbException">The transfer failed.</exception>
    public int Upload(ushort block, Span<byte> buffer)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return device.ControlIn(Setup(ClassIn, DfuRequest.Upload, block, buffer.Length), buffer, Timeout);
    }

    /// <summary>GETSTATUS, with time enough for an operation that runs inside it.</summary>
    /// <exception cref="UsbException">The transfer failed, or the answer is too short.</exception>
    public DfuStatus GetStatus() => GetStatus(ExecuteTimeout);

    /// <summary>GETSTATUS with a time limit of the caller's.</summary>
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

    /// <summary>CLRSTATUS. Only for dfuERROR: elsewhere ST's middleware enters dfuERROR by it.</summary>
    /// <exception cref="UsbException">The transfer failed.</exception>
    public void ClearStatus() => Command(DfuRequest.ClearStatus);

    /// <summary>ABORT.</summary>
    /// <exception cref="UsbException">The transfer failed.</exception>
    public void Abort() => Command(DfuRequest.Abort);

    /// <summary>
    /// Executes what the last DNLOAD asked for: GETSTATUS until the device is no longer busy, waiting between two as
    /// <see cref="Polling"/> says. Some ROMs (L4, F072) refuse a GETSTATUS with a STALL while they are busy: they are asked
    /// again after the time that they named.
    /// </summary>
    /// <param name="limit">How long the device may stay busy in all.</param>
    /// <param name="heedPollTimeout">False where the operation is known to take no time, whatever the device says.</param>
    /// <param name="atLeast">How long the operation is known to take, if the device asks for less.</param>
    /// <returns>The status that ended it: dfuDNLOAD-IDLE if all went well.</returns>
    /// <exception cref="DfuException">Busy beyond the limit.</exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    public DfuStatus Execute(TimeSpan limit, bool heedPollTimeout = true, TimeSpan atLeast = default)
    {
        var start = time.GetTimestamp();
        var status = GetStatus();
        for (var requests = 1; ; requests++)
        {
            if (status.State is not (DfuState.DownloadBusy or DfuState.DownloadSync))
            {
                return status;
            }

            if (time.GetElapsedTime(start) > limit)
            {
                throw new DfuException($"The device stayed busy for more than {limit.TotalSeconds:0} s.", status);
            }

            if (heedPollTimeout)
            {
                time.Wait(Pause(status.PollTimeout, requests == 1 ? TimeSpan.Zero : time.GetElapsedTime(start), atLeast), cancellationToken);
            }

            status = AskAgain(status.PollTimeout, ExecuteTimeout);
        }
    }

    /// <summary>
    /// Brings the device to dfuIDLE from whatever state an earlier host left it in: ABORT from the idle states,
    /// CLRSTATUS from dfuERROR only.
    /// </summary>
    /// <param name="firstAnswer">How long the first GETSTATUS may take; a device that is there answers at once.
    /// Null for a device that has answered before.</param>
    /// <exception cref="DfuException">It does not get there.</exception>
    /// <exception cref="UsbException">A transfer failed; <see cref="UsbFault.Timeout"/> on the first: nobody is there.</exception>
    public void Idle(TimeSpan? firstAnswer = null)
    {
        const int Steps = 8;
        var status = AskAgain(ErasesAnyPage, firstAnswer ?? ExecuteTimeout);
        for (var step = 0; step < Steps && status.State != DfuState.Idle; step++)
        {
            switch (status.State)
            {
                case DfuState.Error:
                    Try(DfuRequest.ClearStatus);
                    break;
                case DfuState.DownloadBusy when step < 2:
                    // An operation that an earlier host began: let it end.
                    time.Wait(status.PollTimeout, cancellationToken);
                    break;
                case DfuState.DownloadBusy:
                    // Old ST middleware stays busy for ever after a failed write; CLRSTATUS leads to dfuERROR, and from there to dfuIDLE.
                    Try(DfuRequest.ClearStatus);
                    break;
                case DfuState.AppIdle or DfuState.AppDetach:
                    throw new DfuException("The device runs its application, not its bootloader.", status);
                default:
                    Try(DfuRequest.Abort);
                    break;
            }

            status = AskAgain(ErasesAnyPage, ExecuteTimeout);
        }

        if (status.State != DfuState.Idle)
        {
            throw new DfuException($"The device does not become idle: it reports {status}.", status);
        }
    }

    // A device that takes GETSTATUS early holds it back until it is done, or says at once that it is busy: the latter is
    // asked ever less often. One that is known to ask for less time than it needs is never asked before that.
    private TimeSpan Pause(TimeSpan pollTimeout, TimeSpan elapsed, TimeSpan atLeast)
    {
        if (!Polling.IsEarly || atLeast > TimeSpan.Zero)
        {
            return pollTimeout > atLeast ? pollTimeout : atLeast;
        }

        var pause = elapsed / EarlyPart;
        return pause < pollTimeout ? pause : pollTimeout;
    }

    // For a device that refuses GETSTATUS while it is busy.
    private DfuStatus AskAgain(TimeSpan pause, TimeSpan timeout)
    {
        for (var refusals = 0; ; refusals++)
        {
            try
            {
                return GetStatus(timeout);
            }
            catch (UsbException e) when (e.Fault is UsbFault.Stall or UsbFault.Io && refusals < MostRefusals)
            {
                Polling.FallBack();
                time.Wait(pause, cancellationToken);
            }
        }
    }

    // The state, which is asked for next, tells whether it was taken.
    private void Try(DfuRequest request)
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
/// How long a session waits between two GETSTATUS of one operation. Devices report time-outs that mean nothing (an F4
/// ROM asks for 100 ms after a block that takes 8); where it is known that the next request is simply answered when
/// the operation is over, nothing is waited for. A device that does not take it is waited for from then on.
/// </summary>
/// <param name="early">Whether to ask again at once.</param>
public sealed class Polling(bool early)
{
    /// <summary>Whether to ask again at once instead of waiting as long as the device says.</summary>
    public bool IsEarly { get; private set; } = early;

    /// <summary>From now on the device is given the time it asks for.</summary>
    public void FallBack() => IsEarly = false;
}
