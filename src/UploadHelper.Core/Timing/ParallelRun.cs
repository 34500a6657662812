namespace UploadHelper.Core.Timing;

/// <summary>A clock that moves only once every flow (a thread that drives a board) waits on it.</summary>
public interface IFlowClock
{
    /// <summary>Says how many flows there are.</summary>
    void SetFlows(int flows);

    /// <summary>A flow has come to its end, and waits no more.</summary>
    void Leave();
}

/// <summary>Several pieces of work at once.</summary>
public static class ParallelRun
{
    /// <summary>Does all the work at once, each piece on a thread of its own, and returns when the last is done.</summary>
    /// <param name="time">The clock that the work waits on.</param>
    /// <param name="work">Each handles its own failures.</param>
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
