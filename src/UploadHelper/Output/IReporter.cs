using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Output;

/// <summary>Reports a run to the caller: a person, an IDE or a program.</summary>
internal interface IReporter
{
    /// <summary>A run begins.</summary>
    /// <param name="time">Its clock: a virtual board has its own.</param>
    void Begin(TimeProvider time);

    /// <summary>A reporter for one of several boards that are written to at once. It can be used in parallel with others.</summary>
    /// <param name="path">Where the board is plugged in.</param>
    IReporter ForBoard(string path);

    /// <summary>Something happened.</summary>
    void Event(UploadEvent e);

    /// <summary>What happened to a virtual board.</summary>
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

/// <summary>How a command ended that succeeded.</summary>
/// <param name="Text">For people: whole sentences.</param>
/// <param name="Result">For programs.</param>
internal sealed record CommandOutcome(string Text, JsonResult Result);
