using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Devices;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Faults;

namespace UploadHelper.Soak;

/// <summary>
/// Upload after upload to one board from one process, two sketches in turn, and now and then something goes wrong with a
/// transfer. Each upload that says "done" must have brought the sketch, and after each that failed the next must go well.
/// </summary>
/// <param name="board">The board.</param>
/// <param name="port">Its sketch's serial port.</param>
/// <param name="address">Where sketches begin.</param>
/// <param name="images">The sketches.</param>
/// <param name="random">Decides what goes wrong.</param>
/// <param name="output">Told how it goes.</param>
public sealed class SoakRun(BoardCommands board, string port, uint address, IReadOnlyList<ImageFile> images, Random random, TextWriter output)
{
    private const int LookEvery = 20;
    private const int OneInThreeFails = 3;
    private const int Transfers = 90;

    private static readonly FaultKind[] Kinds =
    [
        FaultKind.Stall, FaultKind.Late, FaultKind.Gone, FaultKind.Replug, FaultKind.Reset, FaultKind.CutErase, FaultKind.CutProgram,
        FaultKind.Lost, FaultKind.Bit, FaultKind.Short, FaultKind.Status,
    ];

    private readonly SystemDevices _devices = new(TimeProvider.System);
    private readonly SortedDictionary<string, (int Done, int Failed)> _outcomes = new(StringComparer.Ordinal);
    private int _broken;

    /// <summary>Carries it out.</summary>
    /// <param name="uploads">How many uploads, those after failed ones not counted.</param>
    /// <returns>Whether every one was right or rightly reported, and the process kept nothing.</returns>
    public bool Run(int uploads)
    {
        Footprint? warm = null;
        Footprint? end = null;
        for (var upload = 0; upload < uploads; upload++)
        {
            var image = images[upload % images.Count];
            var fault = upload >= 2 && random.Next(OneInThreeFails) == 0 ? NextFault() : null;
            One(upload, image, fault);
            if ((upload + 1) % LookEvery == 0)
            {
                end = Footprint.Now();
                warm ??= end;
                output.WriteLine($"after {upload + 1}: {end}");
            }
        }

        foreach (var (kind, (done, failed)) in _outcomes)
        {
            output.WriteLine($"{kind}: {done} done, {failed} failed and said so");
        }

        var grown = warm is not null && end!.HasGrownSince(warm);
        output.WriteLine($"{uploads} uploads, {_broken} wrong{(grown ? ", and the process has grown" : "")}");
        return _broken == 0 && !grown;
    }

    private Fault NextFault()
    {
        var kind = Kinds[random.Next(Kinds.Length)];
        return new Fault(kind, random.Next(Transfers), kind == FaultKind.Status ? (DfuStatusCode)random.Next(1, Fault.LastStatus + 1) : DfuStatusCode.Ok);
    }

    private void One(int upload, ImageFile image, Fault? fault)
    {
        if (fault is not null)
        {
            board.Say($"fault {fault}");
        }

        var failure = Upload(image);
        board.Say("no-fault");
        var name = fault is null ? "no fault" : fault.Kind.ToString();
        var (done, failed) = _outcomes.GetValueOrDefault(name);
        _outcomes[name] = failure is null ? (done + 1, failed) : (done, failed + 1);
        if (failure is null)
        {
            Check(Holds(image), $"{upload}: with {fault?.ToString() ?? name} it said done, and the board holds something else");
            return;
        }

        output.WriteLine($"{upload}: {fault?.ToString() ?? name}: {failure.Message}");
        Check(fault is not null, $"{upload}: it failed though nothing went wrong");
        Check(failure is UploadException { Error: not UploadError.Internal }, $"{upload}: {failure}");
        board.Say("plug");
        var again = Upload(image);
        Check(again is null && Holds(image), $"{upload}: the upload after it did not go well: {again?.Message}");
    }

    private Exception? Upload(ImageFile image)
    {
        var uploader = new Uploader(_devices.Usb, _devices.SerialPorts, TimeProvider.System, _ => { });
        try
        {
            uploader.Run(new UploadRequest(image, address, new DeviceFilter(DeviceFilter.KnownIds)) { Port = port, WaitPort = WaitPort.Yes }, CancellationToken.None);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private bool Holds(ImageFile image) =>
        board.Flash((int)(address - FlashAddress.FlashBase), image.Content.Length).AsSpan().SequenceEqual(image.Content.Span);

    private void Check(bool right, string what)
    {
        if (!right)
        {
            _broken++;
            output.WriteLine($"WRONG {what}");
        }
    }
}
