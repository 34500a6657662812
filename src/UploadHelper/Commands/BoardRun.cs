using System.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Host;
using UploadHelper.Output;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary>One run of a command that works on a board's bootloader.</summary>
/// <param name="Context">The surroundings of the command.</param>
/// <param name="Settings">The merged settings.</param>
/// <param name="Reporter">Shows it.</param>
/// <param name="DeviceEnvironment">Where the board is.</param>
/// <param name="Request">Which board.</param>
internal sealed record BoardRun(CommandContext Context, Settings Settings, IReporter Reporter, DeviceEnvironment DeviceEnvironment, BootloaderRequest Request)
{
    /// <summary>Runs the work of a command on one board, and shows its result.</summary>
    /// <param name="context">The surroundings of the command.</param>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="work">The work.</param>
    /// <returns>The exit status.</returns>
    public static int Start(CommandContext context, ParseResult parse, Func<BoardRun, CommandOutcome> work) => context.Run(parse, (settings, reporter) =>
    {
        _ = BoardSettings.OnePath(settings);
        var request = BoardSettings.Request(settings);
        return OnDevices(context, settings, reporter, StartState.Bootloader, devices =>
            work(new BoardRun(context, settings, reporter, devices, request with { Port = request.Port ?? devices.DefaultPortFor(request) })));
    });

    /// <summary>Runs work on the devices that the settings name, and shows its result.</summary>
    /// <param name="context">The surroundings of the command.</param>
    /// <param name="settings">The merged settings.</param>
    /// <param name="reporter">Shows it.</param>
    /// <param name="start">What a virtual board does at first, unless --simulate says otherwise.</param>
    /// <param name="work">The work.</param>
    /// <returns>The exit status.</returns>
    public static int OnDevices(CommandContext context, Settings settings, IReporter reporter, StartState start, Func<DeviceEnvironment, CommandOutcome> work)
    {
        CommandOutcome outcome;
        using (var devices = context.Open(settings, reporter, start))
        {
            reporter.Begin(devices.Time);
            outcome = work(devices);
            if (devices.Summary is { } board)
            {
                reporter.Simulated(board);
            }
        }

        reporter.Done(outcome);
        return 0;
    }

    /// <summary>The same run, of work that begins at an address.</summary>
    /// <param name="address">The address; null if it is not known.</param>
    public BoardRun At(uint? address) => this with { Request = Request with { MemoryStart = address } };

    /// <summary>Connects to the bootloader and works on it.</summary>
    /// <param name="work">The work.</param>
    /// <param name="state">The state of the board in a sentence, should something go wrong; null if the work changes nothing on it.</param>
    /// <exception cref="UploadException">It failed.</exception>
    public T OnBootloader<T>(Func<BootloaderSession, T> work, Func<string>? state = null) =>
        new BoardOperation(DeviceEnvironment.Usb, DeviceEnvironment.SerialPorts, DeviceEnvironment.Time, Reporter.Event).Run(Request, work, state, Context.CancellationToken);
}
