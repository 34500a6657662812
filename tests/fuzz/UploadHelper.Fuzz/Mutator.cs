using System.Buffers.Binary;

namespace UploadHelper.Fuzz;

/// <summary>Changes inputs at random: bits, bytes, numbers, pieces cut, doubled, moved or taken from another input.</summary>
/// <param name="random">The source of chance.</param>
/// <param name="tokens">Pieces that mean something.</param>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> tokens)
{
    private const int Longest = 4096;

    private static readonly byte[] Bytes = [0x00, 0x01, 0x02, 0x04, 0x10, 0x20, 0x7F, 0x80, 0xFE, 0xFF, (byte)'0', (byte)'9', (byte)'F', (byte)' ', (byte)'\n'];
    private static readonly uint[] Words = [0, 1, 2, 16, 127, 128, 255, 256, 1024, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x10_0000, 0x0800_0000, 0x0800_4000, 0x2000_0000, int.MaxValue, 0x8000_0000, uint.MaxValue - 1, uint.MaxValue];

    /// <summary>An input made from one or two others.</summary>
    public byte[] Mutate(IReadOnlyList<byte[]> pool)
    {
        var input = Pick(pool).ToArray();
        for (var changes = 1 + random.Next(6); changes > 0; changes--)
        {
            input = Change(input, pool);
        }

        return input.Length > Longest ? input[..Longest] : input;
    }

    private byte[] Change(byte[] input, IReadOnlyList<byte[]> pool)
    {
        var at = random.Next(input.Length + 1);
        var length = Math.Min(input.Length - at, 1 + random.Next(random.Next(4) == 0 ? 256 : 8));
        switch (random.Next(13))
        {
            case 0 when length > 0:
                input[at] ^= (byte)(1 << random.Next(8));
                return input;
            case 1 when length > 0:
                input[at] = (byte)random.Next(256);
                return input;
            case 2 when length > 0:
                input[at] = Bytes[random.Next(Bytes.Length)];
                return input;
            case 3 when length > 0:
                input[at] = (byte)(input[at] + random.Next(-4, 5));
                return input;
            case 4 when input.Length - at >= 2:
                Number(input.AsSpan(at, 2));
                return input;
            case 5 when input.Length - at >= 4:
                Number(input.AsSpan(at, 4));
                return input;
            case 6:
                return [.. input[..at], .. Noise(), .. input[at..]];
            case 7:
                return [.. input[..at], .. input[(at + length)..]];
            case 8:
                return [.. input[..at], .. Repeated(input.AsSpan(at, length)), .. input[at..]];
            case 9:
                return input[..at];
            case 10 when tokens.Count > 0:
                return [.. input[..at], .. tokens[random.Next(tokens.Count)], .. input[at..]];
            case 11 when tokens.Count > 0:
                var token = tokens[random.Next(tokens.Count)];
                return [.. input[..at], .. token, .. input[Math.Min(input.Length, at + token.Length)..]];
            default:
                var other = Pick(pool);
                return [.. input[..at], .. other[random.Next(other.Length + 1)..]];
        }
    }

    private byte[] Pick(IReadOnlyList<byte[]> pool) => pool[random.Next(pool.Count)];

    private void Number(Span<byte> place)
    {
        var value = Words[random.Next(Words.Length)];
        var bigEndian = random.Next(2) == 0;
        switch (place.Length, bigEndian)
        {
            case (2, true):
                BinaryPrimitives.WriteUInt16BigEndian(place, (ushort)value);
                break;
            case (2, false):
                BinaryPrimitives.WriteUInt16LittleEndian(place, (ushort)value);
                break;
            case (_, true):
                BinaryPrimitives.WriteUInt32BigEndian(place, value);
                break;
            default:
                BinaryPrimitives.WriteUInt32LittleEndian(place, value);
                break;
        }
    }

    private byte[] Noise()
    {
        var noise = new byte[1 + random.Next(8)];
        random.NextBytes(noise);
        return noise;
    }

    private byte[] Repeated(ReadOnlySpan<byte> piece)
    {
        var times = random.Next(8) == 0 ? 1 + random.Next(32) : 1;
        var repeated = new byte[piece.Length * times];
        for (var i = 0; i < times; i++)
        {
            piece.CopyTo(repeated.AsSpan(i * piece.Length));
        }

        return repeated;
    }
}
