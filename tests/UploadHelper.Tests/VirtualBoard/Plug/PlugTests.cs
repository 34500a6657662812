using System.Runtime.Versioning;
using UploadHelper.VirtualBoard.Plug;

namespace UploadHelper.Tests.VirtualBoard.Plug;

/// <summary>Where a virtual board is plugged into the system.</summary>
public class PlugTests
{
    [Fact]
    [SupportedOSPlatform("linux")]
    public void Disposed_again_it_closes_nothing_that_was_opened_since()
    {
        var pty = new Pty();
        pty.Dispose();
        var others = Enumerable.Range(0, 100).Select(_ => File.OpenHandle("/dev/zero")).ToList();

        pty.Dispose();

        Assert.All(others, other => Assert.Equal(1, RandomAccess.Read(other, new byte[1], 0)));
        others.ForEach(o => o.Dispose());
    }

    [Fact]
    public void Only_free_ports_of_the_high_speed_hub_will_do()
    {
        var ports = VhciPort.ReadStatus(
            """
            hub port sta spd dev      sockfd local_busid
            hs  0000 006 002 00010002 000005 3-1
            hs  0001 004 000 00000000 000000 0-0
            hs  0002 005 000 00000000 000000 0-0
            ss  0008 004 000 00000000 000000 0-0

            """);
        Assert.Equal(4, ports.Count);
        Assert.Equal([1], ports.Where(p => p.IsFree).Select(p => p.Number));
    }
}
