using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Hostile;

/// <summary>Files that are huge or have no end are refused without being read, by every way in.</summary>
public class EndlessFileTests
{
    private const long Mebi = 1 << 20;

    [Fact]
    public void A_pipe_without_end_is_read_up_to_the_limit_and_one_byte()
    {
        var pipe = new Endless(null);

        Assert.Throws<FileTooLargeException>(() => BoundedReader.Read(pipe, 1_000_000));

        Assert.Equal(1_000_001, pipe.Delivered);
    }

    [Fact]
    public void No_pipe_takes_more_memory_than_the_image_of_the_largest_flash()
    {
        var pipe = new Endless(null);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Contains("16 MiB", Assert.Throws<FileTooLargeException>(() => BoundedReader.Read(pipe, ImageFile.LargestSize)).Message, StringComparison.Ordinal);

        Assert.Equal(BoundedReader.LargestPipe + 1, pipe.Delivered);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 40 * Mebi);
    }

    [Fact]
    public void A_file_whose_length_is_known_to_be_too_much_is_not_read_at_all()
    {
        var file = new Endless(1_700_000_000);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var e = Assert.Throws<FileTooLargeException>(() => BoundedReader.Read(file, ImageFile.LargestSize));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
        Assert.Equal(0, file.Delivered);
        Assert.Contains("1700000000 bytes; at most 64 MiB", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_is_recognised_by_its_first_byte()
    {
        var device = new Endless(0);

        Assert.Contains("device", Assert.ThrowsAny<IOException>(() => BoundedReader.Read(device, 1 << 20)).Message, StringComparison.Ordinal);

        Assert.Equal(1, device.Delivered);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(100_000)]
    public void A_file_or_a_pipe_up_to_the_limit_is_read_to_its_end(int size)
    {
        var bytes = SketchImage.Noise(1, size);
        using var pipe = new Pipe(bytes);

        Assert.Equal(bytes, BoundedReader.Read(new MemoryStream(bytes), 100_000).ToArray());
        Assert.Equal(bytes, BoundedReader.Read(pipe, 100_000).ToArray());
    }

    [Theory]
    [InlineData("upload {0} --offset 0x4000 --simulate f4boot", 4, "image-too-large")]
    [InlineData("verify {0} --offset 0x4000 --simulate f4boot", 4, "image-too-large")]
    [InlineData("image {0}", 4, "image-too-large")]
    [InlineData("boards {0}", 2, "configuration")]
    [InlineData("list --config {0} --simulate f4boot", 2, "configuration")]
    [InlineData("list --simulate f4boot,flash={0}", 2, "configuration")]
    public void A_file_of_almost_two_gigabytes_is_refused_by_name(string line, int status, string code)
    {
        using var run = new ProgramRun();
        var path = run.File("huge.bin", []);
        using (var file = new FileStream(path, FileMode.Open))
        {
            file.SetLength(1_700_000_000); // takes no room on the disk
        }

        Refused(run, line, "huge.bin", status, code).Prints("1700000000");
    }

    [DeviceTheory]
    [InlineData("upload {0} --offset 0x4000 --simulate f4boot", 3, "image-unreadable")]
    [InlineData("verify {0} --offset 0x4000 --simulate f4boot", 3, "image-unreadable")]
    [InlineData("image {0}", 3, "image-unreadable")]
    [InlineData("boards {0}", 2, "configuration")]
    [InlineData("list --config {0} --simulate f4boot", 2, "configuration")]
    [InlineData("list --simulate f4boot,flash={0}", 2, "configuration")]
    public void A_device_without_end_is_refused_by_name(string line, int status, string code)
    {
        foreach (var device in (string[])["/dev/zero", "/dev/full", "/dev/urandom"])
        {
            using var run = new ProgramRun();
            Refused(run, line, device, status, code).Prints(device);
        }
    }

    [Theory]
    [InlineData("flash.bin", "Wrong size")]
    [InlineData("nowhere/flash.bin", "no folder")]
    [InlineData("", "folder")]
    public void A_place_where_no_virtual_board_can_keep_its_flash_is_refused_before_it_starts(string name, string why)
    {
        using var run = new ProgramRun();
        run.File("flash.bin", new byte[100]);

        run.Run("list", "--simulate", $"f4boot,flash={run.PathOf(name)}");

        run.Printed.Fails(2, "configuration", why, "the flash of f4boot");
    }

    private static Printed Refused(ProgramRun run, string line, string file, int status, string code)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        var printed = run.Do(string.Format(null, line, file)).Fails(status, code);

        // No more than a virtual board takes.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 * Mebi);
        return printed;
    }

    /// <summary>A test that needs the endless devices of Linux.</summary>
    private sealed class DeviceTheoryAttribute : TheoryAttribute
    {
        public DeviceTheoryAttribute() => Skip = File.Exists("/dev/full") ? null : "there is no /dev/full";
    }

    /// <summary>A file, a device or a pipe with as many zeros as anyone wants.</summary>
    private sealed class Endless(long? length) : Stream
    {
        public long Delivered { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => length is not null;

        public override bool CanWrite => false;

        public override long Length => length ?? throw new NotSupportedException();

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            Delivered += count;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    /// <summary>Bytes that arrive a few at a time, and whose number nobody knows before.</summary>
    private sealed class Pipe(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 4_096));
    }
}
