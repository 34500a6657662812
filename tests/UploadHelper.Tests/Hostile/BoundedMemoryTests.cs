using System.Text;
using UploadHelper.Core.Arduino;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Hostile;

/// <summary>What claims to be huge takes no more memory and work than its own size allows.</summary>
public class BoundedMemoryTests
{
    private const long Mebi = 1 << 20;

    [Fact]
    public void A_hex_file_with_its_bytes_as_far_apart_as_can_be() => Assert.InRange(
        Taken(() => Read(":020000040000FA", ":0100000001FE", ":02000004FFFFFC", ":01FFFF0002FF", ":00000001FF")), 0, Mebi);

    [Fact]
    public void A_hex_file_of_many_tiny_segments_takes_as_much_for_each()
    {
        var few = Taken(() => Read(Tiny(1_000)));
        var many = Taken(() => Read(Tiny(20_000)));

        Assert.True(many < few * 40, $"{few} bytes for 1 000 segments, {many} for 20 000");
    }

    [Fact]
    public void An_image_larger_than_any_flash_and_outside_of_it_is_weighed_all_the_same()
    {
        // External flash on a QSPI, for example.
        var sketch = new byte[3 << 20];
        SketchImage.Bytes(0x9000_0000, 1_000).CopyTo(sketch, 0);

        var inspection = ImageInspection.Of(new ImageFile("x.elf", ElfWriter.Write([new Segment(0x9000_0000, sketch)])), null);

        Assert.Equal(sketch.Length, inspection.Image.Size);
        Assert.Equal(0x9000_0000u, inspection.Fit!.LinkedFor);
    }

    [Fact]
    public void An_ELF_file_that_claims_4_GiB()
    {
        var elf = ElfWriter.Write([new Segment(0x0800_0000, new byte[64])]);
        ElfWriter.Words(elf, ElfWriter.HeaderSize + 16, uint.MaxValue, uint.MaxValue);

        Assert.InRange(Taken(() => Refused(elf)), 0, Mebi);
    }

    [Fact]
    public void An_ELF_file_in_whose_thousands_of_segments_every_section_would_be_looked_for() => Refused(
        ElfWriter.Write([.. Enumerable.Range(0, 2_000).Select(i => new Segment(0x0800_0000 + (uint)i * 64, new byte[4]))], i => "s"));

    [Fact]
    public void A_device_that_claims_64_KiB_of_descriptors_is_asked_for_each_setting_once()
    {
        var device = new HugeDevice();

        var taken = Taken(() => Assert.Equal(256, DfuDescription.Read(device)!.Alternates.Count));

        Assert.InRange(taken, 0, Mebi);
        Assert.InRange(device.Transfers, 256, 270);
    }

    [Fact]
    public void A_value_that_names_a_long_one_thousands_of_times_does_not_grow_without_end()
    {
        var properties = ArduinoProperties.Parse($"x={new string('y', 10_000)}\nz={string.Concat(Enumerable.Repeat("{x}", 10_000))}\n", ArduinoSystem.Linux);

        Assert.InRange(Taken(() => properties.Expanded("z")), 0, 2 * Mebi);
    }

    [Fact]
    public void A_board_whose_menus_can_be_combined_in_a_million_ways_is_refused()
    {
        var text = new StringBuilder();
        for (var menu = 0; menu < 20; menu++)
        {
            text.Append($"b.menu.m{menu}.a=A\nb.menu.m{menu}.b=B\nb.menu.m{menu}.b.upload.offset=0x{menu}000\n");
        }

        var board = Assert.Single(new ArduinoCore(ArduinoProperties.Parse(text.ToString(), ArduinoSystem.Linux), new ArduinoProperties()).Boards);
        Assert.Equal(20, board.Menus.Count);
        var e = Assert.Throws<UploadException>(() => BoardVariant.Of(board).Count());
        Assert.Equal(UploadError.Configuration, e.Error);
    }

    private static void Read(params string[] lines) => ImageReader.Read(new ImageFile("x.hex", Encoding.ASCII.GetBytes(string.Join('\n', lines))), null);

    private static string[] Tiny(int count)
    {
        var lines = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var address = i * 4;
            if (address % 0x1_0000 == 0)
            {
                lines.Add(Record(4, 0, 0x08, (byte)(address >> 16)));
            }

            lines.Add(Record(0, (ushort)address, 1));
        }

        return [.. lines, ":00000001FF"];
    }

    private static string Record(byte type, ushort address, params byte[] data)
    {
        byte[] record = [(byte)data.Length, (byte)(address >> 8), (byte)address, type, .. data];
        return $":{Convert.ToHexString(record)}{(byte)-record.Sum(b => b):X2}";
    }

    private static void Refused(byte[] content) =>
        Assert.Equal(UploadError.ImageUnreadable, Assert.Throws<UploadException>(() => ImageReader.Read(new ImageFile("x", content), null)).Error);

    private static long Taken(Action action)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>7 279 DFU interfaces, each with one of 256 alternate settings, and a functional descriptor.</summary>
    private sealed class HugeDevice : IUsbDevice
    {
        private readonly byte[] _configuration = Configuration();

        public int Transfers { get; private set; }

        public UsbDeviceInfo Info { get; } = new(1, 1, "1-1", 0x0483, 0xDF11, 0x0200, []);

        public bool CanReset => true;

        public void Claim(byte interfaceNumber)
        {
        }

        public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting)
        {
        }

        public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
        {
            Transfers++;
            ReadOnlySpan<byte> answer = (setup.Value >> 8) switch
            {
                1 => [18, 1, 0, 2, 0, 0, 0, 64, 0x83, 4, 0x11, 0xDF, 0, 2, 0, 0, 0, 1],
                2 => _configuration,
                _ => [4, 3, (byte)'x', 0],
            };
            answer = answer[..Math.Min(answer.Length, buffer.Length)];
            answer.CopyTo(buffer);
            return answer.Length;
        }

        public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout)
        {
        }

        public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout) => 0;

        public void Reset()
        {
        }

        public void Dispose()
        {
        }

        private static byte[] Configuration()
        {
            var bytes = new List<byte> { 9, 2, 0xFF, 0xFF, 1, 1, 0, 0xC0, 50 };
            for (var i = 0; bytes.Count + 18 <= ushort.MaxValue; i++)
            {
                bytes.AddRange([9, 4, 0, (byte)i, 0, 0xFE, 1, 2, 1]);
            }

            return [.. bytes, 9, 0x21, 0x0B, 0xFF, 0, 0, 8, 0x1A, 1];
        }
    }
}
