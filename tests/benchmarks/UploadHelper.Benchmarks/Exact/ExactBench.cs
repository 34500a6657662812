using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Benchmarks.Exact;

/// <summary>What one upload took in virtual time; the same on every machine.</summary>
/// <param name="Duration">From the first DFU request to the end of the last.</param>
/// <param name="Transfers">Number of control transfers.</param>
/// <param name="Erases">Number of sectors that were erased.</param>
/// <param name="Programmed">Number of bytes that were programmed.</param>
public sealed record Measured(TimeSpan Duration, int Transfers, int Erases, long Programmed);

/// <summary>Uploads to a virtual board, in virtual time. The board has its bootloader running, and another sketch.</summary>
/// <param name="board">Its kind.</param>
/// <param name="address">Where its sketches begin.</param>
/// <param name="size">Size of the image in bytes.</param>
public sealed class ExactBench(string board, uint address, int size)
{
    private readonly byte[] _image = Sketch(address, size);

    /// <summary>The limit of this board.</summary>
    public Limit Limit
    {
        get
        {
            using var system = System();
            return new Limit(system.Board.Flash.Part, system.Board.Flash.Times, address, size, Describe(system).Functional.TransferSize);
        }
    }

    /// <summary>Whether the board can be read back.</summary>
    public bool CanRead
    {
        get
        {
            using var system = System();
            return Describe(system).Functional.CanUpload;
        }
    }

    /// <summary>Another sketch of about this size is on the board.</summary>
    public Measured First() => Ours(Sketch(address, size - 4));

    /// <summary>The same without comparing with the board first, or or without reading back.</summary>
    public Measured FirstWith(Func<UploadRequest, UploadRequest> change) => Measure(Sketch(address, size - 4), (system, bus) => Upload(system, bus, _image, leave: true, change));

    /// <summary>This sketch is on the board already.</summary>
    public Measured Identical() => Ours(_image);

    /// <summary>One byte in the middle of the sketch on the board is another.</summary>
    public Measured OneByte()
    {
        var before = _image.ToArray();
        before[size / 2] ^= 1;
        return Ours(before);
    }

    /// <summary>dfu-util 0.11 instead, with another sketch on the board.</summary>
    public Measured DfuUtilFirst() => Measure(Sketch(address, size - 4), (system, bus) =>
    {
        using var device = bus.Open(bus.List().Single());
        var description = DfuDescription.Read(device)!;
        device.Claim(0);
        device.SetAlternateSetting(0, Alternate(description));
        new DfuUtil(device, description, system.Clock).Run(address, _image);
    });

    /// <summary>Several boards at once, each with another sketch; in all.</summary>
    public TimeSpan Together(int count)
    {
        using var system = new SimulatedSystem(SimulationOptions.Parse($"{board},count={count}", StartState.Bootloader), _ => { });
        var start = system.Clock.Now;
        var outcomes = new ParallelUploader(system.Usb, system.SerialPorts, system.Clock, _ => { }, _ => _ => { }).Run(
            Request(_image) with { WaitPort = WaitPort.No }, null, CancellationToken.None);
        return outcomes.All(o => o.Result is { Verified: true }) ? system.Clock.Now - start : throw new InvalidOperationException($"{board}: {outcomes[0].Failure}");
    }

    private UploadRequest Request(byte[] image) => new(new ImageFile("sketch.bin", image), address, new DeviceFilter(DeviceFilter.KnownIds));

    private Measured Ours(byte[] before) => Measure(before, (system, bus) => Upload(system, bus, _image, leave: true));

    private Measured Measure(byte[] before, Action<SimulatedSystem, MeteredBus> upload)
    {
        using var system = System();
        Upload(system, new MeteredBus(system.Usb, system.Clock), before, leave: false);
        var (erases, programmed) = (system.Board.SectorsErased, system.Board.BytesProgrammed);
        var bus = new MeteredBus(system.Usb, system.Clock);
        upload(system, bus);
        var flash = system.Board.Flash.Read(address, size);
        return new Measured(bus.Duration, bus.Transfers, system.Board.SectorsErased - erases, system.Board.BytesProgrammed - programmed)
            is var measured && flash[64..].SequenceEqual(_image.AsSpan(64)) && system.Board.Violations.Count == 0
            ? measured
            : throw new InvalidOperationException($"{board}: the image is not on the board, or it saw a violation.");
    }

    private void Upload(SimulatedSystem system, MeteredBus bus, byte[] image, bool leave, Func<UploadRequest, UploadRequest>? change = null)
    {
        var request = Request(image) with { Leave = leave, WaitPort = WaitPort.No };
        new Uploader(bus, system.SerialPorts, system.Clock, _ => { }).Run(change?.Invoke(request) ?? request, CancellationToken.None);
    }

    // With a stack pointer that every bootloader takes.
    private static byte[] Sketch(uint address, int size)
    {
        var image = SketchImage.Bytes(address, size);
        BinaryPrimitives.WriteUInt32LittleEndian(image, 0x2000_8000);
        return image;
    }

    private byte Alternate(DfuDescription description) => description.IsDfuSe
        ? (byte)0
        : description.Alternates.First(a => a.Name.Contains($"{address:X}", StringComparison.Ordinal)).Setting;

    private SimulatedSystem System() => new(SimulationOptions.Parse(board, StartState.Bootloader), _ => { });

    private static DfuDescription Describe(SimulatedSystem system)
    {
        using var device = system.Usb.Open(system.Usb.List().Single());
        return DfuDescription.Read(device)!;
    }
}
