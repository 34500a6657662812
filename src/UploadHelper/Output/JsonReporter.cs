using System.Text.Json;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Operations;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Output;

/// <summary>Tells an upload to a program: one JSON object a line on standard output, the result last.</summary>
/// <param name="streams">The streams.</param>
internal sealed class JsonReporter(ConsoleStreams streams) : IReporter
{
    private string? _board;

    public void Begin(TimeProvider time)
    {
    }

    public IReporter ForBoard(string path) => new JsonReporter(streams.Lines("", $"{path}: ")) { _board = path };

    public void Event(UploadEvent e)
    {
        switch (e)
        {
            case ImageChecked(var image, var fit):
                Write("image", json => ImageJson.Write(json, image, fit));
                break;
            case ResetSkipped(var port):
                Write("reset-skipped", json => json.WriteString("port", port));
                break;
            case ResettingSketch(var port):
                Write("reset", json => json.WriteString("port", port));
                break;
            case WaitingForBootloader(var wanted, var timeout, var ask):
                Write("wait-bootloader", json =>
                {
                    json.WriteString("wanted", wanted.ToString());
                    json.WriteNumber("timeout", timeout.TotalSeconds);
                    json.WriteBoolean("pressReset", ask);
                });
                break;
            case BootloaderFound(var device, var info, var pollsEarly):
                _board = device.Device.Path;
                Write("found", json =>
                {
                    json.WriteString("id", device.Device.Id.ToString());
                    DescriptionJson.Write(json, device);
                    json.WriteString("bootloader", info.Name);
                    json.WriteBoolean("pollsEarly", pollsEarly);
                });
                break;
            case BoardsFound(var boards):
                Write("boards", json =>
                {
                    json.WriteStartArray("paths");
                    foreach (var board in boards)
                    {
                        json.WriteStringValue(board.Device.Path);
                    }

                    json.WriteEndArray();
                });
                break;
            case BoardLeftAlone(var device, var why):
                Write("left-alone", json =>
                {
                    json.WriteString("id", device.Id.ToString());
                    json.WriteString("path", device.Path);
                    json.WriteString("why", why);
                });
                break;
            case PlanMade(var plan, var unchanged):
                Plan(plan.Sectors, plan.BytesToWrite, unchanged);
                break;
            case ErasePlanned(var plan):
                Plan(plan.Sectors, 0, 0);
                break;
            case Recovering(var what, var comesBack, var number, var most):
                Write("retry", json =>
                {
                    json.WriteString("what", what);
                    json.WriteNumber("number", number);
                    json.WriteNumber("most", most);
                    if (comesBack is { } wait)
                    {
                        json.WriteNumber("timeout", wait.TotalSeconds);
                    }
                });
                break;
            case FlashProgress(var phase, var done, var total):
                Write("progress", json =>
                {
                    json.WriteString("phase", phase.ToString().ToLowerInvariant());
                    json.WriteNumber("done", done);
                    json.WriteNumber("total", total);
                });
                break;
            case DifferenceFound(var first):
                Write("difference", json =>
                {
                    Address(json, first.Address);
                    json.WriteNumber("wanted", first.Wanted);
                    json.WriteNumber("found", first.Found);
                });
                break;
            case LeavingBootloader(var address):
                Write("leave", json => Address(json, address));
                break;
            case WaitingForSketch(var timeout, var ask):
                Write("wait-sketch", json =>
                {
                    json.WriteNumber("timeout", timeout.TotalSeconds);
                    json.WriteBoolean("pressReset", ask);
                });
                break;
            case UploadWarning(var code, var message, var hint):
                Write("warning", json => Trouble(json, code.Code(), message, hint));
                break;
            case UploadCancelled(var state):
                Write("cancelled", json => json.WriteString("state", state));
                break;
        }
    }

    public void Simulated(SimulationSummary board) => Write("simulated", json =>
    {
        json.WriteString("name", board.Name);
        json.WriteNumber("sectorsErased", board.SectorsErased);
        json.WriteNumber("bytesProgrammed", board.BytesProgrammed);
        json.WriteNumber("violations", board.Violations);
        json.WriteString("sketch", board.Sketch);
    });

    public void Done(UploadResult result) => Write("result", json =>
    {
        json.WriteNumber("exitStatus", 0);
        Address(json, result.Address);
        json.WriteNumber("size", result.Size);
        json.WriteNumber("unchanged", result.Unchanged);
        json.WriteBoolean("verified", result.Verified);
        json.WriteBoolean("left", result.Left);
        json.WriteString("port", result.Port);
        json.WriteNumber("startsAfter", result.StartsAfter.TotalSeconds);
        json.WriteNumber("seconds", Math.Round(result.Elapsed.TotalSeconds, 3));
    });

    public void Done(CommandOutcome outcome) => Write("result", json =>
    {
        json.WriteNumber("exitStatus", 0);
        outcome.Fields(json);
    });

    public void Failed(UploadException e)
    {
        Write("result", json =>
        {
            json.WriteNumber("exitStatus", e.Error.ExitStatus());
            Trouble(json, e.Error.Code(), e.Message, e.Hint);
        });
        streams.Error.WriteLine(Ascii.Of($"error: {e.Message} [{e.Error.Code()}]"));
    }

    public void Cancelled()
    {
        Write("result", json =>
        {
            json.WriteNumber("exitStatus", UploadErrors.Cancelled);
            json.WriteString("code", "cancelled");
        });
        streams.Error.WriteLine("error: cancelled");
    }

    private void Plan(IEnumerable<Sector> sectors, int bytesToWrite, int unchanged) => Write("plan", json =>
    {
        json.WriteStartArray("erase");
        foreach (var sector in sectors)
        {
            json.WriteStartObject();
            Address(json, sector.Address);
            json.WriteNumber("size", sector.Size);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("write", bytesToWrite);
        json.WriteNumber("unchanged", unchanged);
    });

    private void Write(string name, Action<Utf8JsonWriter> body) => JsonLine.Write(streams.Out, name, _board, body);

    private static void Address(Utf8JsonWriter json, uint address) => json.WriteString("address", $"0x{address:X8}");

    private static void Trouble(Utf8JsonWriter json, string code, string message, string hint)
    {
        json.WriteString("code", code);
        json.WriteString("message", message);
        json.WriteString("hint", hint);
    }
}
