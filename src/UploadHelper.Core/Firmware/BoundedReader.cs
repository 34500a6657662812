namespace UploadHelper.Core.Firmware;

/// <summary>Reads a file that can be larger than expected, or endless, such as a device or a pipe.</summary>
public static class BoundedReader
{
    /// <summary>
    /// The most that is read from a pipe, in bytes: 16 MiB, more than the Intel HEX file of the largest flash (4 MiB) has.
    /// What arrives has to be kept in memory until the end, and a pipe may have none.
    /// </summary>
    public const int LargestPipe = 16 << 20;

    private const int FirstRoom = 1 << 16;

    /// <summary>
    /// Reads a file to its end. A file whose length is known to exceed the limit is not read at all; of a pipe no more than
    /// the limit (at most <see cref="LargestPipe"/>) and one byte is. A device (/dev/zero) is recognised because it has data
    /// but no length, and is not read on.
    /// </summary>
    /// <param name="stream">The file, at its start.</param>
    /// <param name="limit">The largest length, in bytes; below 2^31 - 1.</param>
    /// <returns>All bytes of the file.</returns>
    /// <exception cref="FileTooLargeException">The file is longer than the limit.</exception>
    /// <exception cref="IOException">The file is a device, cannot be read, or has become shorter or longer meanwhile.</exception>
    public static ReadOnlyMemory<byte> Read(Stream stream, int limit)
    {
        if (!stream.CanSeek)
        {
            return ReadPipe(stream, Math.Min(limit, LargestPipe));
        }

        if (stream.Length > limit)
        {
            throw new FileTooLargeException(stream.Length, limit);
        }

        if (stream.Length == 0)
        {
            return stream.ReadByte() < 0 ? default : throw new IOException("It is a device or a system file, not a file on a disk.");
        }

        var content = new byte[stream.Length];
        var read = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        return read == content.Length && stream.ReadByte() < 0 ? content : throw new IOException("Another program changed it while it was read. Wait until it is complete.");
    }

    private static ReadOnlyMemory<byte> ReadPipe(Stream stream, int limit)
    {
        var content = new byte[Math.Min(FirstRoom, limit)];
        for (var length = 0; ;)
        {
            var read = stream.Read(content, length, content.Length - length);
            length += read;
            if (read == 0)
            {
                return content.AsMemory(0, length);
            }

            if (length == limit)
            {
                return stream.ReadByte() < 0 ? content : throw new FileTooLargeException(null, limit);
            }

            if (length == content.Length)
            {
                Array.Resize(ref content, (int)Math.Min(content.Length * 2L, limit));
            }
        }
    }
}

/// <summary>A file is longer than anything it could be meant for.</summary>
/// <param name="length">Its length in bytes; null for a pipe, which may have no end.</param>
/// <param name="limit">The largest length, in bytes.</param>
public sealed class FileTooLargeException(long? length, int limit)
    : IOException(length is { } known
        ? $"It has {known} bytes; at most {limit >> 20} MiB are read."
        : $"It is a pipe that delivers more than {limit} bytes; at most {limit >> 20} MiB are read from one.");
