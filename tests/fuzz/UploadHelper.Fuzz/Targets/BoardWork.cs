using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Fuzz.Targets;

/// <summary>What is done with a board, by a number: which job, and where the sketch begins.</summary>
internal static class BoardWork
{
    /// <summary>The numbers to begin with: each job once, and an upload to each start.</summary>
    public static IEnumerable<int> Usual => Enumerable.Range(0, Jobs).Concat(Enumerable.Range(1, Starts - 1).Select(s => s * Jobs));

    /// <summary>The number whose answers are as long as the flash: everything is read back.</summary>
    public const int EraseAll = 4;

    private const int Jobs = 8;
    private const int Starts = 4;

    private static readonly uint[] Addresses = [0x0800_0000, 0x0800_2000, 0x0800_4000, 0x0800_1000];
    private static readonly ImageFile[] Sketches = [.. Addresses.Select(MakeSketch)];

    /// <summary>Does it.</summary>
    /// <param name="choice">The number.</param>
    /// <param name="request">Which board.</param>
    /// <param name="bus">The USB devices.</param>
    /// <param name="ports">The serial ports.</param>
    /// <param name="clock">The clock.</param>
    /// <returns>How it ended: done, or a declared error.</returns>
    public static string Do(int choice, BootloaderRequest request, IUsbBus bus, ISerialPorts ports, TimeProvider clock)
    {
        var (start, sketch) = (Addresses[choice / Jobs % Starts], Sketches[choice / Jobs % Starts]);
        try
        {
            return (choice % Jobs) switch
            {
                0 => Upload(r => r),
                1 => Upload(r => r with { Full = true, Verify = false, WaitPort = WaitPort.Yes }),
                2 => Upload(r => r with { EraseAll = true, Leave = false, Overridden = [.. Enum.GetValues<Override>()] }),
                3 => WithSession(s => new FlashReader(s, _ => { }).Read(start, 600, null).Data.Length),
                EraseAll => WithSession(s => new FlashEraser(s, _ => { }).RunAll(null)),
                5 => WithSession(s => new ReadProtection(s, _ => { }).Remove(false, () => { })),
                6 => Install(),
                _ => request.Uart is null && bus.List() is [var device, ..]
                    ? $"{new BootloaderInquiry(bus, clock, _ => { }).Ask(device, default)}"
                    : WithSession(s => s.Info.Name),
            };
        }
        catch (UploadException e) when (e.Error != UploadError.Internal && e.Message.Length > 0 && e.Hint.Length > 0)
        {
            return $"{e.Error.Code()} {e.Message}";
        }

        string Upload(Func<UploadRequest, UploadRequest> change)
        {
            var upload = new UploadRequest(sketch, start, request.Filter) { Port = request.Port, Uart = request.Uart, Timeout = request.Timeout };
            var result = new Uploader(bus, ports, clock, _ => { }).Run(change(upload), default);
            return $"done {result.Verified} {result.Left} {result.Unchanged > 0}";
        }

        string WithSession<T>(Func<BootloaderSession, T> job) =>
            $"done {new BoardOperation(bus, ports, clock, _ => { }).Run(request with { SketchStart = start, AcceptsProtection = choice % Jobs == 5 }, job, null, default)}";

        string Install()
        {
            var bootloader = BootloaderCatalogue.Installable[choice / Jobs % BootloaderCatalogue.Installable.Count];
            var file = new BootloaderFile(bootloader, ImageReader.Read(Sketches[0], FlashAddress.FlashBase), "", null);
            var result = new BootloaderInstaller(bus, ports, clock, _ => { }).Run(file, request, [], _ => { }, default);
            return $"done {result.Verified} {result.Left} {result.Seen is null}";
        }
    }

    private static ImageFile MakeSketch(uint start)
    {
        var sketch = new byte[600];
        BinaryPrimitives.WriteUInt32LittleEndian(sketch, 0x2000_5000);
        BinaryPrimitives.WriteUInt32LittleEndian(sketch.AsSpan(4), start + 0x101);
        return new ImageFile("x.bin", sketch);
    }
}
