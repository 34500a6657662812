using System.Runtime.Versioning;
using UploadHelper.VirtualBoard.Plug;

namespace UploadHelper.Tests.VirtualBoard.Plug;

[SupportedOSPlatform("linux")]
public class PtyTests
{
    [Fact]
    public void Disposed_again_it_closes_nothing_that_was_opened_since()
    {
        var pty = new Pty();
        pty.Dispose();
        var others = Enumerable.Range(0, 100).Select(_ => File.OpenHandle("/dev/zero")).ToList();

        pty.Dispose();

        Assert.All(others, other => Assert.Equal(1, RandomAccess.Read(other, new byte[1], 0)));
        others.ForEach(o => o.Dispose());
    }
}
