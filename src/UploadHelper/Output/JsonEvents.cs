using System.Text.Json;
using System.Text.Json.Serialization;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Output;

/// <summary>
/// One line of JSON output: an object with the version of the format, the name of the event and the board. The records
/// below are the format. Properties are printed in their order here; addresses and USB ids are hexadecimal text.
/// </summary>
/// <param name="Event">What the line reports.</param>
internal abstract record JsonEvent([property: JsonPropertyOrder(-3)] string Event)
{
    /// <summary>Version of the format; rises when a property changes its meaning or disappears.</summary>
    [JsonPropertyOrder(-4)]
    public int Schema => CurrentSchema;

    /// <summary>The version that this program prints.</summary>
    public const int CurrentSchema = 1;

    /// <summary>Where the board is plugged in, or null if no board is known yet.</summary>
    [JsonPropertyOrder(-2)]
    public string? Board { get; init; }

    /// <summary>Prints the line.</summary>
    public void Print(TextWriter writer)
    {
        writer.WriteLine(JsonSerializer.Serialize(this, GetType(), JsonEvents.Default));
        writer.Flush();
    }

    /// <summary>An address as JSON has it.</summary>
    public static string Hex(uint address) => $"0x{address:X8}";
}

// Events of an upload, and of every other command that works on a board.
internal sealed record PortEvent(string Event, string Port) : JsonEvent(Event)
{
    /// <summary>"magic" or "touch", or the wiring of a serial adapter; null if nothing is sent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Way { get; init; }
}

internal sealed record DetachEvent(string Id, string Path, bool BusReset) : JsonEvent("detach");

internal sealed record WaitForBootloaderEvent(
    string Wanted, double Timeout, bool PressReset, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool HoldBoot0) : JsonEvent("wait-bootloader");

internal sealed record BoardsEvent(IEnumerable<string> Paths) : JsonEvent("boards");

internal sealed record LeftAloneEvent(string Id, string Path, string Why) : JsonEvent("left-alone");

internal sealed record PlanEvent(IEnumerable<JsonRange> Erase, int Write, int Unchanged) : JsonEvent("plan")
{
    /// <summary>Number of blocks that are written, if it is not known what the bootloader erases for them; otherwise null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Blocks { get; init; }

    /// <summary>Words of the image that are written as 0; null if there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IEnumerable<JsonWord>? Cleared { get; init; }
}

internal sealed record JsonWord(string Address, string Value);

internal sealed record ProgramFormatEvent(double Volts, int BytesBefore, int Bytes) : JsonEvent("program-format");

internal sealed record RetryEvent(
    string What, int Number, int Most, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Timeout) : JsonEvent("retry");

internal sealed record ProgressEvent(string Phase, long Done, long Total) : JsonEvent("progress");

internal sealed record DifferenceEvent(string Address, byte Wanted, byte Found) : JsonEvent("difference");

internal sealed record LeaveEvent(string Address) : JsonEvent("leave");

internal sealed record WaitForSketchEvent(double Timeout, bool PressReset) : JsonEvent("wait-sketch");

internal sealed record WarningEvent(string Code, string Message, string Hint) : JsonEvent("warning");

internal sealed record CancelledEvent(string State) : JsonEvent("cancelled");

internal sealed record SimulatedEvent(string Name, int SectorsErased, long BytesProgrammed, int Violations, string? Sketch) : JsonEvent("simulated")
{
    public SimulatedEvent(SimulationSummary board)
        : this(board.Name, board.SectorsErased, board.BytesProgrammed, board.Violations, board.Sketch)
    {
    }
}

internal sealed record BootloaderFileEvent(string Name, int Size, string Bootloader, string Sha256, string? Build) : JsonEvent("bootloader-file");

internal sealed record FlashHoldsEvent(string Address, string What) : JsonEvent("flash-holds");

// Results: the last line of each command.
internal abstract record JsonResult([property: JsonPropertyOrder(-1)] int ExitStatus) : JsonEvent("result");

internal sealed record UploadedResult(
    string Address, int Size, int Unchanged, bool Verified, bool Left, string? Port, double StartsAfter, double Seconds) : JsonResult(0);

internal sealed record ReadResult(string Address, int Size, string File, string Format) : JsonResult(0);

internal sealed record VerifiedResult(string Address, long Size, bool Verified) : JsonResult(0);

internal sealed record UnprotectResult(bool Erased, bool Verified) : JsonResult(0);

internal sealed record InstalledResult(string Bootloader, string? Build, string Address, int Size, int Unchanged, bool Verified, bool Left, string? SeenAt) : JsonResult(0);

internal sealed record LeftResult(string Address, bool Left, string? Port) : JsonResult(0);

internal sealed record ResetResult(string Port, bool? Gone) : JsonResult(0);

internal sealed record FailedResult(int ExitStatus, string Code, string Message, string Hint) : JsonResult(ExitStatus);

internal sealed record CancelledResult() : JsonResult(UploadErrors.Cancelled)
{
    public string Code => "cancelled";
}

// What explain and boards print.
internal sealed record ExplanationEvent(string Kind, string Code, int? ExitStatus, string Title, string Happened, string State, IReadOnlyList<string> Cure)
    : JsonEvent("explanation");

internal sealed record CoreBoardEvent(
    string Id, string Name, Dictionary<string, IReadOnlyList<JsonBoardOption>> Options, string? Tool, string? UsbId, byte? Alternate, string? Address, IReadOnlyList<uint> MaximumSizes)
    : JsonEvent("core-board")
{
    /// <summary>Whether the core uploads through a serial adapter.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Uart { get; init; }
}

internal sealed record JsonBoardOption(string Id, string Label);

internal sealed record InstallableEvent(
    string Name,
    string Title,
    string Chips,
    string UsbId,
    string Page,
    string Licence,
    int Area,
    IEnumerable<string> SketchAddresses,
    string Choice,
    string Menu,
    string? Version,
    IEnumerable<JsonPublishedBuild> Builds) : JsonEvent("installable");

internal sealed record JsonPublishedBuild(string File, int Size, string Board, string Sha256);

internal sealed record JsonRange(string Address, uint Size);

/// <summary>An image, as every command reports it.</summary>
internal record ImageEvent(FirmwareImage Image, LinkAddress? Fit) : JsonEvent("image")
{
    [JsonIgnore]
    public FirmwareImage Image { get; } = Image;

    [JsonIgnore]
    public LinkAddress? Fit { get; } = Fit;

    public string Name => Image.Name;

    public string Format => Image.Format.ToString().ToLowerInvariant();

    public int Size => Image.Size;

    public string Address => Hex(Image.Start);

    /// <summary>Whether the image's code pointers agree with the address.</summary>
    public bool AddressProven => Fit?.LinkedFor == Image.Start;

    public IEnumerable<JsonLeftOut> LeftOut => Image.LeftOut.Select(s => new JsonLeftOut(Hex(s.Address), s.Size, s.Section));
}

internal sealed record JsonLeftOut(string Address, int Size, string? Section);

/// <summary>An image with what only the command <c>image</c> reports.</summary>
internal sealed record ImageInspectionEvent(ImageInspection Inspection) : ImageEvent(Inspection.Image, Inspection.Fit)
{
    [JsonIgnore]
    public ImageInspection Inspection { get; } = Inspection;

    [JsonPropertyOrder(1)]
    public string AddressFrom => Inspection.AddressFrom.ToString().ToLowerInvariant();

    [JsonPropertyOrder(1)]
    public string? LinkedFor => Inspection.Fit?.LinkedFor is { } address ? Hex(address) : null;

    [JsonPropertyOrder(1)]
    public string? StackPointer => Inspection.Vectors is { } vectors ? Hex(vectors.StackPointer) : null;

    [JsonPropertyOrder(1)]
    public string? ResetVector => Inspection.Vectors is { } vectors ? Hex(vectors.Reset) : null;

    [JsonPropertyOrder(1)]
    public string? Defect => Inspection.Defect;

    [JsonPropertyOrder(1)]
    public IEnumerable<string> Unusual => Inspection.Oddities;

    [JsonPropertyOrder(1)]
    public string? MadeFor => Inspection.Image.MadeFor?.ToString();

    [JsonPropertyOrder(1)]
    public IEnumerable<JsonTarget> Targets => Inspection.Image.Targets.Select(t => new JsonTarget(
        t.Alternate, t.Name, t.Segments.Select(s => new JsonRange(Hex(s.Address), (uint)s.Data.Length))));

    [JsonPropertyOrder(1)]
    public IEnumerable<JsonFit> Bootloaders => Inspection.Bootloaders.Select(f => new JsonFit(f.Name, f.Options, f.Refusal is null, f.Refusal, f.SmallestFlash));
}

internal sealed record JsonTarget(byte? Alternate, string? Name, IEnumerable<JsonRange> Segments);

internal sealed record JsonFit(string Name, string Options, bool Fits, string? Refusal, uint? SmallestFlash);

/// <summary>A board in DFU mode whose descriptors cannot be read.</summary>
internal sealed record UnreadableDeviceEvent(string Id, string Trouble) : JsonEvent("device");

/// <summary>What a bootloader's descriptors say.</summary>
internal record DeviceEvent(string Event, DfuDescription Description) : JsonEvent(Event)
{
    [JsonIgnore]
    public DfuDescription Description { get; } = Description;

    [JsonPropertyOrder(1)]
    public string Id => Description.Device.Id.ToString();

    [JsonPropertyOrder(3)]
    public string? Manufacturer => Description.Manufacturer;

    [JsonPropertyOrder(3)]
    public string? Product => Description.Product;

    [JsonPropertyOrder(3)]
    public string? Serial => Description.SerialNumber;

    [JsonPropertyOrder(3)]
    public ushort Release => Description.Device.Release;

    [JsonPropertyOrder(3)]
    public bool Dfuse => Description.IsDfuSe;

    [JsonPropertyOrder(3)]
    public byte Attributes => Description.Functional.Attributes;

    [JsonPropertyOrder(3)]
    public ushort TransferSize => Description.Functional.TransferSize;

    [JsonPropertyOrder(3)]
    public IEnumerable<JsonAlternate> Alternates => Description.Alternates.Select(a => new JsonAlternate(
        a.Setting,
        a.Name,
        DescriptionText.Sectors(a).Select(g => new JsonSectors(Hex(g.Address), g.Count, g.SectorSize, string.Join(",", DescriptionText.AccessWords(g.Access)))),
        DescriptionText.Ignored(a).ToList() is { Count: > 0 } ignored ? ignored : null));
}

internal sealed record JsonAlternate(
    byte Setting, string Name, IEnumerable<JsonSectors> Sectors, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Ignored);

internal sealed record JsonSectors(string Address, int Count, uint Size, string Access);

/// <summary>The bootloader that a command has found.</summary>
internal sealed record FoundEvent(DfuDescription Description, [property: JsonPropertyOrder(4)] string Bootloader, [property: JsonPropertyOrder(4)] bool PollsEarly)
    : DeviceEvent("found", Description);

/// <summary>What <c>info</c> prints.</summary>
/// <param name="Answer">What the bootloader reports.</param>
/// <param name="Drivers">The drivers bound to it; null where that is unknown.</param>
internal sealed record InfoEvent(
    [property: JsonIgnore] BootloaderState Answer,
    [property: JsonPropertyOrder(4), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Drivers)
    : DeviceEvent("info", Answer.Description)
{
    [JsonPropertyOrder(2)]
    public ushort UsbRelease => Description.UsbRelease;

    [JsonPropertyOrder(2)]
    public ushort DfuVersion => Description.Functional.DfuVersion;

    [JsonPropertyOrder(5)]
    public string? Bootloader => Answer.Info?.Name;

    [JsonPropertyOrder(5)]
    public string? State => Answer.Status?.State.Name();

    [JsonPropertyOrder(5)]
    public string? Status => Answer.Status?.Code.Name();

    [JsonPropertyOrder(5)]
    public string DeviceDescriptor => Convert.ToHexString(Answer.DeviceDescriptor.Span);

    [JsonPropertyOrder(5)]
    public string Configuration => Convert.ToHexString(Answer.Configuration.Span);

    /// <summary>In milliseconds.</summary>
    [JsonPropertyOrder(5)]
    public double? PollTimeout => Answer.Status?.PollTimeout.TotalMilliseconds;
}

/// <summary>What <c>info --uart</c> prints. The size of the flash is in KiB, and null if the flash is read-protected.</summary>
internal sealed record UartInfoEvent([property: JsonIgnore] UartState State) : JsonEvent("info")
{
    public string Port => State.Port;

    public string Chip => State.Chip;

    public string ProductId => $"0x{State.Identity.ProductId:X3}";

    public string Version => $"{State.Identity.Version >> 4}.{State.Identity.Version & 0xF}";

    public IEnumerable<string> Commands => State.Identity.Commands.Select(c => $"0x{c:X2}");

    public int? FlashSize => State.FlashSize;

    public bool ReadProtected => State.FlashSize is null;
}

/// <summary>One line of a recording in words. Times are in milliseconds, and null if the recording has none.</summary>
internal sealed record TransferEvent(double? At, string Text, int Times, double Took, string? Fault) : JsonEvent("transfer");

/// <summary>What a recording is, and what it comes to.</summary>
internal sealed record RecordingEvent(string Format, IEnumerable<JsonRecordedBoard> Boards, IEnumerable<JsonStoryTotal> Totals, int Failures, int LeftOut, IReadOnlyList<string> Warnings)
    : JsonEvent("recording");

internal sealed record JsonRecordedBoard(string Id, string Path, string Name);

internal sealed record JsonStoryTotal(string What, double Took, int Bytes);

/// <summary>Serializers of the lines, made by the compiler.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(PortEvent))]
[JsonSerializable(typeof(ProgramFormatEvent))]
[JsonSerializable(typeof(DetachEvent))]
[JsonSerializable(typeof(WaitForBootloaderEvent))]
[JsonSerializable(typeof(BoardsEvent))]
[JsonSerializable(typeof(LeftAloneEvent))]
[JsonSerializable(typeof(PlanEvent))]
[JsonSerializable(typeof(RetryEvent))]
[JsonSerializable(typeof(ProgressEvent))]
[JsonSerializable(typeof(DifferenceEvent))]
[JsonSerializable(typeof(LeaveEvent))]
[JsonSerializable(typeof(WaitForSketchEvent))]
[JsonSerializable(typeof(WarningEvent))]
[JsonSerializable(typeof(CancelledEvent))]
[JsonSerializable(typeof(SimulatedEvent))]
[JsonSerializable(typeof(UploadedResult))]
[JsonSerializable(typeof(ReadResult))]
[JsonSerializable(typeof(VerifiedResult))]
[JsonSerializable(typeof(UnprotectResult))]
[JsonSerializable(typeof(LeftResult))]
[JsonSerializable(typeof(InstalledResult))]
[JsonSerializable(typeof(InstallableEvent))]
[JsonSerializable(typeof(BootloaderFileEvent))]
[JsonSerializable(typeof(FlashHoldsEvent))]
[JsonSerializable(typeof(ResetResult))]
[JsonSerializable(typeof(FailedResult))]
[JsonSerializable(typeof(CancelledResult))]
[JsonSerializable(typeof(ExplanationEvent))]
[JsonSerializable(typeof(CoreBoardEvent))]
[JsonSerializable(typeof(ImageEvent))]
[JsonSerializable(typeof(ImageInspectionEvent))]
[JsonSerializable(typeof(UnreadableDeviceEvent))]
[JsonSerializable(typeof(DeviceEvent))]
[JsonSerializable(typeof(FoundEvent))]
[JsonSerializable(typeof(InfoEvent))]
[JsonSerializable(typeof(UartInfoEvent))]
[JsonSerializable(typeof(TransferEvent))]
[JsonSerializable(typeof(RecordingEvent))]
internal sealed partial class JsonEvents : JsonSerializerContext;
