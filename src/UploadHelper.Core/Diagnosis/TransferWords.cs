using System.Buffers.Binary;
using System.Text;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Protocols.DfuSe;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.Tracing;

namespace UploadHelper.Core.Diagnosis;

/// <summary>What a transfer is for.</summary>
public enum TransferPurpose
{
    /// <summary>Something else.</summary>
    Other,

    /// <summary>To ask whether the last one is done.</summary>
    Poll,

    /// <summary>To erase.</summary>
    Erase,

    /// <summary>To write.</summary>
    Write,

    /// <summary>To read the board's memory.</summary>
    Read,
}

/// <summary>A transfer in words.</summary>
/// <param name="Text">The words; not only ASCII.</param>
/// <param name="Purpose">What it is for.</param>
/// <param name="Bytes">How many bytes of the board's memory it carries.</param>
public readonly record struct TransferText(string Text, TransferPurpose Purpose = TransferPurpose.Other, int Bytes = 0);

/// <summary>
/// Says of each thing in a recording what it means in DFU (USB DFU 1.1), DfuSe (AN3156), at a HID bootloader, or at the ROM's USART
/// (AN3155). Events are given in their order: where a block belongs is known from those before it.
/// </summary>
/// <param name="boards">The boards of the recording.</param>
public sealed class TransferWords(RecordedBoards boards)
{
    private const byte SetReport = 9;

    // The commands that set the address.
    private readonly Dictionary<int, TraceEvent> _pointers = [];
    private readonly Dictionary<string, UartWords?> _ports = [];

    /// <summary>The words for an event, without its failure.</summary>
    /// <param name="e">The event.</param>
    public TransferText Of(TraceEvent e) => e.Operation switch
    {
        TraceOperation.Devices => new(e.Devices.Where(RecordedBoards.IsBoard).ToList() is { Count: > 0 } listed
            ? $"on the bus: {string.Join(", ", listed.Select(Place))}"
            : "no board on the bus"),
        TraceOperation.Ports => new(e.Ports.Count == 0 ? "no serial port" : $"serial ports: {string.Join(", ", e.Ports.Select(p => p.Id is { } id ? $"{p.Name} ({id})" : p.Name))}"),
        TraceOperation.Open => new("open the device"),
        TraceOperation.Claim => new($"claim interface {e.Argument}"),
        TraceOperation.Alternate => new($"SET_INTERFACE: alternate setting {e.Argument}"),
        TraceOperation.Reset => new("reset the port"),
        TraceOperation.Control => Control(e),
        TraceOperation.Interrupt => new(e.Data.Span.SequenceEqual("BTLDCMD\u0002"u8) ? "report: confirmed" : $"packet at endpoint 0x{e.Argument:X2}: {Hex(e.Data)}"),
        TraceOperation.Bulk => new($"{((e.Argument & 0x80) != 0 ? "received" : "sent")} at endpoint 0x{e.Argument:X2}: {Hex(e.Data)}"),
        TraceOperation.Request => new($"upload-helper {e.Name}{string.Concat(e.Settings.Select(s => s.Value == "true" ? $" --{s.Key}" : s.Value == "false" ? $" --no-{s.Key}" : $" --{s.Key} {s.Value}"))}"),
        TraceOperation.File => new($"file {e.File!.Name}, {e.File.Size} bytes"),
        TraceOperation.Outcome => new(e.Name.Length == 0 ? "it succeeded" : $"it failed [{e.Name}]"),
        TraceOperation.Unknown => new($"{(e.Text.StartsWith('#') ? $"an event that is only known by its hash {e.Text}" : $"\"{e.Text}\"")}{(e.Data.IsEmpty ? "" : $", {Hex(e.Data)}")}"),
        _ => Serial(e),
    };

    /// <summary>A device and where it is: "0483:DF11 at 1-1.2".</summary>
    /// <param name="device">The device.</param>
    public static string Place(UsbDeviceInfo device) =>
        device.Path.Length > 0 ? $"{device.Id} at {device.Path}" : device.Number > 255 ? $"{device.Id} (bus {device.Number >> 8}, device {device.Number & 255})" : $"{device.Id}";

    private static string Hex(ReadOnlyMemory<byte> data)
    {
        const int Most = 16;
        return data.IsEmpty ? "nothing" : $"{data.Length} bytes: {string.Join(' ', data.Span[..Math.Min(Most, data.Length)].ToArray().Select(b => $"{b:X2}"))}{(data.Length > Most ? " ..." : "")}";
    }

    private TransferText Control(TraceEvent e) => e.Setup switch
    {
        { RequestType: 0x80, Request: 6 } => new(Descriptor(e)),
        { RequestType: 0x21, Request: SetReport } => Report(e),
        { RequestType: 0x21 or 0xA1, Request: <= (byte)DfuRequest.Abort } when boards.Find(e.Device) is { } board && !IsSerial(board) => Dfu(e, board.Description),
        { RequestType: 0x21, Request: 0x20 } when e.Data.Length >= 4 => new($"SET_LINE_CODING: {BinaryPrimitives.ReadUInt32LittleEndian(e.Data.Span)} baud"),
        { RequestType: 0x21, Request: 0x22 } s => new($"SET_CONTROL_LINE_STATE: DTR {OnOff(s.Value & 1)}, RTS {OnOff(s.Value & 2)}"),
        { RequestType: 0x00, Request: 9 } s => new($"SET_CONFIGURATION {s.Value}"),
        { RequestType: 0x01, Request: 11 } s => new($"SET_INTERFACE: alternate setting {s.Value}"),
        var s => new($"request 0x{s.Request:X2}, type 0x{s.RequestType:X2}, value 0x{s.Value:X4}, index 0x{s.Index:X4}{(e.Data.IsEmpty ? "" : $", {Hex(e.Data)}")}"),
    };

    private static bool IsSerial(RecordedBoard board) => board.Info.Interfaces.Count > 0 && !board.Info.Interfaces.Any(DfuDescription.IsDfu);

    private static string OnOff(int bit) => bit == 0 ? "off" : "on";

    private static string Descriptor(TraceEvent e)
    {
        var d = e.Data.Span;
        var index = e.Setup.Value & 0xFF;
        return (e.Setup.Value >> 8) switch
        {
            1 when d.Length >= 18 => $"device descriptor: {BinaryPrimitives.ReadUInt16LittleEndian(d[8..]):X4}:{BinaryPrimitives.ReadUInt16LittleEndian(d[10..]):X4}, release {d[13]:X2}{d[12]:X2}",
            1 => $"device descriptor: {d.Length} bytes",
            2 when d.Length >= 4 && d.Length < (d[2] | d[3] << 8) => $"configuration descriptor: the first {d.Length} of {d[2] | d[3] << 8} bytes",
            2 => $"configuration descriptor: {d.Length} bytes{Functional(e.Data)}",
            3 when index == 0 => "languages of its strings",
            3 when d.Length >= 2 && (d.Length & 1) == 0 && IsNarrow(d[2..]) => $"string {index}: \"{Encoding.Latin1.GetString(d[2..])}\", in single bytes",
            3 when d.Length >= 2 => $"string {index}: \"{Encoding.Unicode.GetString(d[2..])}\"",
            3 => $"string {index}",
            var type => $"descriptor 0x{type:X2}, index {index}: {Hex(e.Data)}",
        };
    }

    // Text in single bytes instead of UTF-16 (the GD32VF103's serial number).
    private static bool IsNarrow(ReadOnlySpan<byte> text) => text.Length >= 2 && text.IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0;

    private static string Functional(ReadOnlyMemory<byte> configuration)
    {
        foreach (var part in UsbDescriptors.Split(configuration))
        {
            if (part.Span[1] == DfuFunctionalDescriptor.DescriptorType && DfuFunctionalDescriptor.Read(part.Span) is { } f
                && UsbDescriptors.Interfaces(configuration).Any(DfuDescription.IsDfu))
            {
                return $", DFU {f.DfuVersion >> 8:X}.{f.DfuVersion & 0xFF:X2}, blocks of {f.TransferSize} bytes, attributes 0x{f.Attributes:X2}, "
                    + $"alternate settings: {UsbDescriptors.Interfaces(configuration).Count(DfuDescription.IsDfu)}";
            }
        }

        return "";
    }

    private static TransferText Report(TraceEvent e) => e.Data.Span switch
    {
        var d when d.StartsWith("BTLDCMD\0"u8) => new("SET_REPORT: back to the first page"),
        var d when d.StartsWith("BTLDCMD\u0001"u8) => new("SET_REPORT: leave, and start the sketch"),
        var d => new($"SET_REPORT: {d.Length} bytes of data", TransferPurpose.Write, e.Fault is null ? d.Length : 0),
    };

    private TransferText Dfu(TraceEvent e, DfuDescription? device)
    {
        var s = e.Setup;
        var d = e.Data.Span;
        var isDfuSe = device?.IsDfuSe ?? true;
        return (DfuRequest)s.Request switch
        {
            DfuRequest.Detach => new($"DETACH, within {s.Value} ms"),
            DfuRequest.GetStatus when d.Length >= DfuStatus.Size => new(Status(DfuStatus.Read(d)), TransferPurpose.Poll),
            DfuRequest.GetStatus => new("GETSTATUS", TransferPurpose.Poll),
            DfuRequest.GetState => new(d.Length > 0 ? $"GETSTATE: {((DfuState)d[0]).Name()}" : "GETSTATE", TransferPurpose.Poll),
            DfuRequest.ClearStatus => new("CLRSTATUS"),
            DfuRequest.Abort => new("ABORT"),
            DfuRequest.Upload when isDfuSe && s.Value == 0 => new($"UPLOAD block 0, its commands: {Hex(e.Data)}"),
            DfuRequest.Upload => new($"UPLOAD block {s.Value}: {d.Length} bytes{At(e, device, isDfuSe)}", TransferPurpose.Read, d.Length),
            _ when d.IsEmpty => new(isDfuSe ? $"DNLOAD without data: leave{(Pointer(e.Device) is { } start ? $", and start 0x{start:X8}" : "")}" : "DNLOAD without data: that was all"),
            _ when isDfuSe && s.Value == 0 => Command(e),
            _ => new($"DNLOAD block {s.Value}: {d.Length} bytes{At(e, device, isDfuSe)}", TransferPurpose.Write, e.Fault is null ? d.Length : 0),
        };
    }

    private static string Status(DfuStatus status) =>
        $"GETSTATUS: {status}{(status.PollTimeout > TimeSpan.Zero ? $", next after {status.PollTimeout.TotalMilliseconds:0} ms" : "")}";

    private TransferText Command(TraceEvent e)
    {
        var d = e.Data.Span;
        switch (d[0], d.Length)
        {
            case (DfuSeCommands.SetAddressPointer, 5):
                _pointers[e.Device] = e;
                return new($"DNLOAD: set the address to 0x{Pointer(e.Device):X8}");
            case (DfuSeCommands.Erase, 5):
                return new($"DNLOAD: erase the sector at 0x{BinaryPrimitives.ReadUInt32LittleEndian(d[1..]):X8}", TransferPurpose.Erase);
            case (DfuSeCommands.Erase, 1):
                return new("DNLOAD: erase everything", TransferPurpose.Erase);
            case (DfuSeCommands.ReadUnprotect, 1):
                return new("DNLOAD: remove the read protection, which erases everything", TransferPurpose.Erase);
            default:
                return new($"DNLOAD: unknown command, {Hex(e.Data)}");
        }
    }

    private uint? Pointer(int device) => _pointers.GetValueOrDefault(device) is { } set ? BinaryPrimitives.ReadUInt32LittleEndian(set.Data.Span[1..]) : null;

    // DfuSe counts from block 2 on, from the address that was set (AN3156).
    private string At(TraceEvent e, DfuDescription? device, bool isDfuSe)
    {
        return isDfuSe && e.Setup.Value >= DfuSeCommands.FirstBlock && Pointer(e.Device) is { } pointer
            && (device?.Functional.TransferSize ?? (e.Setup.Value == DfuSeCommands.FirstBlock ? 0 : null)) is { } size
            ? $" at 0x{unchecked(pointer + (uint)((e.Setup.Value - DfuSeCommands.FirstBlock) * size)):X8}"
            : "";
    }

    private TransferText Serial(TraceEvent e)
    {
        switch (e.Operation)
        {
            case TraceOperation.SerialOpen:
                // The ROM's bootloader takes even parity only.
                _ports[e.Name] = e.Text.Contains("8E1", StringComparison.Ordinal) ? new UartWords() : null;
                return new($"open {e.Name} at {e.Text.Replace(" " + TraceWriter.Acknowledged, "", StringComparison.Ordinal)}");
            case TraceOperation.SerialClose:
                return new($"close {e.Name}");
            case TraceOperation.SerialSet:
                return new(e.Text switch
                {
                    "dtr" => "DTR on",
                    "-dtr" => "DTR off",
                    "rts" => "RTS on",
                    "-rts" => "RTS off",
                    var speed => $"speed {speed} baud",
                });
            case TraceOperation.SerialWrite when _ports.GetValueOrDefault(e.Name) is { } rom:
                return rom.Written(e.Data.Span);
            case TraceOperation.SerialRead when _ports.GetValueOrDefault(e.Name) is { } rom:
                return rom.Received(e.Data.Span);
            case TraceOperation.SerialWrite when e.Data.Span.IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0:
                return new($"sent \"{Encoding.ASCII.GetString(e.Data.Span)}\"");
            default:
                return new($"{(e.Operation == TraceOperation.SerialWrite ? "sent" : "received")} {Hex(e.Data)}");
        }
    }
}
