using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.Hid;

/// <summary>The commands of the HID bootloader (Serasidis/STM32_HID_Bootloader, bootloader/F1/Src/hid.c).</summary>
public enum HidCommand : byte
{
    /// <summary>Back to the first page.</summary>
    Restart = 0,

    /// <summary>Off the bus, and a reset, which starts the sketch.</summary>
    Leave = 1,
}

/// <summary>
/// The reports of the HID bootloader as methods on an open device (Serasidis/STM32_HID_Bootloader, hid.c and main.c). Reports to it
/// are SET_REPORT requests of exactly 64 bytes: it counts bytes, so that one more or less would shift all that follows. It confirms
/// blocks by reports of 8 bytes. Cancellation is checked before each transfer.
/// </summary>
/// <param name="device">The open device, its interface claimed.</param>
/// <param name="interfaceNumber">The HID interface.</param>
/// <param name="time">The clock.</param>
/// <param name="cancellationToken">Checked before each transfer and in each wait.</param>
public sealed class HidConnection(IUsbDevice device, byte interfaceNumber, TimeProvider time, CancellationToken cancellationToken) : IBootloaderConnection
{
    /// <summary>Size of a report to the device, in bytes.</summary>
    public const int ReportSize = 64;

    private const byte ClassOut = 0x21;
    private const byte SetReport = 9;
    private const ushort OutputReport = 0x0200;
    private const byte Endpoint = 0x81;
    private const int MaxRefusals = 20;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AskLimit = TimeSpan.FromMilliseconds(500);

    // While it writes a page, it acknowledges no SETUP packet: up to 112 ms (DS5792), one page of 2 KiB.
    private static readonly TimeSpan Refused = TimeSpan.FromMilliseconds(60);

    // The slower endpoint is asked every 32 ms (usbd_customhid.c, bInterval).
    private static readonly TimeSpan LeftOver = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public Polling Polling { get; } = new(early: false);

    /// <inheritdoc/>
    public bool IsCancelled => cancellationToken.IsCancellationRequested;

    /// <summary>Whether <see cref="Reset"/> works.</summary>
    public bool CanReset => device.CanReset;

    /// <inheritdoc/>
    public IBootloaderConnection Uncancelled() => new HidConnection(device, interfaceNumber, time, CancellationToken.None);

    /// <inheritdoc/>
    /// <remarks>All memories are reached in the same way.</remarks>
    public void Select(DfuAlternate alternate)
    {
    }

    /// <inheritdoc/>
    /// <remarks>It has no states. If it is writing the last page of an earlier host, it answers after that.</remarks>
    public void Idle(TimeSpan? firstAnswer = null) => Repeatedly(() => UsbDescriptors.AskForDevice(device, firstAnswer ?? AskLimit));

    /// <summary>Sends a report of data.</summary>
    /// <param name="report">Exactly <see cref="ReportSize"/> bytes.</param>
    /// <exception cref="UsbException">The transfer failed. How many of the bytes the device has taken is then unknown.</exception>
    public void Send(ReadOnlySpan<byte> report)
    {
        cancellationToken.ThrowIfCancellationRequested();
        device.ControlOut(new UsbSetup(ClassOut, SetReport, OutputReport, interfaceNumber, ReportSize), report, Timeout);
    }

    /// <summary>Sends a command. It is one only at the beginning of a page.</summary>
    /// <param name="command">The command.</param>
    /// <exception cref="UsbException">The transfer failed.</exception>
    public void Command(HidCommand command)
    {
        var report = new byte[ReportSize];
        "BTLDCMD"u8.CopyTo(report);
        report[7] = (byte)command;
        Repeatedly(() => Send(report));
    }

    /// <summary>Waits for the device to confirm something.</summary>
    /// <param name="limit">How long to wait.</param>
    /// <returns>False if nothing came.</returns>
    /// <exception cref="UsbException">The transfer failed.</exception>
    /// <exception cref="DfuException">Something else came.</exception>
    public bool IsConfirmed(TimeSpan limit)
    {
        const int Size = 8;
        cancellationToken.ThrowIfCancellationRequested();
        Span<byte> answer = stackalloc byte[Size];
        int received;
        try
        {
            received = device.InterruptIn(Endpoint, answer, limit);
        }
        catch (UsbException e) when (e.Fault == UsbFault.Timeout)
        {
            return false;
        }

        return answer[..received].SequenceEqual("BTLDCMD\u0002"u8)
            ? true
            : throw new DfuException($"The device sent {Convert.ToHexString(answer[..received])} instead of a confirmation.");
    }

    /// <summary>Fetches what the device has confirmed to an earlier host.</summary>
    /// <exception cref="UsbException">The transfer failed.</exception>
    public void FetchLeftOver()
    {
        const int Most = 4;
        for (var i = 0; i < Most && IsConfirmed(LeftOver); i++)
        {
        }
    }

    /// <summary>Resets the bus. On an F1, that empties the buffer and leads back to the first page (hid.c, USB_Reset).</summary>
    /// <exception cref="UsbException">The port could not be reset.</exception>
    public void Reset()
    {
        cancellationToken.ThrowIfCancellationRequested();
        device.Reset();
    }

    // Nothing of a request that is not acknowledged has arrived.
    private void Repeatedly(Action request)
    {
        for (var refusals = 0; ; refusals++)
        {
            try
            {
                request();
                return;
            }
            catch (UsbException e) when (e.Fault == UsbFault.Io && refusals < MaxRefusals)
            {
                time.Wait(Refused, cancellationToken);
            }
        }
    }
}
