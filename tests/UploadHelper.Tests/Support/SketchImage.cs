using System.Buffers.Binary;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Tests.Support;

/// <summary>Makes images with the looks of compiled sketches: a vector table, functions, and literal words that point at them.</summary>
internal static class SketchImage
{
    public const uint EndOfRam = 0x2002_0000; // STM32F405
    private const int VectorTableSize = 98 * 4;

    public static FirmwareImage Image(uint address, int size) => new("blink.bin", [new Segment(address, Bytes(address, size))]);

    public static ImageFile File(uint address, int size, uint stack = EndOfRam) => new("blink.bin", Bytes(address, size, stack));

    /// <summary>An image of <paramref name="size"/> bytes linked for an address; each function names a few others in its literal words.</summary>
    public static byte[] Bytes(uint address, int size, uint stack = EndOfRam)
    {
        var image = Noise(size, size);
        var starts = FunctionStarts(size);
        uint Function(int i) => address + (uint)starts[i % (starts.Count - 1)] + 1;

        Word(image, 0, stack);
        for (var vector = 1; vector < VectorTableSize / 4; vector++)
        {
            Word(image, vector * 4, vector is >= 7 and <= 10 or 13 ? 0 : Function(vector));
        }

        for (var i = 0; i + 1 < starts.Count; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(starts[i]), 0xB5F0);
            BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(starts[i + 1] - 10), 0xBDF0);
            Word(image, starts[i + 1] - 8, Function(i * 7 + 3));
            Word(image, starts[i + 1] - 4, 0x2000_0000 + (uint)i * 4);
        }

        return image;
    }

    /// <summary>An image of <paramref name="size"/> bytes for a RISC-V: it begins with an instruction (jal x0, 0), and has no vector table.</summary>
    public static byte[] RiscV(int size)
    {
        var image = Noise(size, size);
        Word(image, 0, 0x0000_006F);
        return image;
    }

    // Of uneven length, as functions are: on an even grid an image would fit its neighbours' addresses as well.
    private static List<int> FunctionStarts(int size)
    {
        var random = new Random(size);
        var starts = new List<int> { VectorTableSize };
        while (starts[^1] + 200 < size)
        {
            starts.Add(starts[^1] + random.Next(5, 50) * 4);
        }

        return starts;
    }

    public static byte[] Noise(int seed, int size)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static void Word(byte[] image, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(offset), value);
}
