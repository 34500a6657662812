using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial.Windows;

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
            throw WindowsErrors.Exception($"Setting {name} up", error, opening: true);
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
            throw new SerialException(SerialFault.Timeout, "The device did not take the bytes in time.");
        }
    }

    // A driver may wait for bytes that nobody takes any more; nobody waits for the driver.
    public void Dispose() => new Thread(_file.Dispose) { IsBackground = true, Name = "close serial line" }.Start();

    // Fails on a line without modem control (a pseudo terminal under Wine), and on one that is gone, where the next
    // write says so.
    private void Escape(uint function) => Kernel32.EscapeCommFunction(_file, function);
}
