namespace UploadHelper.Fuzz.Targets;

/// <summary>Sets the count and the checksum of each line of hexadecimal digits, where there is room for them.</summary>
internal static class HexRepair
{
    private static ReadOnlySpan<byte> Digits => "0123456789ABCDEF"u8;

    public static void Intel(byte[] file) => Lines(file, line =>
    {
        if (line.Length >= 11 && line[0] == ':')
        {
            Mend(line[1..], overhead: 5, sum => (byte)-sum);
        }
    });

    public static void Motorola(byte[] file) => Lines(file, line =>
    {
        if (line.Length >= 10 && line[0] == 'S')
        {
            Mend(line[2..], overhead: 1, sum => (byte)~sum);
        }
    });

    private delegate void LineAction(Span<byte> line);

    private static void Lines(byte[] file, LineAction action)
    {
        var rest = file.AsSpan();
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOfAny((byte)'\r', (byte)'\n');
            action(end < 0 ? rest : rest[..end]);
            rest = end < 0 ? [] : rest[(end + 1)..];
        }
    }

    private static void Mend(Span<byte> digits, int overhead, Func<int, byte> checksum)
    {
        if (digits.Length % 2 != 0 || digits.Length / 2 < overhead || digits.ContainsAnyExcept("0123456789ABCDEFabcdef"u8))
        {
            return;
        }

        Put(digits, (byte)(digits.Length / 2 - overhead));
        var sum = 0;
        for (var i = 0; i < digits.Length - 2; i += 2)
        {
            sum += Value(digits[i]) * 16 + Value(digits[i + 1]);
        }

        Put(digits[^2..], checksum(sum));
    }

    private static int Value(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static void Put(Span<byte> digits, byte value) => (digits[0], digits[1]) = (Digits[value >> 4], Digits[value & 15]);
}
