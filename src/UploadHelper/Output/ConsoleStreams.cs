namespace UploadHelper.Output;

/// <summary>The three streams of the process, and what is known of them.</summary>
/// <param name="In">Standard input.</param>
/// <param name="Out">Standard output: results.</param>
/// <param name="Error">Standard error: progress, and last one error line.</param>
/// <param name="ErrorIsTerminal">Whether a person looks at a terminal behind standard error.</param>
internal sealed record ConsoleStreams(TextReader In, TextWriter Out, TextWriter Error, bool ErrorIsTerminal)
{
    /// <summary>Whether a person types at a terminal behind standard input.</summary>
    public bool InIsTerminal { get; init; }

    /// <summary>The same streams for one of several threads that write at once: whole lines, with something before each.</summary>
    /// <param name="result">What stands before each line of a result.</param>
    /// <param name="progress">What stands before each other line.</param>
    public ConsoleStreams Lines(string result, string progress) =>
        new(In, new LineWriter(Out, result), new LineWriter(Error, progress), ErrorIsTerminal: false);
}
