using UploadHelper.Benchmarks.Rig;

namespace UploadHelper.Tests.Benchmarks;

/// <summary>Where the benchmark says that the time of a click goes.</summary>
public class ClickLogTests
{
    // What a board in the rig logs, shortened.
    private const string Log = """
        plugged into vhci port 0
            0.200  standard request 0x09, value 0x0001, index 0, 0 bytes
            1.000  class request 0x22, value 0x0002, index 0, 0 bytes
            1.100  off the bus: reset: magic
        unplugged
            1.105  on the bus as 1EAF:0003 (Maple 003)
            1.505  standard request 0x09, value 0x0001, index 0, 0 bytes
            1.512  GETSTATUS [dfuIDLE]
            1.520  UPLOAD block 0, 1024 bytes [dfuUPLOAD-IDLE]
            1.525  DNLOAD block 0, 1024 bytes [dfuDNLOAD-SYNC]
            1.525  program 1024 bytes at 0x08002000
            1.526  GETSTATUS [dfuDNLOAD-IDLE]
            1.575  ABORT [dfuIDLE]
            1.575  UPLOAD block 0, 1024 bytes [dfuUPLOAD-IDLE]
            1.585  standard request 0x0B, value 0x0000, index 0, 0 bytes
            1.715  bus reset
            1.715  off the bus: reset: bus reset in dfuUPLOAD-IDLE
            1.735  on the bus as 1EAF:0004 (Maple)
            2.635  standard request 0x09, value 0x0001, index 0, 0 bytes
            2.700  class request 0x22, value 0x0003, index 0, 0 bytes
        """;

    [Fact]
    public void Each_phase_ends_where_the_next_begins_and_the_rest_is_the_programs_own()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, Log);

        var durations = ClickLog.Durations(file, TimeSpan.FromMilliseconds(1700));

        File.Delete(file);
        Assert.Equal(ClickLog.Phases.Count, durations.Count);
        Assert.Equal([165, 5, 400, 20, 50, 10, 130, 20, 900], durations.Select(d => Math.Round(d.TotalMilliseconds)));
    }
}
