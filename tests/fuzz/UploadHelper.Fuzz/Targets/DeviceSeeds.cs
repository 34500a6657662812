using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Fuzz.Targets;

/// <summary>What sound devices answer, in the form that <see cref="HostileDevice"/> reads: recorded from the virtual boards.</summary>
internal static class DeviceSeeds
{
    /// <summary>The descriptors of all boards, and what they answer to some work.</summary>
    /// <param name="work">What is done with each board.</param>
    public static IReadOnlyList<byte[]> Record(Action<SimulatedSystem, IUsbBus> work)
    {
        var seeds = new List<byte[]>();
        foreach (var name in BoardFactory.UsbNames)
        {
            using var system = new SimulatedSystem(SimulationOptions.Parse(name, StartState.Bootloader), _ => { });
            var bus = new RecordingBus(system.Usb);
            work(system, bus);
            seeds.Add(bus.Recorded());
        }

        return seeds;
    }

    private sealed class RecordingBus(IUsbBus bus) : IUsbBus
    {
        private readonly Dictionary<ushort, byte[]> _descriptors = [];
        private readonly List<byte> _answers = [];

        public byte[] Recorded()
        {
            var strings = _descriptors.Where(d => d.Key >> 8 == 3).OrderBy(d => d.Key).Select(d => d.Value).Take(7).ToList();
            return [0, .. Part(_descriptors[0x0100]), .. Part(_descriptors.GetValueOrDefault<ushort, byte[]>(0x0200, [])), (byte)strings.Count, .. strings.SelectMany(Part), .. _answers];
        }

        public IReadOnlyList<UsbDeviceInfo> List() => bus.List();

        public IUsbDevice Open(UsbDeviceInfo device) => new Device(this, bus.Open(device));

        private static IEnumerable<byte> Part(byte[] bytes) => [(byte)Math.Min(bytes.Length, 255), .. bytes.Take(255)];

        private sealed class Device(RecordingBus owner, IUsbDevice device) : IUsbDevice
        {
            public UsbDeviceInfo Info => device.Info;

            public bool CanReset => device.CanReset;

            public void Claim(byte interfaceNumber) => device.Claim(interfaceNumber);

            public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) => device.SetAlternateSetting(interfaceNumber, alternateSetting);

            public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
            {
                var length = device.ControlIn(setup, buffer, timeout);
                if (setup.RequestType == 0x80)
                {
                    owner._descriptors[setup.Value] = buffer[..length].ToArray();
                }
                else
                {
                    owner._answers.Add(HostileDevice.Answer);
                    owner._answers.AddRange(buffer[..length]);
                }

                return length;
            }

            public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout)
            {
                device.ControlOut(setup, data, timeout);
                if (setup.RequestType == 0x21)
                {
                    owner._answers.Add(HostileDevice.Answer);
                }
            }

            public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout)
            {
                try
                {
                    var length = device.InterruptIn(endpoint, buffer, timeout);
                    owner._answers.Add(HostileDevice.Answer);
                    owner._answers.AddRange(buffer[..length]);
                    return length;
                }
                catch (UsbException e) when (e.Fault == UsbFault.Timeout)
                {
                    owner._answers.Add(HostileDevice.Timeout);
                    throw;
                }
            }

            public void Reset() => device.Reset();

            public void Dispose() => device.Dispose();
        }
    }
}
