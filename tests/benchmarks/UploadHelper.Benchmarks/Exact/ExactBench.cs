using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Benchmarks.Exact;

/// <summary>What one upload took in virtual time; the same on every machine.</summary>
/// <param name="Duration">From the first DFU request to the end of the last.</param>
/// <param name="Counts">Number of control transfers of each kind, in the order of <see cref="TransferKind"/>.</param>
/// <param name="Erases">Number of sectors that were erased.</param>
/// <param name="Programmed">Number of bytes that were programmed.</param>
public sealed record Measured(TimeSpan Duration, IReadOnlyList<int> Counts, int Erases, long Programmed)
{
    /// <summary>Number of control transfers, standard requests included.</summary>
    public int Transfers => Counts.Sum();

    /// <summary>Number of DFU requests alone.</summary>
    public int Requests => Transfers - Count(TransferKind.Standard);

    /// <summary>Number of control transfers of a kind.</summary>
    public int Count(TransferKind kind) => Counts[(int)kind];
}

/// <summary>A program did not bring the image onto the board.</summary>
/// <param name="message">Why.</param>
public sealed class PeerFailedException(string message) : Exception(message);

/// <summary>Uploads to a virtual board, in virtual time. The board has its bootloader running, and another sketch.</summary>
/// <param name="board">Its kind.</param>
/// <param name="address">Where its sketches begin.</param>
/// <param name="size">Size of the image in bytes.</param>
public sealed class ExactBench(string board, uint address, int size)
{
    private readonly byte[] _image = Sketch(address, size);

    /// <summary>The limit of this board, with the accesses that its bootloader uses if nothing else is asked for.</summary>
    public Limit Limit => LimitOf(flash => flash.Times);

    /// <summary>Its limit with the widest accesses that a supply of 3.3 V allows.</summary>
    public Limit WordLimit => LimitOf(flash => flash.Part.Times);

    /// <summary>What the board says of itself.</summary>
    public DfuDescription Description
    {
        get
        {
            using var system = System();
            return Describe(system);
        }
    }

    /// <summary>Number of blocks of the image.</summary>
    public int Blocks => (size + Description.Functional.TransferSize - 1) / Description.Functional.TransferSize;

    /// <summary>Number of sectors that the image touches, on a board that speaks DfuSe.</summary>
    public int Sectors => Peer.Sectors(Description, address, size).Count();

    /// <summary>Whether the board can be read back.</summary>
    public bool CanRead => Description.Functional.CanUpload;

    /// <summary>Another sketch of about this size is on the board.</summary>
    /// <param name="change">Changes what is asked for, or null.</param>
    public Measured First(Func<UploadRequest, UploadRequest>? change = null) => Ours(Sketch(address, size - 4), change);

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
    public Measured DfuUtilFirst() => PeerFirst((device, description, time) => new DfuUtil(device, description, time));

    /// <summary>Another program instead, with another sketch on the board.</summary>
    /// <exception cref="PeerFailedException">It does not bring the image onto the board.</exception>
    public Measured PeerFirst(Peer.Factory create) => Measure(Sketch(address, size - 4), (system, bus) =>
    {
        using var device = bus.Open(bus.List().Single());
        var description = DfuDescription.Read(device)!;
        device.Claim(0);
        device.SetAlternateSetting(0, Alternate(description));
        try
        {
            create(device, description, system.Clock).Run(address, _image);
        }
        catch (Exception e) when (e is UsbException or DfuException)
        {
            throw new PeerFailedException(e.Message);
        }
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

    private Measured Ours(byte[] before, Func<UploadRequest, UploadRequest>? change = null) => Measure(before, (system, bus) => Upload(system, bus, change is null ? Request(_image) : change(Request(_image))));

    private Measured Measure(byte[] before, Action<SimulatedSystem, MeteredBus> upload)
    {
        using var system = System();
        Upload(system, new MeteredBus(system.Usb, system.Clock), Request(before) with { Leave = false });
        var (erases, programmed) = (system.Board.SectorsErased, system.Board.BytesProgrammed);
        var bus = new MeteredBus(system.Usb, system.Clock);
        upload(system, bus);
        var flash = system.Board.Flash.Read(address, size);
        return new Measured(bus.Duration, [.. bus.Counts], system.Board.SectorsErased - erases, system.Board.BytesProgrammed - programmed)
            is var measured && flash[64..].SequenceEqual(_image.AsSpan(64)) && system.Board.Violations.Count == 0
            ? measured
            : throw new PeerFailedException("the image is not on the board, or the board saw a violation");
    }

    private static void Upload(SimulatedSystem system, MeteredBus bus, UploadRequest request) =>
        new Uploader(bus, system.SerialPorts, system.Clock, _ => { }).Run(request with { WaitPort = WaitPort.No }, CancellationToken.None);

    private Limit LimitOf(Func<FlashMemory, FlashTimes> times)
    {
        using var system = System();
        var flash = system.Board.Flash;
        return new Limit(flash.Part, times(flash), address, size, Describe(system).Functional.TransferSize);
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
