using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.Tests.Faults;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Hostile;

/// <summary>
/// The serial port fails or vanishes at each step of the reset of the sketch, in each way. A user who is told to press RESET does so: then
/// every upload succeeds.
/// </summary>
public class VanishingPortTests
{
    private const string NewName = "ttyACM7";

    public static TheoryData<string, SerialFault> Faults()
    {
        var data = new TheoryData<string, SerialFault>();
        foreach (var sketch in (string[])["libmaple-f1", "libmaple-f4", "stm32generic", "touch1200"])
        {
            Array.ForEach(Enum.GetValues<SerialFault>(), fault => data.Add(sketch, fault));
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void At_every_step_the_upload_succeeds_or_the_user_is_asked_for_RESET(string sketch, SerialFault fault)
    {
        foreach (var isDone in new[] { false, true })
        {
            var steps = Run(sketch, fault, 0, isDone, isRenamed: false);
            Assert.InRange(steps, 2, 60);
            for (var step = 1; step <= steps; step++)
            {
                Run(sketch, fault, step, isDone, isRenamed: false);
                Run(sketch, fault, step, isDone, isRenamed: true);
            }
        }
    }

    private static int Run(string sketch, SerialFault fault, int step, bool isDone, bool isRenamed)
    {
        var kind = FaultBench.All.Single(b => b.Board == "maple20");
        var bench = new Bench($"maple20,sketch={sketch}");
        var ports = new Ports(bench.System.SerialPorts, fault, step, isDone, isRenamed);
        var asked = new List<UploadWarning>();
        void On(UploadEvent e)
        {
            // Only a port that fails is a reason to ask for the button.
            if (e is UploadWarning warning && warning.Hint.Contains("Press RESET", StringComparison.Ordinal))
            {
                asked.Add(warning);
                bench.Board.PressReset();
            }
        }

        var result = new Uploader(bench.Bus, ports, bench.System.Clock, On).Run(kind.Request(bench), CancellationToken.None);

        kind.AssertComplete(bench);
        Assert.True(result.Verified);
        Assert.True(step > 0 || asked.Count == 0, string.Join('\n', asked));
        Assert.True(asked.Count <= 2, string.Join('\n', asked));
        Assert.All(asked, w => Assert.DoesNotContain("Exception", w.Message, StringComparison.Ordinal));
        Assert.Equal(isRenamed && ports.HasFailed ? NewName : InProcessSerialPorts.FirstName, result.Port);
        Assert.True(ports.AreClosed);
        return ports.Steps;
    }

    /// <summary>Ports whose Nth call fails, before or after it has reached the sketch; from then on the port may have another name.</summary>
    private sealed class Ports(ISerialPorts ports, SerialFault fault, int failsAt, bool isDone, bool isRenamed) : ISerialPorts
    {
        private int _open;

        public int Steps { get; private set; }

        public bool HasFailed { get; private set; }

        public bool AreClosed => _open == 0;

        public IReadOnlyList<SerialPortInfo> List() => [.. ports.List().Select(p => IsNew ? p with { Name = NewName } : p)];

        public ISerialLine Open(string name, int baudRate)
        {
            if (IsNew != (name == NewName))
            {
                throw new SerialException(SerialFault.NotFound, $"There is no serial port {name}.");
            }

            ISerialLine? line = null;
            try
            {
                Step(() => line = ports.Open(InProcessSerialPorts.FirstName, baudRate));
            }
            catch
            {
                line?.Dispose();
                throw;
            }

            _open++;
            return new Line(this, line!);
        }

        private bool IsNew => isRenamed && HasFailed;

        private void Step(Action action)
        {
            var fails = ++Steps == failsAt;
            if (!fails || isDone)
            {
                action();
            }

            if (fails)
            {
                HasFailed = true;
                throw new SerialException(fault, $"{fault}.");
            }
        }

        private sealed class Line(Ports owner, ISerialLine line) : ISerialLine
        {
            public bool IsAcknowledged => line.IsAcknowledged;

            public void SetDtr(bool high) => owner.Step(() => line.SetDtr(high));

            public void SetRts(bool high) => owner.Step(() => line.SetRts(high));

            public void SetBaudRate(int baudRate) => owner.Step(() => line.SetBaudRate(baudRate));

            public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
            {
                var bytes = data.ToArray();
                owner.Step(() => line.Write(bytes, limit));
            }

            public void Dispose()
            {
                owner._open--;
                line.Dispose();
            }
        }
    }
}
