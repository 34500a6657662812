using System.Buffers.Binary;
using System.Text;

namespace UploadHelper.Core.Diagnosis;

/// <summary>Says what the bytes between a host and the USART bootloader in ROM mean (AN3155): commands, each with parts of its own.</summary>
internal sealed class UartWords
{
    private const byte Ack = 0x79;
    private const byte Nack = 0x1F;
    private const byte Synchronize = 0x7F;

    private static readonly Dictionary<byte, (string Name, Part[] Parts, TransferPurpose Purpose)> Commands = new()
    {
        [0x00] = ("Get", [], TransferPurpose.Other),
        [0x01] = ("Get Version", [], TransferPurpose.Other),
        [0x02] = ("Get ID", [], TransferPurpose.Other),
        [0x11] = ("Read Memory", [Part.Address, Part.Count], TransferPurpose.Read),
        [0x21] = ("Go", [Part.Address], TransferPurpose.Other),
        [0x31] = ("Write Memory", [Part.Address, Part.Block], TransferPurpose.Write),
        [0x43] = ("Erase", [Part.Pages], TransferPurpose.Erase),
        [0x44] = ("Extended Erase", [Part.WidePages], TransferPurpose.Erase),
        [0x63] = ("Write Protect", [Part.Pages], TransferPurpose.Other),
        [0x73] = ("Write Unprotect", [], TransferPurpose.Other),
        [0x82] = ("Readout Protect", [], TransferPurpose.Other),
        [0x92] = ("Readout Unprotect", [], TransferPurpose.Erase),
    };

    private readonly Queue<Part> _due = new();
    private byte[] _rest = [];

    // A part and how it is laid out on the line.
    private enum Part
    {
        Address,
        Count,
        Block,
        Pages,
        WidePages,
    }

    /// <summary>What a host has sent. A part may come in several pieces.</summary>
    public TransferText Written(ReadOnlySpan<byte> data)
    {
        var text = new StringBuilder();
        var (purpose, bytes) = (TransferPurpose.Other, 0);
        ReadOnlySpan<byte> left = [.. _rest, .. data];
        _rest = [];
        while (!left.IsEmpty)
        {
            if (_due.TryPeek(out var part))
            {
                var length = Length(part, left);
                if (length > left.Length)
                {
                    _rest = left.ToArray();
                    text.Append(text.Length == 0 ? $"a part of {data.Length} bytes" : ", ...");
                    break;
                }

                _due.Dequeue();
                text.Append(Words(part, left[..length]));
                bytes += part == Part.Block ? left[0] + 1 : 0;
                left = left[length..];
            }
            else if (left.Length >= 2 && (left[0] ^ left[1]) == 0xFF && Commands.TryGetValue(left[0], out var command))
            {
                text.Append(text.Length == 0 ? "" : "; ").Append(command.Name);
                purpose = command.Purpose;
                Array.ForEach(command.Parts, _due.Enqueue);
                left = left[2..];
            }
            else
            {
                text.Append(text.Length == 0 ? "" : "; ").Append(left is [Synchronize] ? "synchronise (0x7F)" : $"{left.Length} bytes: {Convert.ToHexString(left[..Math.Min(left.Length, 16)])}");
                break;
            }
        }

        return new(text.ToString(), purpose, bytes);
    }

    /// <summary>What the bootloader has sent.</summary>
    public TransferText Received(ReadOnlySpan<byte> data)
    {
        if (data.Contains(Nack) && data.TrimStart(Ack) is [Nack, ..])
        {
            _due.Clear();
            _rest = [];
            return new("NACK: refused");
        }

        var others = data.TrimStart(Ack);
        var acks = data.Length - others.Length;
        return data.IsEmpty ? new("nothing came")
            : new(
                $"{(acks == 0 ? "" : acks == 1 ? "ACK" : $"{acks} ACKs")}{(acks > 0 && others.Length > 0 ? ", " : "")}{(others.IsEmpty ? "" : $"{others.Length} bytes")}",
                TransferPurpose.Poll,
                others.Length);
    }

    private static int Length(Part part, ReadOnlySpan<byte> left) => part switch
    {
        Part.Address => 5,
        Part.Count => 2,
        Part.Block => left[0] + 3,
        Part.Pages => left[0] == 0xFF ? 2 : left[0] + 3,
        _ when left.Length < 2 => int.MaxValue,
        _ => BinaryPrimitives.ReadUInt16BigEndian(left) is var count && count >= 0xFFF0 ? 3 : 2 * count + 5,
    };

    private static string Words(Part part, ReadOnlySpan<byte> bytes) => part switch
    {
        Part.Address => $" 0x{BinaryPrimitives.ReadUInt32BigEndian(bytes):X8}",
        Part.Count or Part.Block => $", {bytes[0] + 1} bytes",
        Part.Pages => bytes.Length == 2 ? " of everything" : $" of {bytes[0] + 1} pages from page {bytes[1]}",
        _ => bytes.Length == 3 ? (bytes[1] == 0xFF ? " of everything" : $" of bank {(bytes[1] == 0xFE ? 1 : 2)}")
            : $" of {BinaryPrimitives.ReadUInt16BigEndian(bytes) + 1} pages from page {BinaryPrimitives.ReadUInt16BigEndian(bytes[2..])}",
    };
}
