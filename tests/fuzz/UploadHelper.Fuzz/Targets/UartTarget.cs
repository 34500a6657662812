using System.Buffers.Binary;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Serial;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Fuzz.Targets;

/// <summary>
/// The jobs at a serial port whose every byte is the input's: the first byte chooses the job, then comes what answers each write, with
/// its length (two bytes, little-endian) before it.
/// </summary>
internal static class UartTarget
{
    private const int Goes = 0xFFFF;
    private const int TakesNothing = 0xFFFE;

    public static FuzzTarget Target { get; } = new(
        "uart",
        ["UploadHelper.Core.Connecting.UartConnector", "UploadHelper.Core.Protocols.Uart", "UploadHelper.Core.Bootloaders.UartRomFamily"],
        Seeds,
        [[1, 0, 0x79], [1, 0, 0x1F], [0, 0], [3, 0, 0x79, 0x79, 0x79], [5, 0, 0x79, 1, 0x04, 0x10, 0x79], [0xFF, 0xFF], [0xFE, 0xFF], [1, 1, 0x79]],
        Run)
    {
        // As for a USB device; and lists of pages.
        Memory = length => (64 << 20) + 1024L * length,
    };

    private static string Run(byte[] input)
    {
        var clock = new VirtualClock();
        return Work(input.Length > 0 ? input[0] : 0, new Ports(new HostileLine(input, clock)), clock);
    }

    // An even choice has the modem lines start the bootloader.
    private static string Work(int choice, ISerialPorts ports, VirtualClock clock) => BoardWork.Do(
        choice >> 1,
        new BootloaderRequest(new DeviceFilter([]))
        {
            Port = InProcessSerialPorts.FirstAdapterName,
            Uart = new UartOptions(UartOptions.DefaultBaudRate, choice % 2 == 0 ? ResetSequence.Auto : ResetSequence.Manual),
            Timeout = TimeSpan.FromSeconds(2),
        },
        new InProcessBus(clock),
        ports,
        clock);

    private static IEnumerable<byte[]> Seeds()
    {
        foreach (var board in BoardFactory.Names.Select(n => SimulationOptions.Parse(n, StartState.Bootloader) with { HasAdapter = true, Boot0 = true }).Where(HasRom))
        {
            foreach (var work in BoardWork.Usual.Where(w => w != BoardWork.EraseAll))
            {
                using var system = new SimulatedSystem(board, _ => { });
                var choice = (byte)(work << 1 | 1);
                var line = new RecordingLine(system.SerialPorts.OpenUart(InProcessSerialPorts.FirstAdapterName, UartOptions.DefaultBaudRate));
                Work(choice, new Ports(line), system.Clock);
                if (line.Recorded(choice) is { Length: < 8192 } seed)
                {
                    yield return seed;
                }
            }
        }
    }

    private static bool HasRom(SimulationOptions options)
    {
        try
        {
            return BoardFactory.Create(options, _ => { }).Adapter is not null;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private sealed class Ports(IUartLine line) : ISerialPorts
    {
        public IReadOnlyList<SerialPortInfo> List() => [new(InProcessSerialPorts.FirstAdapterName, 0x1A86, 0x7523, null, null)];

        public ISerialLine Open(string name, int baudRate) => line;

        public IUartLine OpenUart(string name, int baudRate) => line;
    }

    private sealed class HostileLine(byte[] input, VirtualClock clock) : IUartLine
    {
        private const int MostCalls = 100_000;

        private int _at = 1;
        private int _end = 1;
        private int _calls;
        private bool _isGone;

        public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
        {
            Count();

            // What was not read stays in front.
            if (_at < _end)
            {
                return;
            }

            if (input.Length - _end < 2)
            {
                (_at, _end) = (input.Length, input.Length);
                return;
            }

            var length = BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(_end));
            _at = _end + 2;
            _end = _at + Math.Min(input.Length - _at, length is Goes or TakesNothing ? 0 : length);
            if (length == TakesNothing)
            {
                clock.Advance(limit);
                throw new SerialException(SerialFault.Timeout, "It takes nothing.");
            }

            _isGone = length == Goes;
            Count();
        }

        public int Read(Span<byte> buffer, TimeSpan limit)
        {
            Count();
            var length = Math.Min(buffer.Length, Math.Max(0, _end - _at));
            if (length == 0)
            {
                clock.Advance(limit);
                return 0;
            }

            input.AsSpan(_at, length).CopyTo(buffer);
            _at += length;
            return length;
        }

        public void Discard()
        {
            Count();
            _at = Math.Max(_at, _end);
        }

        public void SetDtr(bool high) => Count();

        public void SetRts(bool high) => Count();

        public void SetBaudRate(int baudRate) => Count();

        public void Dispose()
        {
        }

        private void Count()
        {
            clock.Advance(TimeSpan.FromMilliseconds(1));
            if (_isGone)
            {
                throw new SerialException(SerialFault.Gone, "gone");
            }

            if (++_calls > MostCalls)
            {
                throw new UnsoundException($"{MostCalls} calls, and no end of them");
            }
        }
    }

    private sealed class RecordingLine(IUartLine line) : IUartLine
    {
        private readonly List<List<byte>> _answers = [];

        public byte[] Recorded(byte choice) => [choice, .. _answers.SelectMany(a => (IEnumerable<byte>)[(byte)a.Count, (byte)(a.Count >> 8), .. a])];

        public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
        {
            line.Write(data, limit);
            _answers.Add([]);
        }

        public int Read(Span<byte> buffer, TimeSpan limit)
        {
            var length = line.Read(buffer, limit);
            if (_answers.Count > 0)
            {
                _answers[^1].AddRange(buffer[..length]);
            }

            return length;
        }

        public void Discard() => line.Discard();

        public void SetDtr(bool high) => line.SetDtr(high);

        public void SetRts(bool high) => line.SetRts(high);

        public void SetBaudRate(int baudRate) => line.SetBaudRate(baudRate);

        // The port is opened once for all of a job.
        public void Dispose()
        {
        }
    }
}
