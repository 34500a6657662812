using UploadHelper.Core.Firmware;
using UploadHelper.Host;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Hostile;

/// <summary>Another program changes the image file: while it is read, which is said, or during the upload, to which it makes no difference.</summary>
public class ChangingFileTests
{
    private const string Upload = "upload blink.bin --offset 0x2000 --simulate maple20,flash=flash.bin --trace trace.txt";

    public static TheoryData<string> Changes => [.. Ways.Keys];

    private static readonly Dictionary<string, Action<string>> Ways = new()
    {
        ["deleted"] = File.Delete,
        ["truncated"] = path => File.WriteAllBytes(path, []),
        ["overwritten"] = path => File.WriteAllBytes(path, SketchImage.Noise(9, 3_000)),
        ["replaced"] = path =>
        {
            File.WriteAllBytes(path + ".new", SketchImage.Noise(9, 2_000));
            File.Move(path + ".new", path, overwrite: true);
        },
        ["made a folder"] = path =>
        {
            File.Delete(path);
            Directory.CreateDirectory(path);
        },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void At_every_step_the_board_gets_the_file_as_it_was(string way)
    {
        using var undisturbed = Prepared();
        var steps = 0;
        undisturbed.CreateFile = path => Watched(path, () => steps++);
        undisturbed.Do(Upload).Exits(0);
        var flash = undisturbed.Bytes("flash.bin");

        Assert.InRange(steps, 40, int.MaxValue);
        for (var n = 0; n < steps; n++)
        {
            using var run = Prepared();
            var step = 0;
            run.CreateFile = path => Watched(path, () =>
            {
                if (step++ == n)
                {
                    Ways[way](run.PathOf("blink.bin"));
                }
            });

            run.Do(Upload).Exits(0);

            Assert.Equal(flash, run.Bytes("flash.bin"));
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_file_that_grows_or_shrinks_while_it_is_read_is_not_complete(int by)
    {
        var e = Assert.ThrowsAny<IOException>(() => BoundedReader.Read(new Changing(100, 100 + by), 1_000));

        Assert.Contains("Another program changed it", e.Message, StringComparison.Ordinal);
    }

    [BashFact]
    public void A_name_that_is_not_UTF_8_is_the_reason_why_a_file_is_not_found()
    {
        using var run = Prepared();

        // So does .NET read the byte E9 in an argument.
        run.Run("upload", run.PathOf("caf\uFFFD.bin"), "--offset", "0x2000", "--simulate", "maple20");

        run.Printed.Fails(3, "image-missing", "caf?.bin not found").Hints("not valid UTF-8", "Rename the file");
    }

    private static ProgramRun Prepared() => new ProgramRun().Sketch(0x0800_2000, 3_000, 0x2000_5000).With("flash.bin", SketchImage.Noise(3, 1 << 17));

    private static Stream Watched(string path, Action written) =>
        path.EndsWith("trace.txt.part", StringComparison.Ordinal) ? new Watching(OutputFile.OnDisk(path), written) : OutputFile.OnDisk(path);

    /// <summary>A file that tells of each write: the trace has one for each transfer.</summary>
    private sealed class Watching(Stream file, Action written) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => file.Length;

        public override long Position
        {
            get => file.Position;
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            written();
            file.Write(buffer);
        }

        public override void Flush() => file.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing) => file.Dispose();
    }

    /// <summary>A file of one length that turns out to have another.</summary>
    private sealed class Changing(int length, int real) : MemoryStream(new byte[real])
    {
        public override long Length => length;
    }
}
