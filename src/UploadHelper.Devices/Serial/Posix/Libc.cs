using System.Runtime.InteropServices;

namespace UploadHelper.Devices.Serial.Posix;

/// <summary>The functions and constants of the C library that a serial line needs; constants differ between Linux and macOS.</summary>
internal static partial class Libc
{
    /// <summary>Room for the struct termios of any system; its content is only passed from one function to the other.</summary>
    public const int TermiosSize = 256;

    public const short PollOut = 0x0004;
    public const short PollHangUp = 0x0010;
    public const short PollError = 0x0008;
    public const int DtrBit = 0x002;
    public const int RtsBit = 0x004;

    private const string Library = "libc";
    private static readonly bool Mac = OperatingSystem.IsMacOS();

    public static int OpenFlags => Mac ? 0x2 | 0x20000 | 0x4 | 0x1000000 : 0x2 | 0x100 | 0x800 | 0x80000; // O_RDWR, O_NOCTTY, O_NONBLOCK, O_CLOEXEC

    public static int TryAgain => Mac ? 35 : 11;

    /// <summary>TIOCMBIS: raise modem lines.</summary>
    public static nuint RaiseLines => Mac ? 0x8004746Cu : 0x5416u;

    /// <summary>TIOCMBIC: drop modem lines.</summary>
    public static nuint DropLines => Mac ? 0x8004746Bu : 0x5417u;

    /// <summary>TIOCEXCL: nobody else may open the port.</summary>
    public static nuint Exclusive => Mac ? 0x2000740Du : 0x540Cu;

    /// <summary>TIOCNXCL: others may open the port again.</summary>
    public static nuint NotExclusive => Mac ? 0x2000740Eu : 0x540Du;

    /// <summary>TCIOFLUSH: what was received, and what was not sent yet.</summary>
    public static int BothQueues => Mac ? 3 : 2;

    /// <summary>The offset of c_cflag in struct termios, after two words of the native size.</summary>
    public static int ControlModesAt => Mac ? 16 : 8;

    /// <summary>CREAD and CLOCAL: receive, and ignore the carrier.</summary>
    public static uint ReceiveLocally => Mac ? 0x800u | 0x8000u : 0x80u | 0x800u;

    /// <summary>CSTOPB and CRTSCTS: two stop bits, and flow control by RTS and CTS.</summary>
    public static uint TwoStopBitsAndFlowControl => Mac ? 0x400u | 0x30000u : 0x40u | 0x8000_0000u;

    /// <summary>
    /// ioctl with an int. Its argument is variadic, and macOS on ARM passes it on the stack, after the eight argument
    /// registers (Apple's "Writing ARM64 code for Apple platforms").
    /// </summary>
    public static int Ioctl(int descriptor, nuint request, ref int argument) =>
        Mac && RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? IoctlOnStack(descriptor, request, 0, 0, 0, 0, 0, 0, ref argument)
            : IoctlInRegisters(descriptor, request, ref argument);

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport(Library, EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, ReadOnlySpan<byte> data, nint length);

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(ref PollDescriptor descriptors, nuint count, int milliseconds);

    [LibraryImport(Library, EntryPoint = "tcgetattr", SetLastError = true)]
    public static partial int GetAttributes(int descriptor, Span<byte> termios);

    [LibraryImport(Library, EntryPoint = "tcsetattr", SetLastError = true)]
    public static partial int SetAttributes(int descriptor, int when, ReadOnlySpan<byte> termios);

    [LibraryImport(Library, EntryPoint = "tcflush")]
    public static partial int Flush(int descriptor, int queues);

    [LibraryImport(Library, EntryPoint = "cfmakeraw")]
    public static partial void MakeRaw(Span<byte> termios);

    /// <summary>The C libraries of both systems accept the plain number; glibc also the constants of Linux (termios/cfsetspeed.c).</summary>
    [LibraryImport(Library, EntryPoint = "cfsetspeed", SetLastError = true)]
    public static partial int SetSpeed(Span<byte> termios, nuint baudRate);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoctlInRegisters(int descriptor, nuint request, ref int argument);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoctlOnStack(
        int descriptor, nuint request, nint x2, nint x3, nint x4, nint x5, nint x6, nint x7, ref int argument);

    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
