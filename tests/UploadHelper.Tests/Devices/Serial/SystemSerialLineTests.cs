using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using UploadHelper.Core.Serial;
using UploadHelper.Devices.Serial;
using UploadHelper.VirtualBoard.Plug;

namespace UploadHelper.Tests.Devices.Serial;

/// <summary>A line on a real terminal of the kernel, whose other end is in the test's hand.</summary>
[SupportedOSPlatform("linux")]
public sealed class SystemSerialLineTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly Pty _far = new();

    public void Dispose() => _far.Dispose();

    [Fact]
    public void A_new_terminal_echoes_and_an_opened_line_does_not()
    {
        Stty("sane");
        using (File.OpenHandle(_far.Name, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            _far.Write("hello\n"u8);
            Assert.Equal("hello\r\n", Received(7));
        }

        using var line = Open();
        _far.Write("hello\n"u8);
        line.Write("a\nb"u8, Limit);
        Assert.Equal("a\nb", Received(3));
        Assert.False(_far.Poll(TimeSpan.Zero).HasData);
    }

    [Theory]
    [InlineData(1200)]
    [InlineData(9600)]
    [InlineData(57600)]
    [InlineData(115200)]
    public void The_line_speed_is_set(int baudRate)
    {
        using var line = Open(baudRate);
        Assert.Equal(baudRate.ToString(), Stty("speed").Trim());
    }

    [Fact]
    public void Settings_of_the_last_user_are_undone()
    {
        Stty("cstopb");
        Stty("crtscts");
        Stty("-clocal");
        using var line = Open();
        var settings = Stty("-a").Split([' ', ';', '\n'], StringSplitOptions.RemoveEmptyEntries);
        Assert.Superset(new HashSet<string> { "-cstopb", "-crtscts", "clocal", "cread", "cs8", "-parenb" }, settings.ToHashSet());
    }

    [Fact]
    public void Only_an_open_port_keeps_others_out()
    {
        using var other = File.OpenHandle(_far.Name, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var line = Open();
        Assert.True(IsExclusive(other));
        line.Dispose();
        Assert.True(SpinWait.SpinUntil(() => !IsExclusive(other), Limit));
    }

    [Fact]
    public void Missing_modem_lines_are_ignored()
    {
        using var line = Open();
        foreach (var high in (bool[])[false, true])
        {
            line.SetDtr(high);
            line.SetRts(high);
        }

        line.Write("1EAF"u8, Limit);
        Assert.Equal("1EAF", Received(4));
    }

    [Fact]
    public void A_device_that_reads_nothing_is_a_timeout()
    {
        using var line = Open();
        var e = Assert.Throws<SerialException>(() => line.Write(new byte[1 << 20], TimeSpan.FromMilliseconds(50)));
        Assert.Equal(SerialFault.Timeout, e.Fault);
    }

    [Fact]
    public void A_device_that_was_unplugged_is_gone()
    {
        using var line = Open();
        _far.Dispose();
        Assert.Equal(SerialFault.Gone, Assert.Throws<SerialException>(() => line.Write("1EAF"u8, Limit)).Fault);
        Assert.Equal(SerialFault.Gone, Assert.Throws<SerialException>(() => line.SetDtr(true)).Fault);
    }

    [Fact]
    public void Disposing_closes_the_port_once()
    {
        var line = Open();
        Assert.True(_far.Poll(TimeSpan.Zero).IsOpen);
        line.Dispose();
        line.Dispose();
        Assert.True(SpinWait.SpinUntil(() => !_far.Poll(TimeSpan.Zero).IsOpen, Limit));
    }

    [Theory]
    [InlineData("ttyNone0")]
    [InlineData("/dev/ttyNone0")]
    public void A_missing_port_is_not_found(string name)
    {
        var e = Assert.Throws<SerialException>(() => Ports.Open(name, 9600));
        Assert.Equal(SerialFault.NotFound, e.Fault);
        Assert.Contains("/dev/ttyNone0", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_a_terminal_is_refused()
    {
        var e = Assert.Throws<SerialException>(() => Ports.Open("null", 9600));
        Assert.Equal(SerialFault.Io, e.Fault);
        Assert.Contains("/dev/null", e.Message, StringComparison.Ordinal);
    }

    private static SystemSerialPorts Ports => new(() => []);

    private ISerialLine Open(int baudRate = 9600) => Ports.Open(_far.Name, baudRate);

    // TIOCGEXCL of asm-generic/ioctls.h; unlike an open that is refused, it tells root as well.
    private static bool IsExclusive(SafeHandle terminal)
    {
        var exclusive = 0;
        Assert.Equal(0, Ioctl((int)terminal.DangerousGetHandle(), 0x80045440, ref exclusive));
        return exclusive != 0;
    }

    [DllImport("libc", EntryPoint = "ioctl")]
    private static extern int Ioctl(int descriptor, nuint request, ref int argument);

    private string Received(int length)
    {
        var text = new StringBuilder();
        while (text.Length < length && _far.Poll(Limit).HasData)
        {
            text.Append(Encoding.ASCII.GetString(_far.Read()));
        }

        return text.ToString();
    }

    private string Stty(string setting)
    {
        using var process = Process.Start(new ProcessStartInfo("stty", ["-F", _far.Name, setting]) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
