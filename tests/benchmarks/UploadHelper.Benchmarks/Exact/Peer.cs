using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Benchmarks.Exact;

/// <summary>
/// The upload of another program, replayed: the requests and sleeps that its source has for one raw binary, on an open device whose
/// alternate setting is selected. None of them compares with what is on the board before, or reads back after.
/// </summary>
/// <param name="device">The open device, its interface claimed.</param>
/// <param name="description">What it says of itself.</param>
/// <param name="time">The clock.</param>
/// <param name="timeout">How long the program lets a control transfer take.</param>
public abstract class Peer(IUsbDevice device, DfuDescription description, TimeProvider time, TimeSpan timeout)
{
    /// <summary>A program on a device.</summary>
    public delegate Peer Factory(IUsbDevice device, DfuDescription description, TimeProvider time);

    /// <summary>Those that speak DfuSe, by name, the slowest first.</summary>
    public static IReadOnlyList<(string Name, Factory Create)> DfuSe { get; } =
    [
        ("dfu-util 0.11", (device, description, time) => new DfuUtil(device, description, time)),
        ("dfu-core", (device, description, time) => new DfuCore(device, description, time)),
        ("dfu-util :fast", (device, description, time) => new DfuUtilFast(device, description, time)),
        ("WebUSB", (device, description, time) => new WebUsb(device, description, time)),
    ];

    /// <summary>The first addresses of the sectors that a range of a DfuSe device touches.</summary>
    public static IEnumerable<uint> Sectors(DfuDescription description, uint address, int length)
    {
        var map = MemoryMap.Parse(description.Alternates[0].Name);
        for (long at = address; at < address + (long)length;)
        {
            var sector = map.SectorAt(at)!.Value;
            yield return sector.Address;
            at = sector.End;
        }
    }

    /// <summary>What the device says of itself.</summary>
    protected DfuDescription Description => description;

    /// <summary>wTransferSize: all of these send blocks of this size.</summary>
    protected int TransferSize => description.Functional.TransferSize;

    /// <summary>Brings the device to dfuIDLE, writes, and has it leave.</summary>
    /// <param name="address">Where the image begins.</param>
    /// <param name="image">The image.</param>
    /// <exception cref="UsbException">A request failed in a way that the program does not get over.</exception>
    /// <exception cref="DfuException">The device reports an error, or stays busy without end.</exception>
    public abstract void Run(uint address, byte[] image);

    /// <summary>GETSTATUS.</summary>
    protected DfuStatus GetStatus()
    {
        Span<byte> answer = stackalloc byte[DfuStatus.Size];
        device.ControlIn(new UsbSetup(0xA1, (byte)DfuRequest.GetStatus, 0, 0, DfuStatus.Size), answer, timeout);
        return DfuStatus.Read(answer);
    }

    /// <summary>A request to the device.</summary>
    protected void Out(DfuRequest request, ushort value, ReadOnlySpan<byte> data) =>
        device.ControlOut(new UsbSetup(0x21, (byte)request, value, 0, (ushort)data.Length), data, timeout);

    /// <summary>DNLOAD of a command of DfuSe: 0x21 sets the address pointer, 0x41 erases.</summary>
    protected void Command(byte command, uint address)
    {
        Span<byte> data = stackalloc byte[5];
        data[0] = command;
        BinaryPrimitives.WriteUInt32LittleEndian(data[1..], address);
        Out(DfuRequest.Download, 0, data);
    }

    /// <summary>Sleeps.</summary>
    protected void Sleep(TimeSpan duration) => time.Wait(duration, CancellationToken.None);

    /// <summary>Resets the port.</summary>
    protected void ResetPort() => device.Reset();

    /// <summary>The first addresses of the sectors that a range touches.</summary>
    protected IEnumerable<uint> Sectors(uint address, int length) => Sectors(description, address, length);

    /// <summary>Ends a program that takes a status for a failure.</summary>
    protected static void ThrowIfFailed(DfuStatus status)
    {
        if (status.Code != DfuStatusCode.Ok)
        {
            throw new DfuException($"it stops at {status}", status);
        }
    }

    /// <summary>What it does after the last request: the device may be gone by now.</summary>
    protected static void IgnoreGone(Action action)
    {
        try
        {
            action();
        }
        catch (UsbException)
        {
        }
    }
}
