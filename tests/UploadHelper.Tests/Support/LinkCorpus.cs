using System.Buffers.Binary;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Tests.Support;

/// <summary>
/// Images as compilers make them, of all sizes, for the check of the link address: functions of uneven length, literals that
/// point to functions and to texts, and noise. The same every time: each image is made from a seed.
/// </summary>
internal static class LinkCorpus
{
    private static readonly int[] Sizes =
        [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 130, 192, 256, 384, 512, 768, 1_024, 2_048, 4_096];

    private static readonly uint[] Addresses = [0x0800_0000, 0x0800_2000, 0x0800_4000, 0x0800_5000, 0x0800_7000, 0x0800_8000, 0x0801_0000, 0x0802_0000];

    /// <summary>
    /// Images whose pointers tell their address, of 2 KiB to 4 MiB. In the larger ones up to four odd words of five point to data,
    /// as in real firmware, and some or all of these into the middle of texts, where nothing begins.
    /// </summary>
    public static IEnumerable<LinkedImage> Clear()
    {
        var seed = 0;
        foreach (var kibi in Sizes)
        {
            foreach (var (texts, middles) in kibi < 16 ? [(0.0, 0.0), (1.0, 0.0)] : new[] { (0.0, 0.0), (1.0, 0.5), (2.5, 2.5), (0.0, 4.0) })
            {
                yield return Image(++seed, kibi * 1024 + 36 * seed % 1000, Addresses[seed % Addresses.Length], texts, middles);
            }
        }
    }

    /// <summary>Images of 300 to 2,000 bytes, with so few functions that it depends whether their pointers tell anything.</summary>
    public static IEnumerable<LinkedImage> Small()
    {
        for (var seed = 1; seed <= 30; seed++)
        {
            yield return Image(1_000 + seed, 300 + seed * 56, Addresses[seed % Addresses.Length], seed % 3, 0);
        }
    }

    /// <summary>Images whose pointers fit several addresses, or none, by the way they are made; each with another address that its reset vector allows.</summary>
    public static IEnumerable<LinkedImage> Ambiguous()
    {
        for (var seed = 1; seed <= 8; seed++)
        {
            var address = Addresses[seed % Addresses.Length];
            var size = (8 << seed) * 256;
            yield return PositionIndependent(2_000 + seed, size, address);
            yield return NoiseOnly(3_000 + seed, size, address);
            yield return EvenGrid(size * 2, address);
            yield return TwoPrograms(4_000 + seed, size, address);
        }
    }

    private static LinkedImage Image(int seed, int size, uint address, double texts, double middles)
    {
        var image = new byte[size];
        var random = new Random(seed);
        Program(image, random, 0, size, address, texts, middles);
        return new LinkedImage($"{size} bytes, texts {texts}, noise {middles}, seed {seed}", image, address);
    }

    // A program with its vector table at an offset: functions in the first two thirds, then texts.
    private static void Program(byte[] image, Random random, int offset, int size, uint address, double texts, double middles)
    {
        var code = size - size / 3;
        random.NextBytes(image.AsSpan(offset, code));
        var text = Texts(image, random, offset + code, offset + size);
        var starts = new List<int>();
        for (var at = offset + Math.Min(0x188, size / 4 / 4 * 4); at < offset + code - 64; at += 16 + random.Next(4, 44) * 4)
        {
            starts.Add(at);
        }

        uint Function() => address + (uint)starts[random.Next(starts.Count)] + 1;
        Word(image, offset, 0x2000_5000);
        for (var vector = offset + 4; vector < starts[0]; vector += 4)
        {
            Word(image, vector, (vector - offset) / 4 is >= 7 and <= 10 or 13 ? 0 : Function());
        }

        foreach (var start in starts)
        {
            // Of ten functions seven begin with PUSH, two follow a return, and one shows nothing.
            switch (random.Next(10))
            {
                case < 7:
                    Half(image, start, 0xB510);
                    break;
                case < 9:
                    Half(image, start - 2, 0x4770);
                    break;
            }

            // The literals of the function, behind it: one to another function, others to texts and between them.
            var literal = start + 4;
            Word(image, literal, Function());
            for (var n = texts; n > random.NextDouble() && literal < start + 16; n--)
            {
                Word(image, literal += 4, address + (uint)text[random.Next(text.Count)]);
            }

            for (var n = middles; n > random.NextDouble() && literal < start + 24; n--)
            {
                Word(image, literal += 4, address + (uint)(offset + code + random.Next(size - code)) | 1);
            }
        }
    }

    // Texts of 3 to 40 characters, each behind a NUL; the offsets of those at odd offsets.
    private static List<int> Texts(byte[] image, Random random, int from, int to)
    {
        var odd = new List<int>();
        for (var at = from; at < to - 48;)
        {
            image[at++] = 0;
            if (at % 2 == 1)
            {
                odd.Add(at);
            }

            for (var length = random.Next(3, 40); length > 0; length--)
            {
                image[at++] = (byte)random.Next(' ', '~');
            }
        }

        return odd;
    }

    // All that its literals point to is relative to the program counter.
    private static LinkedImage PositionIndependent(int seed, int size, uint address)
    {
        var image = SketchImage.Noise(seed, size);
        Vectors(image, address, size);
        return new LinkedImage($"position-independent, {size} bytes", image, address);
    }

    // Odd words that point anywhere near the image.
    private static LinkedImage NoiseOnly(int seed, int size, uint address)
    {
        var image = SketchImage.Noise(seed, size);
        var random = new Random(seed);
        Vectors(image, address, size);
        for (var at = 0x200; at + 4 <= size; at += 32)
        {
            Word(image, at, address + (uint)(random.Next(3 * size) - size) | 1);
        }

        return new LinkedImage($"noise, {size} bytes", image, address);
    }

    // A function every 256 bytes, and each is pointed to: one sector further on they fit as well, but for the first four.
    private static LinkedImage EvenGrid(int size, uint address)
    {
        var image = new byte[size];
        Vectors(image, address, size);
        for (var at = 0x100; at + 0x100 <= size; at += 0x100)
        {
            Half(image, at, 0xB510);
            Word(image, at + 0x20, address + (uint)at + 1);
        }

        return new LinkedImage($"even grid, {size} bytes", image, address);
    }

    // The second program, as large as the first, was linked for an address one sector behind the place where it is.
    private static LinkedImage TwoPrograms(int seed, int size, uint address)
    {
        var image = new byte[size * 2];
        var random = new Random(seed);
        Program(image, random, 0, size, address, 1, 0);
        Program(image, random, size, size, address + 0x400, 1, 0);
        Vectors(image, address, size);
        return new LinkedImage($"two programs of {size} bytes", image, address);
    }

    // The reset vector is in the middle, so that it allows the neighbours of the address too.
    private static void Vectors(byte[] image, uint address, int size)
    {
        image.AsSpan(0, 0x40).Clear();
        Word(image, 0, 0x2000_5000);
        Word(image, 4, address + (uint)size / 2 + 1);
    }

    private static void Word(byte[] image, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(offset), value);

    private static void Half(byte[] image, int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(offset), value);
}

/// <summary>An image of the corpus.</summary>
/// <param name="Name">What it is, for messages of tests.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Address">Where it was linked for.</param>
internal sealed record LinkedImage(string Name, byte[] Bytes, uint Address)
{
    /// <summary>The image at an address.</summary>
    public FirmwareImage At(uint address) => new("x.bin", [new Segment(address, Bytes)]);

    /// <summary>Other addresses where a user may try to write it: near ones, and those of other bootloaders.</summary>
    public IEnumerable<uint> Elsewhere()
    {
        // A large image takes long to check.
        long[] distances = Bytes.Length > 600_000 ? [0x400, -0x4000, 0x1_0000] : [-0x400, 0x400, 0x800, -0x1000, 0x2000, -0x2000, 0x3000, 0x4000, -0x4000, 0x8000, 0x1_0000];
        return distances.Select(d => Address + d).Where(a => a >= 0x0800_0000).Select(a => (uint)a);
    }
}
