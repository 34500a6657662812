using System.Buffers.Binary;
using System.Text;
using UploadHelper.Core.Protocols.Uart;

namespace UploadHelper.Core.Diagnosis;

/// <summary>Says what the bytes between a host and the USART bootloader in ROM mean (AN3155): commands, each with parts of its own.</summary>
internal sealed class UartWords
{
    private Part[] _due = [];
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
            if (_due.Length > 0)
            {
                var part = _due[0];
                var length = Length(part, left);
                if (length > left.Length)
                {
                    _rest = left.ToArray();
                    text.Append(text.Length == 0 ? $"a part of {data.Length} bytes" : ", ...");
                    break;
                }

                _due = _due[1..];
                text.Append(Words(part, left[..length]));
                bytes += part == Part.Block ? left[0] + 1 : 0;
                left = left[length..];
            }
            else if (left.Length >= 2 && (left[0] ^ left[1]) == 0xFF && CommandOf(left[0]) is { } command)
            {
                text.Append(text.Length == 0 ? "" : "; ").Append(command.Name);
                purpose = command.Purpose;
                _due = command.Parts;
                left = left[2..];
            }
            else
            {
                text.Append(text.Length == 0 ? "" : "; ").Append(left is [UartCode.Synchronize] ? "synchronise (0x7F)" : $"{left.Length} bytes: {Convert.ToHexString(left[..Math.Min(left.Length, 16)])}");
                break;
            }
        }

        return new(text.ToString(), purpose, bytes);
    }

    /// <summary>What the bootloader has sent.</summary>
    public TransferText Received(ReadOnlySpan<byte> data)
    {
        if (data.TrimStart(UartCode.Ack) is [UartCode.Nack, ..])
        {
            _due = [];
            _rest = [];
            return new("NACK: refused");
        }

        var others = data.TrimStart(UartCode.Ack);
        var acks = data.Length - others.Length;
        return data.IsEmpty ? new("nothing came")
            : new(
                $"{(acks == 0 ? "" : acks == 1 ? "ACK" : $"{acks} ACKs")}{(acks > 0 && others.Length > 0 ? ", " : "")}{(others.IsEmpty ? "" : $"{others.Length} bytes")}",
                TransferPurpose.Poll,
                others.Length);
    }

    private static Command? CommandOf(byte code) => code switch
    {
        UartCode.Get => new("Get", TransferPurpose.Other),
        UartCode.GetVersion => new("Get Version", TransferPurpose.Other),
        UartCode.GetId => new("Get ID", TransferPurpose.Other),
        UartCode.ReadMemory => new("Read Memory", TransferPurpose.Read, Part.Address, Part.Count),
        UartCode.Go => new("Go", TransferPurpose.Other, Part.Address),
        UartCode.WriteMemory => new("Write Memory", TransferPurpose.Write, Part.Address, Part.Block),
        UartCode.Erase => new("Erase", TransferPurpose.Erase, Part.Pages),
        UartCode.ExtendedErase => new("Extended Erase", TransferPurpose.Erase, Part.WidePages),
        UartCode.WriteProtect => new("Write Protect", TransferPurpose.Other, Part.Pages),
        UartCode.WriteUnprotect => new("Write Unprotect", TransferPurpose.Other),
        UartCode.ReadoutProtect => new("Readout Protect", TransferPurpose.Other),
        UartCode.ReadoutUnprotect => new("Readout Unprotect", TransferPurpose.Erase),
        _ => null,
    };

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

    private sealed class Command(string name, TransferPurpose purpose, params Part[] parts)
    {
        public string Name => name;

        public TransferPurpose Purpose => purpose;

        public Part[] Parts => parts;
    }
}
