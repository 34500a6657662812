using System.IO.Ports;
using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial.SystemPorts;

/// <summary>A serial line of System.IO.Ports, which sets raw mode itself when it opens.</summary>
internal sealed class SystemSerialLine : ISerialLine
{
    private readonly SerialPort _port;
    private readonly Stream _stream;
    private bool _gone;
    private bool _closed;

    public SystemSerialLine(string name, int baudRate)
    {
        _port = Open(name, baudRate);
        _stream = _port.BaseStream;
    }

    public void SetDtr(bool high) => SetLine(() => _port.DtrEnable = high);

    public void SetRts(bool high) => SetLine(() => _port.RtsEnable = high);

    public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
    {
        // The package waits the whole time limit for a port of which it has once found that it is gone.
        if (_gone)
        {
            throw SystemSerialErrors.Gone(null);
        }

        try
        {
            _port.WriteTimeout = (int)Math.Ceiling(limit.TotalMilliseconds);
            _port.Write(data.ToArray(), 0, data.Length);
        }
        catch (Exception e) when (SystemSerialErrors.Covers(e))
        {
            var failure = SystemSerialErrors.Exception("Writing", e, opening: false);
            _gone = failure.Fault == SerialFault.Gone;
            throw failure;
        }
    }

    public void Dispose()
    {
        if (_closed)
        {
            return;
        }

        // Not the port but its stream: closing the port waits first until all is sent, for a stuck device without an end.
        // The kernel, too, waits up to 30 s; nobody waits for it.
        _closed = true;
        new Thread(Close) { IsBackground = true, Name = "close serial line" }.Start();
    }

    private static SerialPort Open(string name, int baudRate)
    {
        try
        {
            try
            {
                return Open(name, baudRate, raised: true);
            }
            catch (IOException e) when (SystemSerialErrors.IsWithoutModemLines(e))
            {
                // A pseudo terminal: the package lets its missing lines pass only if they are to be low.
                return Open(name, baudRate, raised: false);
            }
        }
        catch (Exception e) when (SystemSerialErrors.Covers(e))
        {
            throw SystemSerialErrors.Exception($"Opening {name}", e, opening: true);
        }
    }

    // The system raises both lines when a port is opened. The package would lower them at once if it were not told.
    private static SerialPort Open(string name, int baudRate, bool raised)
    {
        var port = new SerialPort(name, baudRate, Parity.None, 8, StopBits.One) { DtrEnable = raised, RtsEnable = raised };
        port.Open();
        return port;
    }

    private static void SetLine(Action set)
    {
        try
        {
            set();
        }
        catch (IOException e) when (SystemSerialErrors.IsWithoutModemLines(e))
        {
            // Nothing happens there.
        }
        catch (Exception e) when (SystemSerialErrors.Covers(e))
        {
            throw SystemSerialErrors.Exception("Setting DTR and RTS", e, opening: false);
        }
    }

    private void Close()
    {
        try
        {
            _stream.Dispose();
        }
        catch (Exception e) when (SystemSerialErrors.Covers(e))
        {
            // It is closed all the same.
        }
    }
}
