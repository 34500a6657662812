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
    /// <summary>Runs a command's work, and shows its result.</summary>
    /// <param name="context">The surroundings of the command.</param>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="work">The work.</param>
    /// <param name="start">What a virtual board does at first if nothing else is said.</param>
    /// <returns>The exit status.</returns>
    public static int Start(CommandContext context, ParseResult parse, Func<BoardRun, CommandOutcome> work, StartState start = StartState.Bootloader) => context.Run(parse, (settings, reporter) =>
    {
        if (settings.Texts(SettingKeys.UsbPath).Count > 1)
        {
            throw new UploadException(UploadError.Usage, "Only upload works on several boards at once.", "Give --usb-path once.");
        }

        var request = BoardSettings.Request(settings);
        using var world = DeviceEnvironment.Open(settings, context, start);
        reporter.Begin(world.Time);
        var outcome = work(new BoardRun(context, settings, reporter, world, request with { Port = request.Port ?? world.DefaultPort }));
        if (world.Summary is { } board)
        {
            reporter.Simulated(board);
        }

        reporter.Done(outcome);
        return 0;
    });

    /// <summary>Gets to the bootloader, and has work done there.</summary>
    /// <param name="work">The work.</param>
    /// <param name="state">The state of the board in a sentence, should something go wrong; null if the work changes nothing on it.</param>
    /// <exception cref="UploadException">It failed.</exception>
    public T OnBootloader<T>(Func<BootloaderSession, T> work, Func<string>? state = null) =>
        new BoardOperation(DeviceEnvironment.Usb, DeviceEnvironment.SerialPorts, DeviceEnvironment.Time, Reporter.Event).Run(Request, work, state, Context.CancellationToken);
}
