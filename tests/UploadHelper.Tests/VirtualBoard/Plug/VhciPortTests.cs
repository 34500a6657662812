using UploadHelper.VirtualBoard.Plug;

namespace UploadHelper.Tests.VirtualBoard.Plug;

public class VhciPortTests
{
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
