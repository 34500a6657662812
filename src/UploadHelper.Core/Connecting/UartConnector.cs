using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Protocols.Uart;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>How to reach the USART bootloader in ROM.</summary>
/// <param name="BaudRate">The speed; the bootloader measures it.</param>
/// <param name="ResetSequence">What to do with the modem lines first; empty if the user sets BOOT0 and presses RESET.</param>
public sealed record UartOptions(int BaudRate, IReadOnlyList<LineStep> ResetSequence)
{
    /// <summary>The speed that every one of them has been tested with (AN3155, 2.2).</summary>
    public const int DefaultBaudRate = 115_200;
}

/// <summary>One step of a reset sequence.</summary>
/// <param name="isDtr">Whether it changes DTR; else RTS.</param>
/// <param name="raises">Whether it raises the line.</param>
/// <param name="pause">How long to wait afterwards.</param>
public sealed class LineStep(bool isDtr, bool raises, TimeSpan pause)
{
    private static readonly TimeSpan UsualPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether it changes DTR; else RTS.</summary>
    public bool IsDtr => isDtr;

    /// <summary>Whether it raises the line.</summary>
    public bool Raises => raises;

    /// <summary>How long to wait afterwards.</summary>
    public TimeSpan Pause => pause;

    /// <summary>
    /// Reads a sequence as stm32flash's option -i has it: "dtr" or "rts" raises a line, "-dtr" or "-rts" drops it; a pause of 100 ms follows
    /// a comma, none an ampersand. "manual" is an empty one.
    /// </summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static IReadOnlyList<LineStep> Parse(string text)
    {
        var steps = new List<LineStep>();
        for (var at = 0; at < text.Length && text != "manual";)
        {
            var end = text.IndexOfAny([',', '&'], at) is var found and >= 0 ? found : text.Length;
            var name = text[at..end];
            if (name.TrimStart('-') is not ("dtr" or "rts"))
            {
                throw new FormatException($"\"{name}\" is no step of a reset sequence: write dtr, -dtr, rts or -rts, with commas between them, or manual.");
            }

            steps.Add(new LineStep(name.EndsWith("dtr", StringComparison.Ordinal), name[0] != '-', end < text.Length && text[end] == '&' ? TimeSpan.Zero : UsualPause));
            at = end + 1;
        }

        return steps;
    }
}

/// <summary>Connects to the USART bootloader in ROM, through a serial port that stays when the board is reset.</summary>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives progress, on the caller's thread.</param>
internal sealed class UartConnector(ISerialPorts ports, TimeProvider time, Action<UploadEvent> events) : IBootloaderConnector
{
    private const string SetBoot0 = "Set BOOT0 high and press RESET on the board";

    /// <inheritdoc/>
    public OpenBootloader Connect(BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken)
    {
        var (port, options) = (request.Port!, request.Uart!);
        var uart = new UartConnection(Open(port, options, cancellationToken), options.BaudRate, time, cancellationToken);
        try
        {
            Synchronize(uart, port, request, cancellationToken);
            var found = Identify(uart, port);
            events(new BootloaderFound(found.Description, found.Protocol.Info, PollsEarly: false));
            return found;
        }
        catch
        {
            uart.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public OpenBootloader WaitForRestart(BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken) =>
        Connect(request, filter, cancellationToken);

    /// <inheritdoc/>
    public OpenBootloader? Reconnect(BootloaderRequest request, DeviceFilter filter, DfuDescription before, CancellationToken cancellationToken)
    {
        try
        {
            var back = new UartConnector(ports, time, _ => { }).Connect(request with { Timeout = BootloaderConnector.ReturnLimit }, filter, cancellationToken);
            if (back.Description.IsBuildOf(before))
            {
                return back;
            }

            back.Device.Dispose();
            return null;
        }
        catch (Exception e) when (e is UploadException or UsbException)
        {
            // The caller reports the failure before this one.
            return null;
        }
    }

    private IUartLine Open(string port, UartOptions options, CancellationToken cancellationToken)
    {
        if (PortNames.Find(ports.List(), port) is { VendorId: { } vendor, ProductId: { } product }
            && BootloaderCatalogue.Find(new UsbId(vendor, product)) is { Program: BoardProgram.Sketch } sketch)
        {
            throw new UploadException(
                UploadError.SerialPort,
                $"{port} is not a serial adapter but the USB port of a {sketch.Name}. {ErrorMessages.Unchanged}",
                "Omit --uart to upload over USB, or give the adapter's port with --port.");
        }

        try
        {
            var line = ports.OpenUart(port, options.BaudRate);
            foreach (var step in options.ResetSequence)
            {
                (step.IsDtr ? (Action<bool>)line.SetDtr : line.SetRts)(step.Raises);
                time.Wait(step.Pause, cancellationToken);
            }

            return line;
        }
        catch (SerialException e)
        {
            throw NotOpened(port, e);
        }
    }

    private void Synchronize(UartConnection uart, string port, BootloaderRequest request, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        for (var attempt = 1; !uart.TrySynchronize(); attempt++)
        {
            // An earlier host may have left it in the middle of a command.
            if (attempt == 2 && uart.TryInterrupt())
            {
                return;
            }

            if (time.GetElapsedTime(start) >= request.Timeout)
            {
                throw new UploadException(
                    UploadError.NoDevice,
                    $"No bootloader answered at {port} within {request.Timeout.TotalSeconds:0.#} s. {ErrorMessages.Unchanged}",
                    $"{SetBoot0}, and {Again.Clause}. Is the adapter's TX at the RX of the bootloader's USART (PA10 on most chips), its RX at TX (PA9), and GND at GND?");
            }

            if (attempt == 2)
            {
                events(new WaitingForUart(port, request.Timeout));
            }

            time.Wait(Waiting.PollInterval, cancellationToken);
        }
    }

    private static OpenBootloader Identify(UartConnection uart, string port)
    {
        var identity = UartIdentity.Read(uart);
        if (UartRomFamily.Find(identity.ProductId) is not { } part)
        {
            throw new UploadException(
                UploadError.NotSupported,
                $"The chip at {port} has the product id 0x{identity.ProductId:X3}, which upload-helper does not know: the layout of its flash is not certain. {ErrorMessages.NothingErased}",
                "Use stm32flash or STM32CubeProgrammer.");
        }

        var map = UartRomFamily.MapOf(part, FlashSize(uart, part, identity));
        var description = UartRomFamily.Describe(part, port, map);
        return new OpenBootloader(uart, description, BootloaderProtocol.Uart(part, description, map, identity.ErasesByBytes), uart);
    }

    private static int FlashSize(UartConnection uart, UartPart part, UartIdentity identity)
    {
        var (address, length) = UartRomFamily.SizeRegister(part);
        try
        {
            var bootloader = new UartBootloader(uart, UartRomFamily.MapOf(part, part.LargestFlash), identity.ErasesByBytes, 0xFF);
            return UartRomFamily.FlashSize(part, bootloader.ReadTwice(address, length));
        }
        catch (DfuException e) when (e.Status is not null)
        {
            throw new UploadException(
                UploadError.ReadProtected,
                $"The flash of this {part.Name} is read-protected: its bootloader refuses to read and to write. {ErrorMessages.NothingErased}",
                "`stm32flash -k` removes the protection, and erases the whole flash.",
                e);
        }
        catch (DfuException)
        {
            return part.LargestFlash;
        }
    }

    private UploadException NotOpened(string port, SerialException e) => e.Fault switch
    {
        SerialFault.NotFound => new UploadException(
            UploadError.SerialPort,
            $"Serial port {port} not found. {PortChoice.Sentence(ports.List(), port)} {ErrorMessages.Unchanged}",
            "Check that the serial adapter is plugged in, and give its port with --port.",
            e),
        SerialFault.Busy => new UploadException(
            UploadError.SerialPort, $"Another program is using {port}. {ErrorMessages.Unchanged}", $"Close that program (a serial monitor?) and {Again.Clause}.", e),
        SerialFault.AccessDenied => new UploadException(
            UploadError.SerialPort,
            $"This user does not have permission to open {port}. {ErrorMessages.Unchanged}",
            "Add yourself to the group that owns the port (often dialout) and log in again.",
            e),
        _ => new UploadException(UploadError.SerialPort, $"{port} failed: {e.Message} {ErrorMessages.Unchanged}", "Check the adapter, and try another speed with --baud-rate.", e),
    };
}

/// <summary>Nothing answers at a serial port yet: the user must start the bootloader.</summary>
/// <param name="Port">The port.</param>
/// <param name="Timeout">The longest time to wait.</param>
public sealed record WaitingForUart(string Port, TimeSpan Timeout) : UploadEvent;
