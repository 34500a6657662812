using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using UploadHelper.Core.Serial;
using UploadHelper.Devices.Linux;

namespace UploadHelper.Devices.Serial;

/// <summary>
/// Serial ports of Linux. A port of a USB device is driven without its terminal where this user may open the device: a fresh
/// terminal echoes. The driver (cdc_acm) asks the sketch for data before open() returns, so whatever a program does after
/// that comes too late for a sketch that prints all the time: its own output is in its receive buffer already. Arduino_STM32
/// for the F1 before February 2021 ignores the magic then, or crashes. All other ports are opened as terminals.
/// </summary>
/// <param name="terminals">The ports as terminals.</param>
/// <param name="sysfs">This machine's sysfs.</param>
/// <param name="proc">Where proc is mounted.</param>
/// <param name="time">The clock for time limits.</param>
internal sealed class UsbSerialPorts(ISerialPorts terminals, Sysfs sysfs, string proc, TimeProvider time) : ISerialPorts
{
    private (SerialPortInfo Port, UsbSerialLine Line)? _taken;

    /// <summary>
    /// The terminals, and the port whose terminal is away because this program drives its device, or its driver waits for a device that
    /// does not answer: it has not been reset.
    /// </summary>
    public IReadOnlyList<SerialPortInfo> List()
    {
        var list = terminals.List();
        return _taken is { } taken && taken.Line.IsThere && PortNames.Find(list, taken.Port.Name) is null ? [.. list, taken.Port] : list;
    }

    /// <inheritdoc/>
    public ISerialLine Open(string name, int baudRate)
    {
        // A terminal that another program has open is not fresh, and that program is not to lose it.
        if (PortNames.Find(terminals.List(), name) is { } port
            && sysfs.SerialFunctionOf(port.Name, Sysfs.Nodes) is { } function
            && new LinuxProcesses(proc).HoldersOf(port.Name).Count == 0
            && UsbSerialLine.Take(function, baudRate, time) is { } line)
        {
            _taken = (port, line);
            return line;
        }

        return terminals.Open(name, baudRate);
    }

    /// <summary>A terminal: the kernel's driver sets the parity, and a bootloader in ROM is not harmed by what it asks.</summary>
    public IUartLine OpenUart(string name, int baudRate) => terminals.OpenUart(name, baudRate);
}

/// <summary>
/// A serial line through usbfs (linux/usbdevice_fs.h), with the requests that cdc_acm would send: opening raises both lines, an
/// unchanged line sends nothing, closing drops both and gives the interfaces back to the driver.
/// </summary>
internal sealed partial class UsbSerialLine : ISerialLine
{
    private const string Driver = "cdc_acm";
    private const int ReadWriteCloseOnExec = 0x2 | 0x80000;
    private const byte SetLineCoding = 0x20;
    private const byte SetControlLineState = 0x22;
    private const int Dtr = 1;
    private const int Rts = 2;
    private const int LargestTransfer = 16 * 1024;
    private const int StallError = 32;
    private const int TimeoutError = 110;

    // Of linux/usbdevice_fs.h: _IOWR('U', 0), _IOWR('U', 2), _IOR('U', 15), _IOR('U', 16), _IOWR('U', 18), _IOR('U', 27), _IO('U', 23).
    private static readonly nuint Control = Request(3, Marshal.SizeOf<Transfer>(), 0);
    private static readonly nuint Bulk = Request(3, Marshal.SizeOf<BulkTransfer>(), 2);
    private static readonly nuint Claim = Request(2, sizeof(int), 15);
    private static readonly nuint Release = Request(2, sizeof(int), 16);
    private static readonly nuint Command = Request(3, Marshal.SizeOf<DriverCommand>(), 18);
    private static readonly nuint DisconnectClaim = Request(2, DisconnectClaimSize, 27);
    private const int Connect = ('U' << 8) | 23;
    private const int DisconnectClaimSize = 8 + 256;
    private const int IfDriver = 1;

    // What the kernel's driver allows a request.
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(5);

    // A device that answers does so within a few milliseconds.
    private static readonly TimeSpan ClosingLimit = TimeSpan.FromMilliseconds(200);

    private readonly SerialFunction _function;
    private readonly TimeProvider _time;
    private int _descriptor;
    private int _lines;
    private bool _stuck;

    private UsbSerialLine(SerialFunction function, int descriptor, TimeProvider time) =>
        (_function, _descriptor, _time) = (function, descriptor, time);

    /// <summary>Whether the device is still on the bus, without having enumerated again.</summary>
    public bool IsThere => Sysfs.DeviceNumberIn(_function.Folder) == _function.Number;

    /// <summary>Takes a serial function from its driver and raises both lines.</summary>
    /// <returns>The line, or null if this user may not, or another driver or program has it: the terminal then says what is wrong.</returns>
    /// <exception cref="SerialException">The device failed.</exception>
    public static UsbSerialLine? Take(SerialFunction function, int baudRate, TimeProvider time)
    {
        var descriptor = Open(function.Node, ReadWriteCloseOnExec);
        if (descriptor < 0)
        {
            return null;
        }

        var line = new UsbSerialLine(function, descriptor, time);
        if (!line.TakeInterfaces())
        {
            return null;
        }

        try
        {
            line.SetBaudRate(baudRate);
            line.SetLines(Dtr | Rts);
            return line;
        }
        catch
        {
            line.Dispose();
            throw;
        }
    }

    /// <summary>Each change is a control transfer, and has been carried out when it ends.</summary>
    public bool IsAcknowledged => true;

    public void SetDtr(bool high) => SetLines(high ? _lines | Dtr : _lines & ~Dtr);

    public void SetRts(bool high) => SetLines(high ? _lines | Rts : _lines & ~Rts);

    public void SetBaudRate(int baudRate)
    {
        Span<byte> coding = stackalloc byte[7];
        BinaryPrimitives.WriteInt32LittleEndian(coding, baudRate);
        coding[6] = 8;
        Send(SetLineCoding, 0, coding);
    }

    public unsafe void Write(ReadOnlySpan<byte> data, TimeSpan limit)
    {
        var start = _time.GetTimestamp();
        while (!data.IsEmpty)
        {
            var rest = limit - _time.GetElapsedTime(start);
            var part = data[..Math.Min(data.Length, LargestTransfer)];
            fixed (byte* bytes = part)
            {
                var transfer = new BulkTransfer
                {
                    Endpoint = _function.Out,
                    Length = (uint)part.Length,
                    Timeout = (uint)Math.Max(1, Math.Ceiling(rest.TotalMilliseconds)),
                    Data = bytes,
                };
                var sent = Ioctl(_descriptor, Bulk, &transfer);
                if (sent < 0)
                {
                    throw Failure("Writing");
                }

                data = data[sent..];
            }
        }
    }

    public void Dispose()
    {
        if (_descriptor < 0)
        {
            return;
        }

        // The driver asks a device that does not answer for as long as it may; nobody waits for that.
        var descriptor = _descriptor;
        var isThere = IsThere;
        _descriptor = -1;
        if (isThere && !_stuck && _lines != 0 && Send(descriptor, SetControlLineState, 0, [], ClosingLimit) < 0)
        {
            _stuck = Marshal.GetLastPInvokeError() == TimeoutError;
        }

        if (isThere && _stuck)
        {
            new Thread(() => GiveBack(descriptor)) { IsBackground = true, Name = "close serial line" }.Start();
        }
        else
        {
            GiveBack(descriptor);
        }
    }

    private unsafe bool TakeInterfaces()
    {
        var claim = stackalloc byte[DisconnectClaimSize];
        new Span<byte>(claim, DisconnectClaimSize).Clear();
        *(int*)claim = _function.Control;
        *(int*)(claim + 4) = IfDriver;
        Encoding.ASCII.GetBytes(Driver, new Span<byte>(claim + 8, Driver.Length));
        if (Ioctl(_descriptor, DisconnectClaim, claim) != 0)
        {
            _ = Close(_descriptor);
            return false;
        }

        // The driver has let go of both interfaces.
        int data = _function.Data;
        if (Ioctl(_descriptor, Claim, &data) != 0)
        {
            GiveBack(_descriptor);
            return false;
        }

        return true;
    }

    private unsafe void GiveBack(int descriptor)
    {
        int data = _function.Data, control = _function.Control;
        _ = Ioctl(descriptor, Release, &data);
        _ = Ioctl(descriptor, Release, &control);
        var command = new DriverCommand { Interface = control, Code = Connect };
        _ = Ioctl(descriptor, Command, &command);
        _ = Close(descriptor);
    }

    private void SetLines(int lines)
    {
        if (lines != _lines)
        {
            Send(SetControlLineState, (ushort)lines, []);
            _lines = lines;
        }
    }

    // cdc_acm goes on where the device does not know a request.
    private void Send(byte request, ushort value, ReadOnlySpan<byte> data)
    {
        if (Send(_descriptor, request, value, data, RequestLimit) < 0 && Marshal.GetLastPInvokeError() != StallError)
        {
            throw Failure("Setting the speed, DTR or RTS");
        }
    }

    private unsafe int Send(int descriptor, byte request, ushort value, ReadOnlySpan<byte> data, TimeSpan limit)
    {
        fixed (byte* bytes = data)
        {
            var transfer = new Transfer
            {
                RequestType = 0x21,
                Request = request,
                Value = value,
                Index = _function.Control,
                Length = (ushort)data.Length,
                Timeout = (uint)limit.TotalMilliseconds,
                Data = bytes,
            };
            return Ioctl(descriptor, Control, &transfer);
        }
    }

    private SerialException Failure(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        if (error == TimeoutError)
        {
            _stuck = true;
            return new SerialException(SerialFault.Timeout, "The device did not accept the bytes in time.");
        }

        return IsThere
            ? PosixErrors.Exception(what, error, opening: false)
            : new SerialException(SerialFault.Gone, "The serial port has disappeared.");
    }

    private static nuint Request(uint direction, int size, uint number) => direction << 30 | (uint)size << 16 | (uint)'U' << 8 | number;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static unsafe partial int Ioctl(int descriptor, nuint request, void* argument);

    // struct usbdevfs_ctrltransfer
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Transfer
    {
        public byte RequestType;
        public byte Request;
        public ushort Value;
        public ushort Index;
        public ushort Length;
        public uint Timeout;
        public byte* Data;
    }

    // struct usbdevfs_bulktransfer
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct BulkTransfer
    {
        public uint Endpoint;
        public uint Length;
        public uint Timeout;
        public byte* Data;
    }

    // struct usbdevfs_ioctl
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct DriverCommand
    {
        public int Interface;
        public int Code;
        public void* Data;
    }
}
