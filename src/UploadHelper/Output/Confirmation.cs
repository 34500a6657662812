using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;

namespace UploadHelper.Output;

/// <summary>Asks the user before something is done that cannot be undone.</summary>
internal sealed class Confirmation
{
    private readonly ConsoleStreams _streams;

    /// <summary>Makes sure that there is somebody to ask.</summary>
    /// <param name="streams">The streams of the process.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/>: there is no terminal.</exception>
    public Confirmation(ConsoleStreams streams) => _streams = streams is { InIsTerminal: true, ErrorIsTerminal: true }
        ? streams
        : throw new UploadException(
            UploadError.Usage, $"This asks before it begins, and there is no terminal to ask on. {ErrorMessages.Unchanged}", "Say --yes if you are sure.");

    /// <summary>Asks.</summary>
    /// <param name="question">A yes-or-no question.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    /// <exception cref="OperationCanceledException">The answer was not yes, or the token was cancelled.</exception>
    public void Ask(string question, CancellationToken cancellationToken)
    {
        _streams.Error.Write(Ascii.Of($"{question} [y/N] "));
        _streams.Error.Flush();
        var answer = Task.Run(_streams.In.ReadLine, CancellationToken.None);
        answer.Wait(cancellationToken);
        if (answer.Result?.Trim().ToLowerInvariant() is not ("y" or "yes"))
        {
            throw new OperationCanceledException();
        }
    }
}
