namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>The bus model of reading: what an UPLOAD costs beyond a control transfer.</summary>
internal static class ReadBack
{
    // 1024 bytes in 4 to 5 ms, seen on F412 and WB ROMs.
    private static readonly TimeSpan PerKiB = TimeSpan.FromMilliseconds(4.5) - InProcess.InProcessBus.TransferTime;

    public static TimeSpan Time(int length) => PerKiB * length / 1024;
}
