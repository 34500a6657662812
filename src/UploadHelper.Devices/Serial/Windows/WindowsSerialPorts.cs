using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial.Windows;

/// <summary>Serial ports of Windows.</summary>
/// <param name="list">Lists the ports.</param>
[SupportedOSPlatform("windows")]
internal sealed class WindowsSerialPorts(Func<IReadOnlyList<SerialPortInfo>> list) : ISerialPorts
{
    private const string DevicePrefix = @"\\.\";

    /// <inheritdoc/>
    public IReadOnlyList<SerialPortInfo> List() => list();

    /// <inheritdoc/>
    public ISerialLine Open(string name, int baudRate) =>
        new WindowsSerialLine(name.StartsWith(DevicePrefix, StringComparison.Ordinal) ? name : DevicePrefix + name, baudRate);
}

/// <summary>A serial line of Windows.</summary>
[SupportedOSPlatform("windows")]
internal sealed class WindowsSerialLine : ISerialLine
{
    private readonly SafeFileHandle _file;

    public WindowsSerialLine(string name, int baudRate)
    {
        _file = Kernel32.CreateFile(name, Kernel32.ReadWrite, 0, 0, Kernel32.OpenExisting, 0, 0);
        if (_file.IsInvalid)
        {
            throw WindowsErrors.Exception($"Opening {name}", Marshal.GetLastPInvokeError(), opening: true);
        }

        var block = new Kernel32.DeviceControlBlock { Length = (uint)Marshal.SizeOf<Kernel32.DeviceControlBlock>() };
        _ = Kernel32.GetCommState(_file, ref block);
        (block.BaudRate, block.Flags, block.ByteSize, block.Parity, block.StopBits) =
            ((uint)baudRate, Kernel32.DeviceControlBlock.BinaryWithLinesUp, 8, 0, 0);
        if (!Kernel32.SetCommState(_file, ref block))
        {
            var error = Marshal.GetLastPInvokeError();
            _file.Dispose();
            throw WindowsErrors.Exception($"Configuring {name}", error, opening: true);
        }
    }

    public void SetDtr(bool high) => Escape(high ? Kernel32.SetDtr : Kernel32.ClearDtr);

    public void SetRts(bool high) => Escape(high ? Kernel32.SetRts : Kernel32.ClearRts);

    public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
    {
        var timeouts = new Kernel32.CommTimeouts { WriteConstant = (uint)Math.Ceiling(limit.TotalMilliseconds) };
        _ = Kernel32.SetCommTimeouts(_file, ref timeouts);
        if (!Kernel32.WriteFile(_file, data, data.Length, out var written, 0))
        {
            throw WindowsErrors.Exception("Writing", Marshal.GetLastPInvokeError(), opening: false);
        }

        if (written < data.Length)
        {
            throw new SerialException(SerialFault.Timeout, "The device did not accept the bytes in time.");
        }
    }

    // A driver may wait until a stuck device has read everything. The thread waits for the driver, nobody else does.
    public void Dispose() => new Thread(_file.Dispose) { IsBackground = true, Name = "close serial line" }.Start();

    // This fails for a line without modem control (a pseudo terminal under Wine), and for a port that has disappeared, which
    // the next write reports.
    private void Escape(uint function) => Kernel32.EscapeCommFunction(_file, function);
}

/// <summary>The functions of Windows that a serial line needs.</summary>
internal static partial class Kernel32
{
    public const uint ReadWrite = 0xC000_0000;
    public const uint OpenExisting = 3;
    public const uint SetRts = 3;
    public const uint ClearRts = 4;
    public const uint SetDtr = 5;
    public const uint ClearDtr = 6;

    private const string Library = "kernel32.dll";

    [LibraryImport(Library, EntryPoint = "CreateFileW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    public static partial SafeFileHandle CreateFile(string name, uint access, uint share, nint security, uint disposition, uint flags, nint template);

    [LibraryImport(Library, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool GetCommState(SafeFileHandle file, ref DeviceControlBlock block);

    [LibraryImport(Library, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool SetCommState(SafeFileHandle file, ref DeviceControlBlock block);

    [LibraryImport(Library, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool SetCommTimeouts(SafeFileHandle file, ref CommTimeouts timeouts);

    [LibraryImport(Library, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool EscapeCommFunction(SafeFileHandle file, uint function);

    [LibraryImport(Library, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool WriteFile(SafeFileHandle file, ReadOnlySpan<byte> data, int length, out int written, nint overlapped);

    /// <summary>DCB of winbase.h; the bit fields are one 32-bit word.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct DeviceControlBlock
    {
        /// <summary>fBinary, fDtrControl and fRtsControl enabled, nothing else.</summary>
        public const uint BinaryWithLinesUp = 0x0000_1011;

        public uint Length;
        public uint BaudRate;
        public uint Flags;
        public ushort Reserved;
        public ushort XonLimit;
        public ushort XoffLimit;
        public byte ByteSize;
        public byte Parity;
        public byte StopBits;
        public byte XonCharacter;
        public byte XoffCharacter;
        public byte ErrorCharacter;
        public byte EndCharacter;
        public byte EventCharacter;
        public ushort Reserved1;
    }

    /// <summary>COMMTIMEOUTS of winbase.h, in milliseconds.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct CommTimeouts
    {
        public uint ReadInterval;
        public uint ReadMultiplier;
        public uint ReadConstant;
        public uint WriteMultiplier;
        public uint WriteConstant;
    }
}
