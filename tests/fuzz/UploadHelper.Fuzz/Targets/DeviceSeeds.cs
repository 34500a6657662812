using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Fuzz.Targets;

/// <summary>What sound devices answer, in the form that <see cref="HostileDevice"/> reads: recorded from the virtual boards.</summary>
internal static class DeviceSeeds
{
    /// <summary>The descriptors of all boards, and what they answer to some work.</summary>
    /// <param name="first">The first byte of each.</param>
    /// <param name="work">What is done with each board.</param>
    public static IReadOnlyList<byte[]> Record(byte first, Action<SimulatedSystem, IUsbBus> work)
    {
        const int Longest = 8192;
        var seeds = new List<byte[]>();
        foreach (var options in BoardFactory.UsbNames.SelectMany(n => Kinds(n)))
        {
            using var system = new SimulatedSystem(options, _ => { });
            var bus = new RecordingBus(system.Usb);
            if (bus.List().Count == 1)
            {
                work(system, bus);
                seeds.Add(bus.Recorded(first));
            }
        }

        return [.. seeds.Where(s => s.Length <= Longest)];
    }

    // Each board and its variants, also with protected flash, and with a fault in the middle.
    private static IEnumerable<SimulationOptions> Kinds(string board)
    {
        var usual = SimulationOptions.Parse(board, StartState.Bootloader);
        return BoardFactory.Variants(board).Select(v => SimulationOptions.Parse($"{board},{v}", StartState.Bootloader))
            .Concat([usual, usual with { ReadProtected = true }, usual with { WriteProtected = true }])
            .Concat(((string[])["stall@40", "status-4@60", "replug@80"]).Select(f => SimulationOptions.Parse($"{board},fault={f}", StartState.Bootloader)));
    }

    private sealed class RecordingBus(IUsbBus bus) : IUsbBus
    {
        private readonly Dictionary<ushort, byte[]> _descriptors = [];
        private readonly List<byte> _answers = [];

        public byte[] Recorded(byte first)
        {
            // Some work opens no device.
            if (!_descriptors.ContainsKey(0x0100))
            {
                return [];
            }

            const int String = 0x0300;
            const int MostStrings = 15;
            var last = Math.Min(MostStrings, _descriptors.Keys.Max(k => k - String));
            var strings = Enumerable.Range(1, Math.Max(0, last)).Select(i => _descriptors.GetValueOrDefault((ushort)(String + i), [])).ToList();
            return [first, .. Part(_descriptors[0x0100]), .. Part(_descriptors.GetValueOrDefault<ushort, byte[]>(0x0200, [])), (byte)strings.Count, .. strings.SelectMany(Part), .. _answers];
        }

        public IReadOnlyList<UsbDeviceInfo> List() => bus.List();

        public IUsbDevice Open(UsbDeviceInfo device) => new Device(this, bus.Open(device));

        private void Add(ReadOnlySpan<byte> answer, int wanted)
        {
            _answers.AddRange(answer.Length < wanted && answer.Length <= byte.MaxValue ? [HostileDevice.Short, (byte)answer.Length] : [HostileDevice.Answer]);
            _answers.AddRange(answer);
        }

        private void Add(UsbFault fault) => _answers.Add(fault switch
        {
            UsbFault.Stall => HostileDevice.Stall,
            UsbFault.Timeout => HostileDevice.Timeout,
            UsbFault.Gone => HostileDevice.Gone,
            _ => HostileDevice.Failure,
        });

        private static IEnumerable<byte> Part(byte[] bytes) => [(byte)Math.Min(bytes.Length, 255), .. bytes.Take(255)];

        private sealed class Device(RecordingBus owner, IUsbDevice device) : IUsbDevice
        {
            public UsbDeviceInfo Info => device.Info;

            public bool CanReset => device.CanReset;

            public void Claim(byte interfaceNumber) => device.Claim(interfaceNumber);

            public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) => device.SetAlternateSetting(interfaceNumber, alternateSetting);

            public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
            {
                try
                {
                    var length = device.ControlIn(setup, buffer, timeout);
                    if (setup.RequestType == 0x80)
                    {
                        owner._descriptors[setup.Value] = buffer[..length].ToArray();
                    }
                    else
                    {
                        owner.Add(buffer[..length], buffer.Length);
                    }

                    return length;
                }
                catch (UsbException e) when (setup.RequestType != 0x80)
                {
                    owner.Add(e.Fault);
                    throw;
                }
            }

            public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout)
            {
                try
                {
                    device.ControlOut(setup, data, timeout);
                    if (setup.RequestType == 0x21)
                    {
                        owner.Add([], 0);
                    }
                }
                catch (UsbException e) when (setup.RequestType == 0x21)
                {
                    owner.Add(e.Fault);
                    throw;
                }
            }

            public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout)
            {
                try
                {
                    var length = device.InterruptIn(endpoint, buffer, timeout);
                    owner.Add(buffer[..length], buffer.Length);
                    return length;
                }
                catch (UsbException e)
                {
                    owner.Add(e.Fault);
                    throw;
                }
            }

            public void Reset() => device.Reset();

            public void Dispose() => device.Dispose();
        }
    }
}
