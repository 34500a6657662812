using System.Text;
using UploadHelper.CommandLine;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Timing;
using UploadHelper.Devices;

namespace UploadHelper.Output;

/// <summary>The three streams of the process, and what is known about them.</summary>
/// <param name="In">Standard input.</param>
/// <param name="Out">Standard output: results.</param>
/// <param name="Error">Standard error: progress, and the error line last.</param>
/// <param name="ErrorIsTerminal">Whether standard error is a terminal.</param>
internal sealed record ConsoleStreams(TextReader In, TextWriter Out, TextWriter Error, bool ErrorIsTerminal)
{
    /// <summary>Opens standard input for bytes.</summary>
    public Func<Stream> OpenBytesIn { get; init; } = () => Stream.Null;

    /// <summary>Whether standard input is a terminal.</summary>
    public bool InIsTerminal { get; init; }

    /// <summary>Whether the user presses a button in an IDE instead of typing commands.</summary>
    public bool UserIsInIde { get; init; }

    /// <summary>Puts a message into the words of the older tool in whose place the program was called.</summary>
    public Func<string, string> Wording { get; init; } = text => text;

    /// <summary>Why something was not written to standard output; null if all was, or if that is not known (<see cref="Surviving"/>).</summary>
    public Exception? OutFailure => (Out as SurvivingWriter)?.Failure;

    /// <summary>The same for standard error.</summary>
    public Exception? ErrorFailure => (Error as SurvivingWriter)?.Failure;

    /// <summary>The same streams, but what cannot be written is dropped.</summary>
    public ConsoleStreams Surviving() => this with { Out = new SurvivingWriter(Out), Error = new SurvivingWriter(Error) };

    /// <summary>Sets what is done, once, when standard output cannot be written.</summary>
    /// <param name="lost">Called with the reason, on the thread that writes.</param>
    public void OnOutFailure(Action<Exception> lost)
    {
        if (Out is SurvivingWriter writer)
        {
            writer.Lost = lost;
        }
    }

    /// <summary>A hint in the words of the caller.</summary>
    public string Hint(string hint) => UserIsInIde ? Again.InIde(hint) : hint;

    /// <summary>The same streams for one of several threads that write at once: whole lines, each with a prefix.</summary>
    /// <param name="result">The prefix of each line of a result.</param>
    /// <param name="progress">The prefix of each other line.</param>
    public ConsoleStreams Lines(string result, string progress) =>
        new(In, new LineWriter(Out, Ascii.Of(result)), new LineWriter(Error, Ascii.Of(progress)), ErrorIsTerminal: false) { UserIsInIde = UserIsInIde };
}

/// <summary>The caller of the program, where it changes the program's behaviour.</summary>
internal static class CallingHost
{
    // Set by arduino-cli, for IDE 2 as well: "arduino-cli/0.21.0 ArduinoIDE/2.0.0-rc1". IDE 1.8 sets nothing.
    private const string ArduinoUserAgent = "ARDUINO_USER_AGENT";

    /// <summary>Whether arduino-cli is the caller. It searches for the sketch's port itself, but only after this program has ended.</summary>
    public static bool IsArduinoCli(IReadOnlyDictionary<string, string> environment) => environment.ContainsKey(ArduinoUserAgent);

    /// <summary>
    /// The streams as the caller shows them. A program run by arduino-cli may have a terminal, but IDE 2 shows every
    /// carriage return as a new line and escape sequences as plain text, and nobody answers questions.
    /// </summary>
    /// <param name="streams">The streams of the process.</param>
    /// <param name="environment">Its variables.</param>
    /// <param name="arguments">Its arguments: those that IDE 1.8 passes can be recognised.</param>
    public static ConsoleStreams Seen(ConsoleStreams streams, IReadOnlyDictionary<string, string> environment, IReadOnlyList<string> arguments) =>
        IsArduinoCli(environment) ? streams with { ErrorIsTerminal = false, InIsTerminal = false, UserIsInIde = true }
        : streams with { UserIsInIde = !streams.ErrorIsTerminal && ArgumentShapes.ComeFromRecipe(arguments) };
}

/// <summary>
/// Passes text on. What cannot be written (a full disk, a terminal that has vanished) is dropped: no fault of an output ends
/// the work on a board.
/// </summary>
/// <param name="writer">Where the text goes. Each text is tried, even after one was lost: a disk may have room again.</param>
internal sealed class SurvivingWriter(TextWriter writer) : TextWriter
{
    /// <summary>Why the first text was lost; null if none was.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Called when the first text is lost.</summary>
    public Action<Exception> Lost { private get; set; } = _ => { };

    public override Encoding Encoding => writer.Encoding;

    public override void Write(char value) => Try(() => writer.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => writer.Write(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer)
    {
        var text = buffer.ToString();
        Try(() => writer.Write(text));
    }

    public override void Write(string? value) => Try(() => writer.Write(value));

    public override void WriteLine() => Try(writer.WriteLine);

    public override void WriteLine(string? value) => Try(() => writer.WriteLine(value));

    public override void Flush() => Try(writer.Flush);

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e)
        {
            // Systems report such faults as exceptions of many types: EFBIG is an ArgumentOutOfRangeException.
            if (Failure is null)
            {
                Failure = e;
                Lost(e);
            }
        }
    }
}

/// <summary>
/// The standard streams of the process. One that the caller has closed stays closed: .NET's own descriptors are given its
/// number, and what is meant for a closed output must not go there.
/// </summary>
internal static class StandardStreams
{
    /// <summary>Opens them.</summary>
    public static ConsoleStreams Open() => new(
        SystemFiles.IsInherited(0) ? new StandardInput() : TextReader.Null,
        Output(1),
        Output(2),
        ErrorIsTerminal: !Console.IsErrorRedirected)
    {
        InIsTerminal = !Console.IsInputRedirected,
        OpenBytesIn = SystemFiles.IsInherited(0) ? Console.OpenStandardInput : () => Stream.Null,
    };

    private static TextWriter Output(int descriptor) => !SystemFiles.IsInherited(descriptor) ? TextWriter.Null
        : OperatingSystem.IsWindows() ? (descriptor == 1 ? Console.Out : Console.Error)
        : TextWriter.Synchronized(new StreamWriter(SystemFiles.OpenOutput(descriptor)) { AutoFlush = true });
}

/// <summary>
/// Arduino IDE 1.8 reads the output on separate threads, and does not wait for them when the tool ends. The last lines of a
/// tool are lost if the threads have hardly started (MessageSiphon, Uploader.executeUploadCommand).
/// </summary>
internal static class SlowReader
{
    /// <summary>How long such a reader needs to start and to read what is there.</summary>
    public static readonly TimeSpan Begins = TimeSpan.FromMilliseconds(250);

    /// <summary>Gives the reader of a run that failed at once time to read why.</summary>
    /// <param name="status">The exit status of the run.</param>
    /// <param name="streams">The streams; a terminal loses nothing.</param>
    /// <param name="environment">The environment variables: arduino-cli, and with it IDE 2, reads to the end.</param>
    /// <param name="time">The clock.</param>
    /// <param name="start">When the program started.</param>
    public static void WaitFor(int status, ConsoleStreams streams, IReadOnlyDictionary<string, string> environment, TimeProvider time, long start)
    {
        if (status != 0 && !streams.ErrorIsTerminal && !CallingHost.IsArduinoCli(environment) && time.GetElapsedTime(start) < Begins)
        {
            time.Wait(Begins, CancellationToken.None);
        }
    }
}

/// <summary>Standard input, opened when the first line is read: most commands never read, and opening it initializes the terminal.</summary>
internal sealed class StandardInput : TextReader
{
    public override string? ReadLine()
    {
        try
        {
            return Console.In.ReadLine();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The terminal has vanished: nothing more will be typed.
            return null;
        }
    }
}

/// <summary>Passes on whole lines, each with a prefix, so that several boards can be reported at once.</summary>
/// <param name="writer">Where the lines go; locked while one is written.</param>
/// <param name="prefix">The prefix of each line.</param>
internal sealed class LineWriter(TextWriter writer, string prefix) : TextWriter
{
    private readonly StringBuilder _line = new();

    public override Encoding Encoding => writer.Encoding;

    public override void Write(char value)
    {
        if (value == '\n')
        {
            lock (writer)
            {
                writer.WriteLine($"{prefix}{_line}");
                writer.Flush();
            }

            _line.Clear();
        }
        else if (value != '\r')
        {
            _line.Append(value);
        }
    }
}

/// <summary>Keeps text to printable ASCII: old IDEs decode with any charset, and strings from devices can hold anything, even terminal commands.</summary>
internal static class Ascii
{
    /// <summary>The text with every other character replaced by '?'.</summary>
    public static string Of(string text) =>
        text.AsSpan().ContainsAnyExceptInRange(' ', '~')
            ? string.Concat(text.Select(c => c is >= ' ' and <= '~' ? c : '?'))
            : text;
}

/// <summary>Passes lines on in printable ASCII.</summary>
/// <param name="writer">Where they go.</param>
internal sealed class AsciiWriter(TextWriter writer) : TextWriter
{
    public override Encoding Encoding => writer.Encoding;

    public override void Write(char value) => writer.Write(value is >= ' ' and <= '~' or '\n' ? value : '?');

    public override void WriteLine(string? value) => writer.WriteLine(Ascii.Of(value ?? ""));
}

/// <summary>Asks the user before something that cannot be undone.</summary>
internal sealed class Confirmation
{
    private readonly ConsoleStreams _streams;

    /// <summary>Makes sure that a user can answer.</summary>
    /// <param name="streams">The streams of the process.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/>: there is no terminal.</exception>
    public Confirmation(ConsoleStreams streams) => _streams = streams is { InIsTerminal: true, ErrorIsTerminal: true }
        ? streams
        : throw new UploadException(
            UploadError.Usage, $"This command asks for confirmation, and there is no terminal to ask on. {ErrorMessages.Unchanged}", "Add --yes to run it without confirmation.");

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
