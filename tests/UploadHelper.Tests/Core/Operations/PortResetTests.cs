using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Core.Operations;

public class PortResetTests
{
    private readonly List<UploadEvent> _events = [];

    [Fact]
    public void A_port_that_stays_is_told()
    {
        Assert.False(Reset(new Ports(Listed: true, Fault: null)));
        Assert.Contains(_events, e => e is UploadWarning { Code: WarningCode.PortStillThere });
    }

    [Fact]
    public void Of_a_port_that_no_look_shows_nothing_is_said()
    {
        Assert.Null(Reset(new Ports(Listed: false, Fault: null)));
        Assert.DoesNotContain(_events, e => e is UploadWarning);
    }

    [Theory]
    [InlineData(SerialFault.NotFound, "ttyACM0")]
    [InlineData(SerialFault.Busy, "is using")]
    [InlineData(SerialFault.AccessDenied, "permission")]
    [InlineData(SerialFault.Timeout, "does not read from")]
    [InlineData(SerialFault.Io, "failed")]
    public void A_port_that_fails_is_a_failure_here(SerialFault fault, string message)
    {
        var e = Assert.Throws<UploadException>(() => Reset(new Ports(Listed: true, fault)));

        Assert.Equal(UploadError.SerialPort, e.Error);
        Assert.Equal(5, e.Error.ExitStatus());
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    private bool? Reset(ISerialPorts ports) => new PortReset(ports, new VirtualClock(), _events.Add).Run("ttyACM0", default);

    /// <summary>A port whose sketch takes everything and does nothing, or that cannot be opened.</summary>
    private sealed record Ports(bool Listed, SerialFault? Fault) : ISerialPorts, ISerialLine
    {
        public IReadOnlyList<SerialPortInfo> List() => Listed ? [new SerialPortInfo("/dev/ttyACM0", null, null, null, null)] : [];

        public ISerialLine Open(string name, int baudRate) => Fault is { } fault ? throw new SerialException(fault, "it fails") : this;

        public void SetDtr(bool high)
        {
        }

        public void SetRts(bool high)
        {
        }

        public void SetBaudRate(int baudRate)
        {
        }

        public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
        {
        }

        public void Dispose()
        {
        }
    }
}
