namespace UploadHelper.Core.Timing;

/// <summary>A clock that advances only when every flow (a thread that drives a board) is waiting on it.</summary>
public interface IFlowClock
{
    /// <summary>Sets the number of flows.</summary>
    void SetFlows(int flows);

    /// <summary>Reports that a flow has ended and will not wait again.</summary>
    void Leave();
}

/// <summary>Runs several pieces of work in parallel.</summary>
public static class ParallelRun
{
    /// <summary>Runs each piece of work on a thread of its own, and returns when all are done.</summary>
    /// <param name="time">The clock that the work uses for waiting.</param>
    /// <param name="work">The pieces of work; each must handle its own exceptions.</param>
    public static void RunTogether(this TimeProvider time, IReadOnlyList<Action> work)
    {
        var clock = time as IFlowClock;
        clock?.SetFlows(work.Count);
        var threads = work.Select(piece => new Thread(() =>
        {
            try
            {
                piece();
            }
            finally
            {
                clock?.Leave();
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        clock?.SetFlows(1);
    }
}
