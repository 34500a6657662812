using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace UploadHelper.Devices;

/// <summary>What this system knows of files and descriptors, and .NET does not say.</summary>
public static partial class SystemFiles
{
    private const string Library = "libc";

    /// <summary>
    /// Whether the caller of this process opened a descriptor. If the caller has closed one of the three standard descriptors,
    /// its number is free, and the first that .NET opens for itself gets it: a pipe for signals, say, to which nothing may be written.
    /// </summary>
    /// <param name="descriptor">0 to 2.</param>
    public static bool IsInherited(int descriptor)
    {
        const int GetFlags = 1; // F_GETFD
        const int CloseOnExec = 1; // FD_CLOEXEC

        // What came through exec cannot have the flag that closes it there; what .NET opens has it.
        return OperatingSystem.IsWindows() || (Fcntl(descriptor, GetFlags) is >= 0 and var flags && (flags & CloseOnExec) == 0);
    }

    /// <summary>
    /// A descriptor that the caller has opened for output, on Linux and macOS. .NET's console needs four more descriptors and a thread before it
    /// writes its first letter, so that where a process may have no more it could not even say so.
    /// </summary>
    /// <param name="descriptor">1 or 2.</param>
    public static Stream OpenOutput(int descriptor) => new OutputDescriptor(descriptor);

    /// <summary>Whether a name is free or that of a file on a disk, and not of a device or a pipe, in whose place no file may be put.</summary>
    public static bool IsFileOrNothing(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return !Path.GetFileNameWithoutExtension(path).Equals("NUL", StringComparison.OrdinalIgnoreCase) && !path.StartsWith(@"\\.\", StringComparison.Ordinal);
        }

        // /dev/stdout is a link to a file that the caller has open, if the output goes there.
        return !File.Exists(path)
            || (!path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/proc/", StringComparison.Ordinal) && (!OperatingSystem.IsLinux() || IsRegular(path)));
    }

    private static bool IsRegular(string path)
    {
        const int CurrentFolder = -100; // AT_FDCWD
        const uint TypeField = 1; // STATX_TYPE
        const int ModeAt = 28; // stx_mode follows mask, block size, attributes, links, user and group (linux/stat.h).
        const int TypeMask = 0xF000; // S_IFMT
        const int Regular = 0x8000; // S_IFREG
        var found = new byte[256];
        return Statx(CurrentFolder, path, 0, TypeField, found) != 0 || (BinaryPrimitives.ReadUInt16LittleEndian(found.AsSpan(ModeAt)) & TypeMask) == Regular;
    }

    [LibraryImport(Library, EntryPoint = "fcntl")]
    private static partial int Fcntl(int descriptor, int command);

    [LibraryImport(Library, EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, [Out] byte[] found);
}

/// <summary>An open descriptor of this process for output. It stays open.</summary>
internal sealed partial class OutputDescriptor(int descriptor) : Stream
{
    private const int Interrupted = 4; // EINTR
    private const int ReaderIsGone = 32; // EPIPE
    private const short Writable = 4; // POLLOUT

    // EAGAIN: another program has made the terminal or pipe non-blocking.
    private static readonly int Full = OperatingSystem.IsMacOS() ? 35 : 11;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override unsafe void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            nint written;
            fixed (byte* bytes = buffer)
            {
                written = Write(descriptor, bytes, buffer.Length);
            }

            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error == ReaderIsGone)
            {
                // Who reads no further, such as `head`, has what it wants.
                return;
            }

            if (error == Full)
            {
                var wanted = new PollDescriptor { Descriptor = descriptor, Events = Writable };
                _ = Poll(&wanted, 1, Timeout.Infinite);
            }
            else if (error != Interrupted)
            {
                throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
            }
        }
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(int descriptor, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static unsafe partial int Poll(PollDescriptor* descriptors, uint count, int milliseconds);

    // struct pollfd
    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
