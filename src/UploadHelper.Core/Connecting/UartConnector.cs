using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
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
/// <param name="Sequence">How to start the bootloader.</param>
public sealed record UartOptions(int BaudRate, ResetSequence Sequence)
{
    /// <summary>The speed that every one of them has been tested with (AN3155, 2.2).</summary>
    public const int DefaultBaudRate = 115_200;

    /// <summary>The lowest speed that it measures right (AN3155, 2.2).</summary>
    public const int LowestBaudRate = 1200;

    /// <summary>The speeds to try, one after the other.</summary>
    internal IReadOnlyList<int> BaudRates => BaudRate > DefaultBaudRate ? [BaudRate, DefaultBaudRate] : [BaudRate];
}

/// <summary>Connects to the USART bootloader in ROM, through a serial port that stays when the board is reset.</summary>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives progress, on the caller's thread.</param>
internal sealed class UartConnector(ISerialPorts ports, TimeProvider time, Action<UploadEvent> events) : IBootloaderConnector
{
    private const string SetBoot0 = "Set BOOT0 high and press RESET on the board";

    // A reset may come too late for the first byte, or noise may be measured for it.
    private const int RoundsAtHighSpeed = 2;

    // From the end of a reset to the bootloader's first look at its USART: 0.4 ms to 390 ms (AN2606, start-up times).
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(600);

    // What has worked, for the next time.
    private ResetSequence? _found;
    private int? _baudRate;
    private UartState? _state;
    private Heard _heard;

    /// <summary>The sketch whose USB port a port is; null for an adapter's, and for one that says nothing of itself.</summary>
    public static KnownDevice? SketchAt(ISerialPorts ports, string? port) => port is not null && PortNames.Find(ports.List(), port) is { } found ? SketchAt(found) : null;

    /// <summary>The sketch whose USB port a port is, or null.</summary>
    public static KnownDevice? SketchAt(SerialPortInfo port) =>
        port is { VendorId: { } vendor, ProductId: { } product } && BootloaderCatalogue.Find(new UsbId(vendor, product)) is { Program: BoardProgram.Sketch } sketch ? sketch : null;

    /// <inheritdoc/>
    public OpenBootloader Connect(BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken)
    {
        var found = Connect(request, cancellationToken);
        events(new BootloaderFound(found.Description, found.Protocol.Info, PollsEarly: false));
        return found;
    }

    /// <summary>Connects, and tells what the bootloader says of itself and its chip.</summary>
    /// <exception cref="UploadException">As for <see cref="Connect(BootloaderRequest, DeviceFilter, CancellationToken)"/>.</exception>
    public UartState Ask(BootloaderRequest request, CancellationToken cancellationToken)
    {
        using var device = Connect(request with { AcceptsProtection = true }, cancellationToken).Device;
        return _state!;
    }

    /// <inheritdoc/>
    public OpenBootloader WaitForRestart(BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken) =>
        Connect(request, filter, cancellationToken);

    /// <inheritdoc/>
    public OpenBootloader? Reconnect(BootloaderRequest request, DeviceFilter filter, DfuDescription before, CancellationToken cancellationToken)
    {
        try
        {
            var back = new UartConnector(ports, time, _ => { }) { _found = _found, _baudRate = _baudRate }
                .Connect(request with { Timeout = BootloaderConnector.ReturnLimit }, cancellationToken);

            // Not the map: of a read-protected flash, the size was not known.
            if (back.Description.Product == before.Product)
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

    private OpenBootloader Connect(BootloaderRequest request, CancellationToken cancellationToken)
    {
        var (port, options) = (request.Port!, request.Uart!);
        if (SketchAt(ports, port) is { } sketch)
        {
            throw new UploadException(
                UploadError.SerialPort,
                $"{port} is not a serial adapter but the USB port of a {sketch.Name}. {ErrorMessages.Unchanged}",
                "Omit --uart to upload over USB, or give the adapter's port with --port.");
        }

        IReadOnlyList<int> speeds = _baudRate is { } known ? [known] : options.BaudRates;
        var start = time.GetTimestamp();
        for (var i = 0; ; i++)
        {
            var isLast = i == speeds.Count - 1;
            IUartLine? line = null;
            OpenBootloader? found = null;
            try
            {
                line = Open(port, speeds[i], isLast);
                if (line is not null && (found = Reach(line, speeds[i], isLast, start, request, cancellationToken)) is not null)
                {
                    _baudRate = speeds[i];
                    return found;
                }
            }
            catch (SerialException e)
            {
                throw NotOpened(port, e);
            }
            finally
            {
                if (found is null)
                {
                    line?.Dispose();
                }
            }

            if (isLast)
            {
                throw NoAnswer(port, request.Timeout, options.Sequence);
            }

            events(new UploadWarning(
                WarningCode.SlowerBaudRate,
                line is null
                    ? $"{port} does not support {speeds[i]} baud. upload-helper tries {speeds[i + 1]}."
                    : $"The bootloader at {port} did not answer at {speeds[i]} baud. upload-helper tries {speeds[i + 1]}.",
                line is null || options.Sequence.Enter.Count > 0
                    ? $"Next time, give --baud-rate {speeds[i + 1]}, or a speed between the two."
                    : $"Press RESET on the board again: the bootloader measures the speed only once. Next time, give --baud-rate {speeds[i + 1]}, or a speed between the two."));
        }
    }

    // Null if the adapter does not take the speed, and another will be tried.
    private IUartLine? Open(string port, int baudRate, bool isLast)
    {
        try
        {
            return ports.OpenUart(port, baudRate);
        }
        catch (SerialException e) when (e.Fault == SerialFault.Io && !isLast)
        {
            return null;
        }
    }

    private OpenBootloader? Reach(IUartLine line, int baudRate, bool isLast, long start, BootloaderRequest request, CancellationToken cancellationToken)
    {
        var (port, sequence) = (request.Port!, _found ?? request.Uart!.Sequence);
        var uart = new UartConnection(line, baudRate, time, cancellationToken) { Exit = sequence.Exit };

        // Half of the time for each speed, unless the lines start the bootloader: then a few attempts show whether it answers.
        var limit = isLast ? request.Timeout : request.Timeout / 2;
        var rounds = isLast || sequence.Enter.Count == 0 ? int.MaxValue : RoundsAtHighSpeed;
        for (var round = 1; round <= rounds; round++)
        {
            var isOver = time.GetElapsedTime(start) >= limit;
            if ((TryStart(uart, line, sequence.Enter, sequence.Enter.Count > 0 ? Patience : TimeSpan.Zero, cancellationToken)
                || (sequence == ResetSequence.Auto && TryWirings(uart, line, port, round, cancellationToken))

                // An earlier host may have left it in the middle of a command.
                || (round == 2 && uart.TryInterrupt(limit - time.GetElapsedTime(start))))
                && Identify(uart, request, throws: isLast) is { } found)
            {
                var byHand = _found is null && sequence.Enter.Count == 0;
                return found with { Protocol = found.Protocol with { Info = found.Protocol.Info with { NeedsBoot0Low = byHand } } };
            }

            _heard = uart.IsEcho ? Heard.Echo : uart.IsOther ? Heard.Other : _heard;
            if (isOver)
            {
                return null;
            }

            if (round == 1 && sequence.Enter.Count == 0)
            {
                events(new WaitingForUart(port, request.Timeout));
            }

            time.Wait(Waiting.PollInterval, cancellationToken);
        }

        return null;
    }

    private bool TryStart(UartConnection uart, IUartLine line, IReadOnlyList<LineStep> steps, TimeSpan patience, CancellationToken cancellationToken)
    {
        ResetSequence.Run(steps, line, time, cancellationToken);
        var start = time.GetTimestamp();
        while (true)
        {
            var isLast = time.GetElapsedTime(start) >= patience;
            if (uart.TrySynchronize())
            {
                return true;
            }

            if (isLast)
            {
                return false;
            }

            // Something else may answer at once.
            time.Wait(Waiting.PollInterval, cancellationToken);
        }
    }

    // At first all of them, but only for quick bootloaders, so that a user whose board has no wires is soon asked; then one in each round.
    private bool TryWirings(UartConnection uart, IUartLine line, string port, int round, CancellationToken cancellationToken)
    {
        var all = ResetSequence.UsualWirings;
        var (wirings, patience) = round == 1 ? (all, TimeSpan.Zero) : (all.Skip(round - 2).Take(1), Patience);
        foreach (var wiring in wirings)
        {
            if (TryStart(uart, line, wiring.Enter, patience, cancellationToken))
            {
                _found = wiring;
                events(new WiringFound(port, wiring));
                return true;
            }

            // As they were when the port was opened.
            line.SetDtr(true);
            line.SetRts(true);
        }

        return false;
    }

    private OpenBootloader? Identify(UartConnection uart, BootloaderRequest request, bool throws)
    {
        try
        {
            return Identify(uart, request.Port!, request.AcceptsProtection);
        }
        catch (UsbException e) when (e.Fault == UsbFault.Timeout)
        {
            // It has measured the speed, but not well enough.
            return !throws ? null : throw new UploadException(
                UploadError.DeviceFailed,
                $"A bootloader answers at {request.Port}, but its answers are damaged. {ErrorMessages.Unchanged}",
                "Press RESET with BOOT0 high, and try a lower speed, for example --baud-rate 57600. Check GND and the length of the wires.",
                e);
        }
    }

    private OpenBootloader Identify(UartConnection uart, string port, bool acceptsProtection)
    {
        var identity = UartIdentity.Read(uart);
        if (UartRomFamily.Find(identity.ProductId) is not { } part)
        {
            throw new UploadException(
                UploadError.NotSupported,
                $"The chip at {port} has the product id 0x{identity.ProductId:X3}, which upload-helper does not know: the layout of its flash is not certain. {ErrorMessages.NothingErased}",
                "Use stm32flash or STM32CubeProgrammer.");
        }

        var size = UartRomFamily.FlashSize(part, Information(uart, part, identity, UartRomFamily.SizeRegister(part), out var isProtected));
        if (isProtected && !acceptsProtection)
        {
            throw new UploadException(
                UploadError.ReadProtected,
                $"The flash of this {part.Name} is read-protected: its bootloader refuses to read and to write. {ErrorMessages.NothingErased}",
                $"`upload-helper unprotect --uart --port {port}` removes the protection, and erases the whole flash.");
        }

        _state = new UartState(part.Name, port, identity, isProtected ? null : size ?? part.LargestFlash);
        var flash = UartRomFamily.FlashOf(part, size, Options(uart, part, identity, isProtected), identity.ErasesByBytes);
        if (flash.Objection is { } why)
        {
            throw new UploadException(
                UploadError.NotSupported,
                $"Over UART, upload-helper leaves this {part.Name} alone: {why}. {ErrorMessages.NothingErased}",
                "Use STM32CubeProgrammer with an ST-Link.");
        }

        var description = UartRomFamily.Describe(flash, port);
        return new OpenBootloader(uart, description, BootloaderProtocol.Uart(flash, description, identity.ErasesByBytes), uart);
    }

    // A protected chip does not show them, and is erased as a whole anyway.
    private static uint? Options(UartConnection uart, UartPart part, UartIdentity identity, bool isProtected) => part.Banks switch
    {
        null => null,
        { } banks when isProtected => (banks.Required | banks.Two) & ~banks.Forbidden,
        { OptionsAt: > 0 and var at } when Information(uart, part, identity, (at, sizeof(uint)), out _) is { } options => BinaryPrimitives.ReadUInt32LittleEndian(options),
        _ => null,
    };

    // Null if the bootloader has nothing there, or does not show it.
    private static byte[]? Information(UartConnection uart, UartPart part, UartIdentity identity, (uint Address, int Length) at, out bool isProtected)
    {
        isProtected = false;
        try
        {
            return new UartBootloader(uart, new MemoryMap("", []), identity.ErasesByBytes, part.ErasedValue).ReadTwice(at.Address, at.Length);
        }
        catch (DfuException e)
        {
            isProtected = e.Status is not null;
            return null;
        }
    }

    private enum Heard
    {
        Nothing,
        Echo,
        Other,
    }

    private UploadException NoAnswer(string port, TimeSpan limit, ResetSequence sequence)
    {
        var message = $"No bootloader answered at {port} within {limit.TotalSeconds:0.#} s";
        return _heard switch
        {
            Heard.Echo => new UploadException(
                UploadError.NoDevice,
                $"{message}: everything that is sent comes back. {ErrorMessages.Unchanged}",
                "The adapter's TX is connected to its own RX. Connect TX to the RX of the bootloader's USART (PA10 on most chips), and RX to TX (PA9)."),
            Heard.Other => new UploadException(
                UploadError.NoDevice,
                $"{message}, but something else sends data there: probably the sketch. {ErrorMessages.Unchanged}",
                $"{SetBoot0}, and {Again.Clause}."),
            _ => new UploadException(
                UploadError.NoDevice,
                $"{message}. {ErrorMessages.Unchanged}",
                (sequence.Enter.Count > 0 ? $"Omit --reset-sequence if the lines may be wired in another way than {sequence.Text}: upload-helper then tries the usual ways. Otherwise: " : "")
                    + $"{SetBoot0}, and {Again.Clause}. Is TX connected to PA10, RX to PA9 (on most chips) and GND to GND?"),
        };
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

/// <summary>The adapter's modem lines have started the bootloader.</summary>
/// <param name="Port">The port.</param>
/// <param name="Wiring">How the lines are wired to the board.</param>
public sealed record WiringFound(string Port, ResetSequence Wiring) : UploadEvent;

/// <summary>What a USART bootloader says of itself and its chip.</summary>
/// <param name="Chip">The chip.</param>
/// <param name="Port">The serial port.</param>
/// <param name="Identity">What it tells.</param>
/// <param name="FlashSize">The size of the flash in KiB; null if the flash is read-protected.</param>
public sealed record UartState(string Chip, string Port, UartIdentity Identity, int? FlashSize);
