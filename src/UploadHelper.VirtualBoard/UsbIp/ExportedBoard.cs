namespace UploadHelper.VirtualBoard.UsbIp;

/// <summary>A board as a server exports it: alone on a bus of its own, on port 1.</summary>
internal sealed class ExportedBoard
{
    // A host that closes its connection and comes again at once is faster than its session's end.
    private static readonly TimeSpan HandOver = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _free = new(1, 1);

    public ExportedBoard(BoardRunner runner, int bus)
    {
        Runner = runner;
        Bus = bus;
    }

    public BoardRunner Runner { get; }

    public int Bus { get; }

    public string BusId => UsbIpDescription.BusId(Bus);

    /// <summary>Accepts the board for one host.</summary>
    /// <returns>False when another has it.</returns>
    public bool TryTake() => _free.Wait(HandOver);

    /// <summary>Gives it back.</summary>
    public void Release() => _free.Release();
}
