using System.Buffers.Binary;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>A virtual board in DFU mode, and a host that sends it one request after the other, at once.</summary>
internal sealed class DfuWire
{
    private readonly int _transferSize;

    public DfuWire(string options, int transferSize = 1024)
    {
        _transferSize = transferSize;
        Board = BoardFactory.Create(SimulationOptions.Parse(options), Log.Add);
        Board.AdvanceTo(TimeSpan.FromSeconds(1));
    }

    public List<BoardEvent> Log { get; } = [];

    public Board Board { get; }

    public DfuState State => Status().Status.State;

    public void Wait(TimeSpan time) => Board.AdvanceTo(Board.Now + time);

    public ControlReply Send(DfuRequest request) => Board.Control(new UsbSetup(0x21, (byte)request, 0, 0, 0), []);

    public ControlReply Download(ushort block, params byte[] data) =>
        Board.Control(new UsbSetup(0x21, (byte)DfuRequest.Download, block, 0, (ushort)data.Length), data);

    public ControlReply Upload(ushort block, int length = 1024) =>
        Board.Control(new UsbSetup(0xA1, (byte)DfuRequest.Upload, block, 0, (ushort)length), []);

    public ControlReply GetStatus() => Board.Control(new UsbSetup(0xA1, (byte)DfuRequest.GetStatus, 0, 0, DfuStatus.Size), []);

    /// <summary>GETSTATUS, and the time it takes.</summary>
    public (DfuStatus Status, TimeSpan Busy) Status()
    {
        var reply = GetStatus();
        Assert.Equal(ControlOutcome.Done, reply.Outcome);
        Wait(reply.Busy);
        return (DfuStatus.Read(reply.Data.Span), reply.Busy);
    }

    /// <summary>Selects the configuration, as every host does.</summary>
    public DfuWire Configure()
    {
        Assert.Equal(ControlOutcome.Done, Board.Control(new UsbSetup(0x00, 9, 1, 0, 0), []).Outcome);
        return this;
    }

    /// <summary>Out of the dfuERROR of a power-up.</summary>
    public DfuWire Idle()
    {
        if (State == DfuState.Error)
        {
            Send(DfuRequest.ClearStatus);
        }

        Assert.Equal(DfuState.Idle, State);
        return this;
    }

    /// <summary>Sends a command with an address.</summary>
    public void Command(byte command, uint address)
    {
        var data = new byte[5];
        data[0] = command;
        BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan(1), address);
        Assert.Equal(ControlOutcome.Done, Download(0, data).Outcome);
    }

    public void SetAddress(uint address) => Do(() => Command(0x21, address));

    /// <returns>How long the device held the host up.</returns>
    public TimeSpan Erase(uint address) => Do(() => Command(0x41, address));

    /// <summary>Writes at an address.</summary>
    /// <returns>How long the device held the host up.</returns>
    public TimeSpan Write(uint address, byte[] data)
    {
        SetAddress(address);
        return Do(() => Assert.Equal(ControlOutcome.Done, Download(2, data).Outcome));
    }

    /// <summary>Reads from an address, whole blocks; the state is dfuIDLE before and after.</summary>
    public byte[] Read(uint address, int length)
    {
        SetAddress(address);
        Send(DfuRequest.Abort);
        var read = new List<byte>();
        for (ushort block = 2; read.Count < length; block++)
        {
            var reply = Upload(block, Math.Min(_transferSize, length - read.Count));
            Assert.Equal(ControlOutcome.Done, reply.Outcome);
            read.AddRange(reply.Data.Span);
        }

        Send(DfuRequest.Abort);
        return [.. read];
    }

    /// <summary>Asks the device to leave.</summary>
    /// <returns>Its answer to the GETSTATUS that ends it.</returns>
    public ControlReply Leave()
    {
        Download(2);
        return GetStatus();
    }

    private TimeSpan Do(Action request)
    {
        request();
        var busy = TimeSpan.Zero;
        var (status, took) = Status();
        busy += took;
        while (status.State == DfuState.DownloadBusy)
        {
            (status, took) = Status();
            busy += took;
        }

        Assert.Equal((DfuState.DownloadIdle, DfuStatusCode.Ok), (status.State, status.Code));
        return busy;
    }
}
