using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Output;

/// <summary>Shows an upload to whoever called: a person, an IDE, a program.</summary>
internal interface IReporter
{
    /// <summary>An upload begins.</summary>
    /// <param name="time">Its clock: a virtual board has one of its own.</param>
    void Begin(TimeProvider time);

    /// <summary>A reporter for one of several boards that are written to at once; can be used beside others.</summary>
    /// <param name="path">Where the board is plugged in.</param>
    IReporter ForBoard(string path);

    /// <summary>Something happened.</summary>
    void Event(UploadEvent e);

    /// <summary>The state of the virtual board at the end, and what was done to it.</summary>
    void Simulated(SimulationSummary board);

    /// <summary>The upload is done.</summary>
    void Done(UploadResult result);

    /// <summary>A command other than an upload is done.</summary>
    void Done(CommandOutcome outcome);

    /// <summary>The run failed.</summary>
    void Failed(UploadException e);

    /// <summary>The user ended the run.</summary>
    void Cancelled();
}
