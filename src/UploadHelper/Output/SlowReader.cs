using UploadHelper.Core.Timing;

namespace UploadHelper.Output;

/// <summary>
/// Arduino IDE 1.8 reads the output on threads of its own, and when the tool ends it does not wait for them: what a tool says
/// in its last moment is lost if the threads have hardly begun (MessageSiphon, Uploader.executeUploadCommand).
/// </summary>
internal static class SlowReader
{
    /// <summary>How long such a reader needs to begin, and to take what is there.</summary>
    public static readonly TimeSpan Begins = TimeSpan.FromMilliseconds(250);

    /// <summary>Gives the reader of a run that failed at once the time to read why.</summary>
    /// <param name="status">The exit status that is to come.</param>
    /// <param name="streams">The streams; a terminal keeps what it got.</param>
    /// <param name="environment">The variables: arduino-cli, and with it IDE 2, reads to the end.</param>
    /// <param name="time">The clock.</param>
    /// <param name="start">When the program began.</param>
    public static void WaitFor(int status, ConsoleStreams streams, IReadOnlyDictionary<string, string> environment, TimeProvider time, long start)
    {
        if (status != 0 && !streams.ErrorIsTerminal && !CallingHost.IsArduinoCli(environment) && time.GetElapsedTime(start) < Begins)
        {
            time.Wait(Begins, CancellationToken.None);
        }
    }
}
