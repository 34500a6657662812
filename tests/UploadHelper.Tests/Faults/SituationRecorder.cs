using UploadHelper.Core.Usb;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Faults;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Faults;

/// <summary>
/// The situation in which each transfer of an upload to a bootloader takes place. Two transfers are in the same situation if
/// the host asks for the same, the bootloader answers alike (bStatus and bState, or how the transfer fails), and the flash
/// is in the same state. Block numbers, addresses and contents do not matter, nor does how often it was asked before.
/// </summary>
/// <param name="bench">The board, and the bus that the recorder stands before.</param>
/// <param name="stateOfFlash">Names the state of the flash. It is asked before every transfer that follows a change.</param>
internal sealed class SituationRecorder(Bench bench, Func<string> stateOfFlash) : IUsbBus
{
    private const byte SetReport = 9;

    private readonly List<Situation> _situations = [];
    private string? _state;
    private bool _erases;
    private bool _programs;

    /// <summary>The situations by the number of the transfer, as faults count it.</summary>
    public IReadOnlyList<Situation> Situations => _situations;

    /// <summary>To be told of each event of the board.</summary>
    public void See(BoardEvent e)
    {
        if (e.Kind == BoardEventKind.Flash)
        {
            _state = null;
            _erases |= e.Text.StartsWith("erase sector", StringComparison.Ordinal);
            _programs |= e.Text.StartsWith("program", StringComparison.Ordinal);
        }
    }

    public IReadOnlyList<UsbDeviceInfo> List() => bench.Bus.List();

    public IUsbDevice Open(UsbDeviceInfo device) => new Device(this, bench.Bus.Open(device));

    private T Record<T>(string request, Func<T> transfer, Func<T, string> answer)
    {
        var state = _state ??= stateOfFlash();
        var before = bench.Board.BootloaderTransfers;
        (_erases, _programs) = (false, false);
        var how = "lost";
        try
        {
            var result = transfer();
            how = answer(result);
            return result;
        }
        catch (UsbException e)
        {
            how = e.Fault.ToString();
            throw;
        }
        finally
        {
            if (bench.Board.BootloaderTransfers > before)
            {
                Fill(before, state);
                _situations.Add(new Situation(request, how, state, _erases, _programs));
            }
        }
    }

    // What the operating system asks for itself.
    private void Fill(int count, string state)
    {
        while (_situations.Count < count)
        {
            _situations.Add(new Situation($"{Situation.Standard} 0x09", "", state, false, false));
        }
    }

    private static string Name(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        if (setup.IsStandard)
        {
            return $"{Situation.Standard} 0x{setup.Request:X2}, value 0x{setup.Value:X4}";
        }

        var block = setup.Value < 2 ? setup.Value.ToString() : "n";
        return (DfuRequest)setup.Request switch
        {
            // A command of DfuSe is as long as its code and an address.
            DfuRequest.Download => $"DNLOAD {block} {(data.Length is > 0 and <= 5 ? data[0].ToString() : data.Length > 0 ? "data" : "end")}",
            DfuRequest.Upload => $"UPLOAD {block}",
            (DfuRequest)SetReport => Situation.Report,
            var request => request.ToString(),
        };
    }

    private sealed class Device(SituationRecorder owner, IUsbDevice device) : IUsbDevice
    {
        public UsbDeviceInfo Info => device.Info;

        public bool CanReset => device.CanReset;

        public void Claim(byte interfaceNumber) => device.Claim(interfaceNumber);

        public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) => owner.Record(
            $"{Situation.Standard} 0x0B",
            () =>
            {
                device.SetAlternateSetting(interfaceNumber, alternateSetting);
                return true;
            },
            _ => "");

        public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
        {
            var answer = new byte[buffer.Length];
            var received = owner.Record(
                Name(setup, []),
                () => device.ControlIn(setup, answer, timeout),
                n => n < Math.Min(answer.Length, DfuStatus.Size) ? "short"
                    : setup is { RequestType: 0xA1, Request: (byte)DfuRequest.GetStatus } ? $"{answer[0]} {answer[4]}" : "");
            answer.AsSpan(0, received).CopyTo(buffer);
            return received;
        }

        public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout)
        {
            var sent = data.ToArray();
            owner.Record(
                Name(setup, sent),
                () =>
                {
                    device.ControlOut(setup, sent, timeout);
                    return true;
                },
                _ => "");
        }

        public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout) => device.InterruptIn(endpoint, buffer, timeout);

        public void Reset() => device.Reset();

        public void Dispose() => device.Dispose();
    }
}

/// <summary>A situation.</summary>
/// <param name="Request">What the host asks for.</param>
/// <param name="Answer">How the bootloader answers, in the run that was recorded.</param>
/// <param name="Flash">State of the flash before it.</param>
/// <param name="Erases">Whether a sector is erased in it.</param>
/// <param name="Programs">Whether flash is programmed in it.</param>
internal sealed record Situation(string Request, string Answer, string Flash, bool Erases, bool Programs)
{
    /// <summary>How a standard request begins.</summary>
    public const string Standard = "standard request";

    /// <summary>A report to a HID bootloader.</summary>
    public const string Report = "output report";

    /// <summary>The faults that can happen in it, each bStatus for itself.</summary>
    public IEnumerable<(FaultKind Kind, DfuStatusCode Status)> Faults()
    {
        foreach (var kind in Enum.GetValues<FaultKind>().Where(Applies))
        {
            foreach (var status in kind == FaultKind.Status ? Enumerable.Range(1, Fault.LastStatus) : [(int)DfuStatusCode.Ok])
            {
                yield return (kind, (DfuStatusCode)status);
            }
        }
    }

    private bool Applies(FaultKind kind) => kind switch
    {
        FaultKind.CutErase => Erases,
        FaultKind.CutProgram or FaultKind.Bit => Programs,
        FaultKind.Lost => Erases || Programs,
        FaultKind.Short => Is("UPLOAD") || Is(nameof(DfuRequest.GetStatus)) || Is($"{Standard} 0x06"),
        FaultKind.Layout => Is($"{Standard} 0x06, value 0x03"),
        FaultKind.Early or FaultKind.Busy or FaultKind.Status => !Is(Standard) && !Is(Report),
        _ => true,
    };

    private bool Is(string request) => Request.StartsWith(request, StringComparison.Ordinal);
}
