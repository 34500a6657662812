using System.Buffers.Binary;
using System.Runtime.InteropServices;
using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial.Posix;

/// <summary>Serial ports of Linux and macOS.</summary>
/// <param name="list">Lists the ports.</param>
/// <param name="time">The clock for time limits.</param>
internal sealed class PosixSerialPorts(Func<IReadOnlyList<SerialPortInfo>> list, TimeProvider time) : ISerialPorts
{
    /// <inheritdoc/>
    public IReadOnlyList<SerialPortInfo> List() => list();

    /// <inheritdoc/>
    public ISerialLine Open(string name, int baudRate) => new PosixSerialLine(name.Contains('/') ? name : "/dev/" + name, baudRate, time);
}

/// <summary>A serial line through termios.</summary>
internal sealed class PosixSerialLine : ISerialLine
{
    private const int TypicalBaudRate = 9600;
    private readonly TimeProvider _time;
    private int _descriptor;

    public PosixSerialLine(string path, int baudRate, TimeProvider time)
    {
        _time = time;
        BindFunctions();
        _descriptor = Libc.Open(path, Libc.OpenFlags);
        if (_descriptor < 0)
        {
            throw PosixErrors.Exception($"Opening {path}", Marshal.GetLastPInvokeError(), opening: true);
        }

        try
        {
            // A new terminal echoes what the sketch prints, so raw mode is set before anything else. What it has not sent back
            // by then goes: the kernel would send it before the next bytes that are written.
            MakeRaw(path, baudRate);
            _ = Libc.Flush(_descriptor, Libc.BothQueues);
            var none = 0;
            _ = Libc.Ioctl(_descriptor, Libc.Exclusive, ref none);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void SetDtr(bool high) => SetLine(high, Libc.DtrBit);

    public void SetRts(bool high) => SetLine(high, Libc.RtsBit);

    public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            // The line is non-blocking: it accepts bytes until its buffer is full.
            var written = (int)Libc.Write(_descriptor, data, data.Length);
            if (written == data.Length)
            {
                return;
            }

            var error = written < 0 ? Marshal.GetLastPInvokeError() : Libc.TryAgain;
            if (error != Libc.TryAgain)
            {
                throw PosixErrors.Exception("Writing", error, opening: false);
            }

            data = data[Math.Max(0, written)..];
            WaitForRoom(limit - _time.GetElapsedTime(start));
        }
    }

    public void Dispose()
    {
        if (_descriptor < 0)
        {
            return;
        }

        // The kernel waits up to 30 s for a sketch that has stopped reading. The thread waits for the kernel, nobody else does.
        var descriptor = _descriptor;
        _descriptor = -1;

        // A pseudo terminal stays exclusive after it is closed, and a port stays exclusive while its close waits.
        var none = 0;
        _ = Libc.Ioctl(descriptor, Libc.NotExclusive, ref none);
        new Thread(() => Libc.Close(descriptor)) { IsBackground = true, Name = "close serial line" }.Start();
    }

    // The first call of a function takes many times as long as any other, and between opening and raw mode every moment counts.
    private static void BindFunctions()
    {
        Span<byte> termios = stackalloc byte[Libc.TermiosSize];
        termios.Clear();
        _ = Libc.GetAttributes(-1, termios);
        Libc.MakeRaw(termios);
        _ = Libc.SetSpeed(termios, TypicalBaudRate);
        _ = Libc.SetAttributes(-1, 0, termios);
        _ = Libc.Flush(-1, Libc.BothQueues);
    }

    private void MakeRaw(string path, int baudRate)
    {
        Span<byte> termios = stackalloc byte[Libc.TermiosSize];
        if (Libc.GetAttributes(_descriptor, termios) != 0)
        {
            throw PosixErrors.Exception($"Configuring {path}", Marshal.GetLastPInvokeError(), opening: true);
        }

        // cfmakeraw leaves stop bits and flow control as the last user of the port had them.
        Libc.MakeRaw(termios);
        var modes = termios[Libc.ControlModesAt..];
        BinaryPrimitives.WriteUInt32LittleEndian(
            modes,
            (BinaryPrimitives.ReadUInt32LittleEndian(modes) | Libc.ReceiveLocally) & ~Libc.TwoStopBitsAndFlowControl);
        if (Libc.SetSpeed(termios, (nuint)baudRate) != 0 || Libc.SetAttributes(_descriptor, 0, termios) != 0)
        {
            throw PosixErrors.Exception($"Configuring {path}", Marshal.GetLastPInvokeError(), opening: true);
        }
    }

    private void SetLine(bool high, int bit)
    {
        if (Libc.Ioctl(_descriptor, high ? Libc.RaiseLines : Libc.DropLines, ref bit) == 0)
        {
            return;
        }

        var error = Marshal.GetLastPInvokeError();
        if (!PosixErrors.IsWithoutModemLines(error))
        {
            throw PosixErrors.Exception("Setting DTR and RTS", error, opening: false);
        }
    }

    private void WaitForRoom(TimeSpan limit)
    {
        var poll = new Libc.PollDescriptor { Descriptor = _descriptor, Events = Libc.PollOut };
        var ready = limit <= TimeSpan.Zero ? 0 : Libc.Poll(ref poll, 1, (int)Math.Ceiling(limit.TotalMilliseconds));
        if (ready == 0)
        {
            throw new SerialException(SerialFault.Timeout, "The device did not accept the bytes in time.");
        }

        if ((poll.Returned & (Libc.PollHangUp | Libc.PollError)) != 0)
        {
            throw new SerialException(SerialFault.Gone, "The serial port has disappeared.");
        }
    }
}
