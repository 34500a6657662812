using System.Text;

namespace UploadHelper.Tests.Support;

/// <summary>An output that does not take one write, or nothing from then on; and counts how often something is written.</summary>
/// <param name="failsAt">The number of that write, from 1; 0 for none.</param>
/// <param name="forEver">Whether all that follow fail as well.</param>
/// <param name="fault">What it throws; null for a full disk.</param>
internal sealed class FaultyOutput(int failsAt, bool forEver, Exception? fault = null)
{
    private readonly MemoryStream _taken = new();

    /// <summary>How often something was written.</summary>
    public int Writes { get; private set; }

    /// <summary>What was taken.</summary>
    public string Text => Encoding.UTF8.GetString(_taken.ToArray());

    /// <summary>As a stream of the process. It keeps nothing back, as the console's do not.</summary>
    public TextWriter AsWriter() => new StreamWriter(AsStream()) { AutoFlush = true, NewLine = "\n" };

    /// <summary>As a file.</summary>
    /// <param name="file">Where what is taken goes as well, or null.</param>
    public Stream AsStream(Stream? file = null) => new Sink(this, file ?? Stream.Null);

    private void Take(ReadOnlySpan<byte> data)
    {
        Writes++;
        if (Writes == failsAt || (forEver && failsAt > 0 && Writes > failsAt))
        {
            throw fault ?? new IOException("No space left on device");
        }

        _taken.Write(data);
    }

    private sealed class Sink(FaultyOutput output, Stream file) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => output._taken.Length;

        public override long Position
        {
            get => Length;
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            output.Take(buffer);
            file.Write(buffer);
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing) => file.Dispose();
    }
}
