using System.Collections.Concurrent;
using System.Text;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Firmware.Formats;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Protocols.DfuSe;
using UploadHelper.Tests.Support;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Faults;

/// <summary>What is uploaded to one kind of board while something goes wrong.</summary>
/// <param name="Board">The kind.</param>
/// <param name="Address">Where its sketch begins.</param>
/// <param name="NextSector">How far away the next sector begins that gets some bytes too; 0 if the sketch is all.</param>
internal sealed record FaultBench(string Board, uint Address, uint NextSector = 0)
{
    // More than a block and a page of most; a page of 2 KiB is filled too.
    private const int SketchSize = 1_300;
    private const int OtherSize = 200;

    // The same for every trial, of which there are thousands.
    private readonly ConcurrentDictionary<uint, IReadOnlyList<Segment>> _segments = [];
    private readonly ConcurrentDictionary<uint, ImageFile> _files = [];

    /// <summary>Every kind of board. Those with pages of 1 KiB have two of them in the sketch, a gap would be filled in by a Maple bootloader.</summary>
    public static IReadOnlyList<FaultBench> All { get; } =
    [
        new("f4boot", 0x0800_4000, 0x4000),
        new("f4boot-old", 0x0801_0000, 0x1_0000),
        new("f4rom", 0x0800_0000, 0x4000),
        new("f7rom", 0x0800_0000, 0x8000),
        new("dsonano", 0x0800_4000),
        new("h0wch33", 0x0800_0000),
        new("h747", 0x0800_0000, 0x2_0000),
        new("h747,boot=arduino", 0x0804_0000, 0x2_0000),
        new("l496", 0x0800_0000, 0x800),
        new("blackpill-f411", 0x0800_0000, 0x4000),
        new("f072-rom", 0x0800_0000, 0x800),
        new("f072-rom,chip=l083", 0x0800_0000, 0x800),
        new("g431-rom", 0x0800_0000, 0x800),
        new("g431-rom,chip=c562", 0x0800_0000, 0x2000),
        new("gd32vf103", 0x0800_0000),
        new("f072-rom,chip=apm32", 0x0800_0000, 0x800),
        new("at32f415", 0x0800_0000),
        new("at32f415,chip=f437", 0x0800_0000, 0x1000),
        new("hid-f1", 0x0800_0800),
        new("hid-f1,generation=2.0", 0x0800_1000),
        new("hid-f1,generation=2019", 0x0800_0800),
        new("hid-f1,generation=2.1", 0x0800_0800),
        new("hid-f1,generation=2.2.1", 0x0800_0800),
        new("hid-f1,size=512", 0x0800_0800),
        new("hid-f4", 0x0800_4000),
        new("maple20", 0x0800_2000),
        new("maple20,size=512", 0x0800_2000),
        new("maple-orig", 0x0800_5000),
        new("maple-f4", 0x0801_0000),
        new("dapboot", 0x0800_2000),
        new("dapboot,boot=tolerant", 0x0800_2000),
        new("dapboot,boot=high", 0x0800_0000),
        new("dapboot,boot=high-128", 0x0800_0000),
        new("dapboot,boot=skr", 0x0800_2000, 0x800),
        new("dapboot,boot=skr-high", 0x0800_0000, 0x800),
        new("dapboot,ids=custom", 0x0800_2000),
        new("dapboot,ids=custom-tolerant", 0x0800_2000),
        new("dapboot,ids=custom-unreadable", 0x0800_2000),
    ];

    /// <summary>The supply voltage that the upload names, or null.</summary>
    public VoltageRange? Voltage { get; init; }

    /// <summary>Whether only a hand starts the bootloader: no sketch does.</summary>
    public bool IsStartedByHand => Board is "dsonano" or "h0wch33" or "gd32vf103" || Board.StartsWith("dapboot", StringComparison.Ordinal);

    /// <summary>Whether the bootloader's own vectors are in the first page of the sketch, and the sketch's behind them.</summary>
    public bool SharesVectors => Board is "h0wch33" or "dapboot,boot=high" or "dapboot,boot=high-128" or "dapboot,boot=skr-high";

    /// <summary>Whether the page with the vector table is two blocks, so that an upload can end between them.</summary>
    public bool HasVectorsInHalves => Board.StartsWith("dapboot,boot=skr", StringComparison.Ordinal);

    /// <summary>Whether the bootloader erases a page with the first block that goes there.</summary>
    public bool ErasesByWriting => Board.StartsWith("maple", StringComparison.Ordinal) || Board.StartsWith("dapboot", StringComparison.Ordinal);

    /// <summary>Whether everything is written in one go, vector table first.</summary>
    public bool IsInOneGo => Board == "maple-f4" || Board.Contains("ids=custom", StringComparison.Ordinal);

    /// <summary>The board with its old sketch, and something that goes wrong. Boards without a way into DFU mode by software are there by hand.</summary>
    /// <param name="options">More options of the virtual board, each behind a comma.</param>
    public Bench Create(string options = "") => new(Board + options, IsStartedByHand ? StartState.Bootloader : StartState.Sketch);

    /// <summary>Whether its sketches have no vector table.</summary>
    public bool IsRiscV => Board == "gd32vf103";

    /// <summary>The upload.</summary>
    public UploadRequest Request(Bench bench) => new(File(bench.Board.StackPointer), Address, bench.Filter)
    {
        Port = InProcessSerialPorts.FirstName,
        Processor = IsRiscV ? Processor.RiscV : null,
        Timeout = TimeSpan.FromSeconds(15),
        SupplyVoltage = Voltage,
    };

    /// <summary>Asserts that the board holds all of the upload.</summary>
    public void AssertComplete(Bench bench)
    {
        foreach (var segment in Segments(bench.Board.StackPointer))
        {
            var expected = segment.Data.ToArray();
            if (SharesVectors && segment.Address == Address)
            {
                expected.AsSpan(0, 8).CopyTo(expected.AsSpan(0x1C));
                bench.Flash(Address, 8).CopyTo(expected, 0);
            }

            Assert.Equal(expected, bench.Flash(segment.Address, expected.Length));
        }
    }

    /// <summary>The bytes of the upload.</summary>
    public IReadOnlyList<Segment> Segments(uint stack) => _segments.GetOrAdd(stack, NewSegments);

    private IReadOnlyList<Segment> NewSegments(uint stack)
    {
        var sketch = new Segment(Address, IsRiscV ? SketchImage.RiscV(SketchSize) : SketchImage.Bytes(Address, SketchSize, stack));
        return NextSector == 0 ? [sketch] : [sketch, new Segment(Address + NextSector, SketchImage.Noise(1, OtherSize))];
    }

    private ImageFile File(uint stack) => _files.GetOrAdd(stack, NewFile);

    private ImageFile NewFile(uint stack)
    {
        var text = new StringWriter();
        IntelHexWriter.Write(text, Segments(stack));
        return new ImageFile("blink.hex", Encoding.ASCII.GetBytes(text.ToString()));
    }
}
