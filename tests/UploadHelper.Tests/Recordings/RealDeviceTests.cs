using System.Text.Json;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.Tracing;
using UploadHelper.Tests.Support;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Recordings;

/// <summary>
/// The answers of real devices, which fwupd publishes, are held against the virtual boards, and drive the program. They are not part of this
/// repository: a checkout of github.com/fwupd/fwupd is looked for beside this one, or where UPLOADHELPER_FWUPD says.
/// </summary>
public class RealDeviceTests
{
    private static readonly UsbSetup SerialNumber = new(0x80, 6, 0x0303, 0x0409, 255);

    /// <summary>dfu-gd32vf103-setup.json: a GD32VF103 whose ROM is the older one.</summary>
    [FwupdFact("plugins/dfu/tests/dfu-gd32vf103-setup.json")]
    public void The_virtual_GD32VF103_describes_itself_as_the_real_one_does()
    {
        var content = File.ReadAllBytes(FwupdFactAttribute.PathOf("plugins/dfu/tests/dfu-gd32vf103-setup.json"));
        using var json = JsonDocument.Parse(content);
        var real = json.RootElement.GetProperty("UsbDevices")[0];
        var bench = new Bench("gd32vf103,rom=0100", StartState.Bootloader);
        using var ours = bench.Bus.Open(bench.Bus.List().Single());
        var (device, configuration) = (UsbDescriptors.ReadDevice(ours), UsbDescriptors.ReadConfiguration(ours));
        var interfaces = UsbDescriptors.Split(configuration).Where(d => d.Span[1] == 4).ToList();

        Assert.Equal(
            [Number(real, "USB"), Number(real, "IdVendor"), Number(real, "IdProduct"), Number(real, "Device"), Number(real, "Manufacturer"), Number(real, "Product"), Number(real, "SerialNumber")],
            [device[2] | device[3] << 8, device[8] | device[9] << 8, device[10] | device[11] << 8, device[12] | device[13] << 8, device[14], device[15], (int)device[16]]);
        var realConfiguration = real.GetProperty("UsbConfigDescriptors").EnumerateArray().Single();
        Assert.Equal([Number(realConfiguration, "ConfigurationValue"), Number(realConfiguration, "Configuration")], [configuration[5], (int)configuration[6]]);

        // Number, alternate setting, endpoints, class, subclass, protocol, name.
        Assert.Equal(
            real.GetProperty("UsbInterfaces").EnumerateArray().Select(i => string.Join(' ', Number(i, "InterfaceNumber"), Number(i, "AlternateSetting"),
                i.TryGetProperty("UsbEndpoints", out var endpoints) ? endpoints.GetArrayLength() : 0, Number(i, "InterfaceClass"), Number(i, "InterfaceSubClass"), Number(i, "InterfaceProtocol"), Number(i, "Interface"))),
            interfaces.Select(i => string.Join(' ', i.ToArray().Skip(2).Take(7))));

        var serial = new byte[255];
        var length = ours.ControlIn(SerialNumber, serial, TimeSpan.FromSeconds(1));
        Assert.Equal(Answer(Recording.Read(content), 3).ToArray(), serial[..length]);
    }

    /// <summary>The program knows the real device by its answers; what was not recorded (functional descriptor, memory map, status) comes from the virtual board.</summary>
    [FwupdFact("plugins/dfu/tests/dfu-gd32vf103-setup.json")]
    public void The_program_knows_the_real_GD32VF103()
    {
        var recording = Recording.Read(File.ReadAllBytes(FwupdFactAttribute.PathOf("plugins/dfu/tests/dfu-gd32vf103-setup.json")));
        var bench = new Bench("gd32vf103,rom=0100", StartState.Bootloader);
        var inquiry = new BootloaderInquiry(new RealBus(recording, bench.Bus), bench.System.Clock, _ => { });

        var device = inquiry.Choose(null, null, "3CBJ");
        var state = inquiry.Ask(device, CancellationToken.None);

        Assert.Equal("5-1.3", device.Path);
        Assert.Equal((ushort)0x0100, device.Release);
        Assert.Equal("3CBJ", state.Description.SerialNumber);
        Assert.Equal("GigaDevice GD32VF103 bootloader", state.Info?.Name);
        var wrong = Assert.Throws<UploadException>(() => inquiry.Choose(null, null, "3C8J"));
        Assert.Equal(UploadError.NoDevice, wrong.Error);
    }

    /// <summary>Every published recording is read or refused in words, whatever it is of.</summary>
    [FwupdFact("plugins")]
    public void Every_recording_of_fwupd_is_read()
    {
        var files = Directory.GetFiles(FwupdFactAttribute.PathOf("plugins"), "*-setup.json", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        Assert.All(files, f =>
        {
            try
            {
                var recording = Recording.Read(File.ReadAllBytes(f));
                Assert.Contains(recording.Events, e => e.Devices.Count > 0);
                Assert.Equal(recording.Events.Count, new TraceStory(recording) is var story ? story.Lines.Sum(l => l.Times) + story.LeftOut : 0);
            }
            catch (UploadException e)
            {
                // A device that is not on USB.
                Assert.Contains("nothing in it can be shown", e.Message, StringComparison.Ordinal);
            }
        });
    }

    private static int Number(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetInt32() : 0;

    private static ReadOnlyMemory<byte> Answer(Recording recording, int index) =>
        recording.Events.Single(e => e.Operation == TraceOperation.Control && e.Setup.Value == (3 << 8 | index)).Data;

    // The real device as far as it was recorded.
    private sealed class RealBus(Recording recording, IUsbBus others) : IUsbBus
    {
        private readonly UsbDeviceInfo _device = recording.Events.First(e => e.Devices.Count > 0).Devices[0];

        public IReadOnlyList<UsbDeviceInfo> List() => [_device];

        public IUsbDevice Open(UsbDeviceInfo device) => new Device(_device, recording, others.Open(others.List().Single()));

        private sealed class Device(UsbDeviceInfo info, Recording recording, IUsbDevice other) : IUsbDevice
        {
            public UsbDeviceInfo Info => info;

            public bool CanReset => other.CanReset;

            public void Claim(byte interfaceNumber) => other.Claim(interfaceNumber);

            public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) => other.SetAlternateSetting(interfaceNumber, alternateSetting);

            public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
            {
                if (recording.Events.FirstOrDefault(e => e.Setup.IsStandard && e.Setup.IsIn && e.Setup.Value == setup.Value && setup.IsStandard) is not { } answer)
                {
                    return other.ControlIn(setup, buffer, timeout);
                }

                var length = Math.Min(answer.Data.Length, buffer.Length);
                answer.Data.Span[..length].CopyTo(buffer);
                return length;
            }

            public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout) => other.ControlOut(setup, data, timeout);

            public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout) => other.InterruptIn(endpoint, buffer, timeout);

            public void Reset() => other.Reset();

            public void Dispose() => other.Dispose();
        }
    }
}

/// <summary>A test with recordings that fwupd publishes; skipped where there are none.</summary>
public sealed class FwupdFactAttribute : FactAttribute
{
    private const string Variable = "UPLOADHELPER_FWUPD";

    /// <param name="file">The file or folder that it needs, in fwupd's repository.</param>
    public FwupdFactAttribute(string file) => Skip = Path.Exists(PathOf(file))
        ? null
        : $"no {file} in {Root}: fetch github.com/fwupd/fwupd there, or name its folder in {Variable}";

    private static string Root { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder ? folder : Path.GetFullPath(Path.Combine(TestFiles.Repository, "..", "fwupd"));

    /// <summary>The path of a file.</summary>
    /// <param name="file">Its path in fwupd's repository.</param>
    internal static string PathOf(string file) => Path.Combine(Root, file);
}
