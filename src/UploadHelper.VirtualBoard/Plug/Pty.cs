using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace UploadHelper.VirtualBoard.Plug;

/// <summary>The controlling end of a pseudo terminal in raw mode (man 7 pty).</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe partial class Pty : IDisposable
{
    private const int ReadWrite = 2;
    private const int NoControllingTerminal = 0x100;
    private const int CloseOnExec = 0x80000;
    private const int SetNow = 0;
    private const short PollIn = 1;
    private const short PollHangUp = 16;

    // More than any libc's struct termios.
    private const int TermiosSize = 256;

    // TCGETS2 of asm-generic/ioctls.h: unlike tcgetattr, it tells the speed as a number. struct termios2 ends with c_ispeed and c_ospeed.
    private const nuint GetTermios2 = 0x802C_542A;
    private const int OutputSpeed = 40;

    private int _descriptor;

    /// <exception cref="Win32Exception">The system has no pseudo terminal left.</exception>
    public Pty()
    {
        _descriptor = Check(OpenMaster(ReadWrite | NoControllingTerminal | CloseOnExec));
        try
        {
            Check(Grant(_descriptor));
            Check(Unlock(_descriptor));
            var name = stackalloc byte[64];
            Check(-Math.Abs(GetName(_descriptor, name, 64)));
            Name = Marshal.PtrToStringUTF8((nint)name)!;
            SetRaw();
            // Only after a first open and close does the controlling end report that no client has the terminal open.
            Close(Check(OpenFile(name, ReadWrite | NoControllingTerminal | CloseOnExec)));
        }
        catch
        {
            Close(_descriptor);
            throw;
        }
    }

    /// <summary>The terminal that clients open, for example "/dev/pts/3".</summary>
    public string Name { get; }

    /// <summary>The speed that a client has last set, in bits a second: the controlling end sees the terminal's settings. 0 means that the line is to be down.</summary>
    public int BaudRate
    {
        get
        {
            var termios = stackalloc byte[TermiosSize];
            Check(Control(_descriptor, GetTermios2, termios));
            return *(int*)(termios + OutputSpeed);
        }
    }

    /// <summary>Polls the terminal, or waits for a client's bytes.</summary>
    /// <param name="limit">Longest wait while a client has the terminal open.</param>
    /// <returns>Whether there is something to read, and whether a client has it open.</returns>
    public (bool HasData, bool IsOpen) Poll(TimeSpan limit)
    {
        var poll = new PollDescriptor { Descriptor = _descriptor, Events = PollIn };
        var time = new Duration { Seconds = (nint)(limit.Ticks / TimeSpan.TicksPerSecond), Nanoseconds = (nint)(limit.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick) };
        PollFor(&poll, 1, &time, null);
        return ((poll.Returned & PollIn) != 0, (poll.Returned & PollHangUp) == 0);
    }

    /// <summary>Reads what a client wrote.</summary>
    /// <returns>Nothing when no client is left.</returns>
    public byte[] Read()
    {
        var buffer = new byte[4096];
        fixed (byte* start = buffer)
        {
            return buffer[..(int)Math.Max(0, ReadBytes(_descriptor, start, (nuint)buffer.Length))];
        }
    }

    /// <summary>Writes to the client; bytes that it does not accept are lost, as on a serial line.</summary>
    public void Write(ReadOnlySpan<byte> data)
    {
        fixed (byte* start = data)
        {
            WriteBytes(_descriptor, start, (nuint)data.Length);
        }
    }

    /// <summary>Closes the terminal: clients see a hang-up.</summary>
    public void Dispose()
    {
        // After a first close, the number may belong to another file.
        if (_descriptor >= 0)
        {
            Close(_descriptor);
            _descriptor = -1;
        }
    }

    private static int Check(int result) => result >= 0
        ? result
        : throw new Win32Exception(Marshal.GetLastPInvokeError());

    private void SetRaw()
    {
        var termios = stackalloc byte[TermiosSize];
        Check(GetAttributes(_descriptor, termios));
        MakeRaw(termios);
        Check(SetAttributes(_descriptor, SetNow, termios));
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    // struct timespec
    [StructLayout(LayoutKind.Sequential)]
    private struct Duration
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    private static partial int OpenMaster(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    private static partial int Grant(int descriptor);

    [LibraryImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    private static partial int Unlock(int descriptor);

    [LibraryImport("libc", EntryPoint = "ptsname_r", SetLastError = true)]
    private static partial int GetName(int descriptor, byte* name, nuint size);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    private static partial int OpenFile(byte* name, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "ppoll", SetLastError = true)]
    private static partial int PollFor(PollDescriptor* descriptors, nuint count, Duration* limit, void* signals);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadBytes(int descriptor, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteBytes(int descriptor, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int GetAttributes(int descriptor, byte* termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int SetAttributes(int descriptor, int when, byte* termios);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int descriptor, nuint request, byte* argument);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte* termios);
}
