using System.Collections.Concurrent;
using System.Runtime.Versioning;
using System.Text;
using UploadHelper.Tests.VirtualBoard.UsbIp;
using UploadHelper.VirtualBoard.Plug;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.Tests.VirtualBoard.Plug;

[SupportedOSPlatform("linux")]
public sealed class PseudoTerminalTests : IDisposable
{
    private readonly FakePort _port = new(serial: true);
    private readonly BlockingCollection<string> _seen = [];
    private readonly BoardRunner _runner;
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public PseudoTerminalTests()
    {
        _port.OnControl = (setup, _) =>
        {
            _seen.Add(setup.Request == 0x22 ? $"lines {setup.Value}" : $"request {setup.Request:X2}");
            return FakePort.Done([]);
        };
        _port.OnPacket = packet => _seen.Add(Encoding.ASCII.GetString(packet));
        _runner = new BoardRunner(_port, TimeProvider.System);
    }

    public void Dispose()
    {
        _runner.Dispose();
        _seen.Dispose();
    }

    [Fact]
    public void Opening_writing_and_closing_reach_the_sketch()
    {
        using var terminal = Offer();
        using (var client = Open())
        {
            Expect("request 20", "lines 3");
            client.Write("hello"u8);
            Expect("hello");
        }

        Expect("lines 0");
    }

    [Fact]
    public void The_magic_word_comes_after_the_line_changes_of_an_uploader()
    {
        using var terminal = Offer();
        using var client = Open();
        Expect("request 20", "lines 3");
        client.Write("1EAF"u8);
        Expect("lines 1", "lines 0", "lines 1", "lines 0", "lines 2", "lines 3", "1EAF");
        client.Write("1EAF"u8);
        Expect("lines 2", "1EAF");
    }

    [Fact]
    public void What_the_sketch_sends_is_read_and_not_echoed()
    {
        using var terminal = Offer();
        using var client = Open();
        Expect("request 20", "lines 3");
        _runner.Use(_ => _port.ToHost.Enqueue("ready\n"u8.ToArray()));
        var read = new byte[6];
        client.ReadExactly(read);
        Assert.Equal("ready\n"u8.ToArray(), read);
        client.Write("x"u8);
        Expect("x");
    }

    [Fact]
    public void A_reset_ends_the_terminal_and_the_next_sketch_has_another()
    {
        using var terminal = Offer();
        using (var client = Open())
        {
            Expect("request 20", "lines 3");
            _runner.Use(_ => _port.Enumerate());
            Assert.Throws<IOException>(() => AtEnd(client));
        }

        using var next = Open();
        Expect("request 20", "lines 3");
    }

    [Fact]
    public void Something_else_at_the_path_is_not_replaced()
    {
        File.WriteAllText(_path, "precious");
        try
        {
            Assert.Throws<PlugException>(Offer);
            Assert.Equal("precious", File.ReadAllText(_path));
        }
        finally
        {
            File.Delete(_path);
        }
    }

    // A terminal whose other end is gone gives end of file or EIO, as the moment will have it.
    private static void AtEnd(FileStream client)
    {
        if (client.ReadByte() < 0)
        {
            throw new IOException("end of file");
        }
    }

    private PseudoTerminal Offer() => new(_runner, _path, TimeProvider.System, _ => { });

    private FileStream Open()
    {
        SpinWait.SpinUntil(() => File.Exists(_path));
        return new FileStream(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
    }

    private void Expect(params string[] events)
    {
        foreach (var expected in events)
        {
            Assert.True(_seen.TryTake(out var seen, TimeSpan.FromSeconds(30)), $"'{expected}' never came");
            Assert.Equal(expected, seen);
        }
    }
}
