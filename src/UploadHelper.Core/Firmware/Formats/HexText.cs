using System.Buffers;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>Bytes written as pairs of hexadecimal digits.</summary>
internal static class HexText
{
    /// <summary>Reads the digits of a line.</summary>
    /// <param name="digits">The digits; any case.</param>
    /// <param name="trouble">Names what is wrong.</param>
    /// <param name="line">The number of the line.</param>
    public static byte[] Read(ReadOnlySpan<byte> digits, FileTrouble trouble, int line)
    {
        foreach (var digit in digits)
        {
            if (!char.IsAsciiHexDigit((char)digit))
            {
                throw trouble.At(line, $"{Printable(digit)} is no hexadecimal digit");
            }
        }

        if (digits.Length % 2 != 0)
        {
            throw trouble.At(line, $"it has {digits.Length} hexadecimal digits, and should have an even number");
        }

        var bytes = new byte[digits.Length / 2];
        var status = Convert.FromHexString(digits, bytes, out _, out _);
        return status == OperationStatus.Done ? bytes : throw new InvalidOperationException("Digits were checked.");
    }

    /// <summary>The sum of bytes, as checksums begin.</summary>
    public static int Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0;
        foreach (var b in bytes)
        {
            sum += b;
        }

        return sum;
    }

    /// <summary>A character of a file, fit to be shown.</summary>
    public static string Printable(byte c) => c is >= (byte)' ' and <= (byte)'~' ? $"'{(char)c}'" : $"0x{c:X2}";
}
