using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Uploading;

/// <summary>A virtual board on a bench, with an uploader beside it.</summary>
internal sealed class Bench
{
    /// <summary>The ids of a virtual board that no catalogue knows.</summary>
    public static readonly UsbId CustomIds = new(0x1209, 0xCAFE);

    public Bench(string options, StartState start = StartState.Sketch)
    {
        System = new SimulatedSystem(SimulationOptions.Parse(options, start), e =>
        {
            Log.Add(e);
            Seen(e);
        });
        Bus = new FaultyBus(System.Usb);
        Filter = new DeviceFilter(options.Contains(",ids=custom", StringComparison.Ordinal) ? [CustomIds] : DeviceFilter.KnownIds);
    }

    /// <summary>Selects the board's bootloader: by the ids that uploads look for, or, if it has others, by those of all boards.</summary>
    public DeviceFilter Filter { get; }

    public List<BoardEvent> Log { get; } = [];

    /// <summary>Told of each event of the board, while it happens.</summary>
    public Action<BoardEvent> Seen { get; set; } = _ => { };

    public List<UploadEvent> Events { get; } = [];

    public SimulatedSystem System { get; }

    public FaultyBus Bus { get; }

    public Board Board => System.Board;

    public static ImageFile Sketch(uint address, int size = 20_000) => SketchImage.File(address, size);

    /// <summary>Whether its sketches have no vector table.</summary>
    public bool IsRiscV => Board.Name == "gd32vf103";

    public UploadRequest Request(uint address, int size = 20_000) =>
        new(IsRiscV ? new ImageFile("blink.bin", SketchImage.RiscV(size)) : SketchImage.File(address, size, Board.StackPointer), address, Filter)
        {
            Port = InProcessSerialPorts.FirstName,
            Processor = IsRiscV ? Processor.RiscV : null,
        };

    public UploadResult Upload(UploadRequest request, CancellationToken cancellationToken = default) => Upload(Bus, request, cancellationToken);

    public UploadResult Upload(IUsbBus bus, UploadRequest request, CancellationToken cancellationToken = default) =>
        new Uploader(bus, System.SerialPorts, System.Clock, Events.Add).Run(request, cancellationToken);

    /// <summary>Lets time pass for host and board.</summary>
    public void Wait(TimeSpan duration)
    {
        System.Clock.Advance(duration);
        Board.AdvanceTo(System.Clock.Now);
    }

    /// <summary>Lets the board do what it does in ten seconds.</summary>
    public void Settle()
    {
        for (var i = 0; i < 100; i++)
        {
            Wait(TimeSpan.FromMilliseconds(100));
        }
    }

    /// <summary>Opens the bootloader and has something done there.</summary>
    public void Work(BootloaderRequest request, Action<BootloaderSession> work) =>
        new BoardOperation(Bus, System.SerialPorts, System.Clock, Events.Add).Run(
            request,
            session =>
            {
                work(session);
                return true;
            },
            null,
            CancellationToken.None);

    public byte[] Flash(uint address, int length) => Board.Flash.Read(address, length).ToArray();
}
