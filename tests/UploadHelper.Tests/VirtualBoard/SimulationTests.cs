using System.Collections.Concurrent;
using System.Net;
using System.Text;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.Devices.Usb.UsbIp;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.VirtualBoard;

/// <summary>A simulation with its commands, its output, and a client on loopback TCP.</summary>
public sealed class SimulationTests : IDisposable
{
    private readonly Commands _commands = new();
    private readonly Lines _output = new();
    private readonly string _flash = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private readonly Thread _thread;

    public SimulationTests()
    {
        var simulation = new Simulation(
            SimulationOptions.Parse($"f4boot,flash={_flash}", StartState.Bootloader),
            new SimulationEndpoints { Listen = new IPEndPoint(IPAddress.Loopback, 0) },
            TimeProvider.System,
            _commands,
            _output);
        _thread = new Thread(() => simulation.Run(null, CancellationToken.None));
        _thread.Start();
    }

    public void Dispose()
    {
        Quit();
        File.Delete(_flash);
    }

    [Fact]
    public void An_upload_over_usbip_leaves_the_image_in_the_flash_and_the_bootloader_as_it_was()
    {
        const uint Address = 0x0800_4000;
        var image = SketchImage.Bytes(Address, 5000);
        var bus = Connect();
        var before = Save();
        var uploader = new Uploader(bus, new InProcessSerialPorts(new VirtualClock()), TimeProvider.System, _ => { });

        var result = uploader.Run(new UploadRequest(new ImageFile("blink.bin", image), Address, new DeviceFilter([DeviceFilter.StDfu], null, null)), CancellationToken.None);

        Assert.True(result.Verified);
        var summary = Quit();
        var after = File.ReadAllBytes(_flash);
        Assert.Equal(image, after.AsSpan(0x4000, image.Length).ToArray());
        Assert.Equal(before.AsSpan(0, 0x4000).ToArray(), after.AsSpan(0, 0x4000).ToArray());
        Assert.Contains("sectors_erased=1 bytes_programmed=5024 violations=0", summary, StringComparison.Ordinal);
    }

    [Fact]
    public void The_cable_can_be_pulled_and_plugged_in()
    {
        var bus = Connect();
        var first = Assert.Single(bus.List());
        _commands.Give("unplug");
        SpinWait.SpinUntil(() => bus.List().Count == 0);
        _commands.Give("plug");
        SpinWait.SpinUntil(() => bus.List().Count == 1);
        Assert.NotEqual(first.Number, bus.List()[0].Number);
    }

    [Fact]
    public void The_status_is_told_and_an_unknown_command_taught()
    {
        _commands.Give("status");
        Assert.Contains("board=f4boot sectors_erased=0 bytes_programmed=0", _output.Await("status:"), StringComparison.Ordinal);
        _commands.Give("explode");
        Assert.Contains("reset, boot0, unplug, plug, fault KIND@TRANSFER, no-fault, save FILE, status, quit", _output.Await("unknown command \"explode\""), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_fault_is_refused()
    {
        _commands.Give("fault stall");
        Assert.Contains("write KIND@TRANSFER", _output.Await("error:"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_reset_button_is_seen()
    {
        _commands.Give("reset");
        Assert.Contains("RESET button", _output.Await("off the bus", anywhere: true), StringComparison.Ordinal);
    }

    [Fact]
    public void BOOT0_can_be_held_while_RESET_is_pressed()
    {
        _commands.Give("boot0");
        Assert.Contains("(STM32  BOOTLOADER)", _output.Await("on the bus as 0483:DF11 (STM32", anywhere: true), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_of_several_boards_is_saved_to_a_file_of_its_own()
    {
        var (commands, output) = (new Commands(), new Lines());
        var boards = new Simulation(SimulationOptions.Parse("f4boot,count=2"), new SimulationEndpoints(), TimeProvider.System, commands, output);
        var thread = new Thread(() => boards.Run(null, CancellationToken.None));
        thread.Start();
        var files = Directory.CreateTempSubdirectory();
        var file = Path.Combine(files.FullName, "flash");

        commands.Give($"save {file}");
        output.Await($"1: flash saved to {file}");
        output.Await($"2: flash saved to {file}.2");
        commands.Give($"2 save {file}-alone");
        output.Await($"2: flash saved to {file}-alone");
        commands.Give("quit");
        thread.Join();

        Assert.Equal(["flash", "flash-alone", "flash.2"], files.GetFiles().Select(f => f.Name).Order(StringComparer.Ordinal));
        files.Delete(recursive: true);
    }

    private byte[] Save()
    {
        _commands.Give($"save {_flash}");
        _output.Await("flash saved");
        return File.ReadAllBytes(_flash);
    }

    private UsbIpBus Connect() => new(
        UsbIpEndpoint.Parse(_output.Await("USB/IP server at ")["USB/IP server at ".Length..]), TimeProvider.System);

    private string Quit()
    {
        if (!_thread.IsAlive)
        {
            return "";
        }

        _commands.Give("quit");
        _thread.Join();
        return _output.Await("summary:");
    }

    private sealed class Commands : TextReader
    {
        private readonly BlockingCollection<string> _lines = [];

        public void Give(string line) => _lines.Add(line);

        public override string? ReadLine() => _lines.Take();
    }

    private sealed class Lines : TextWriter
    {
        private readonly BlockingCollection<string> _lines = [];

        public override Encoding Encoding => Encoding.ASCII;

        public override void WriteLine(string? value) => _lines.Add(value ?? "");

        public string Await(string text, bool anywhere = false)
        {
            while (_lines.TryTake(out var line, TimeSpan.FromSeconds(60)))
            {
                if (anywhere ? line.Contains(text, StringComparison.Ordinal) : line.StartsWith(text, StringComparison.Ordinal))
                {
                    return line;
                }
            }

            throw new TimeoutException($"'{text}' never came");
        }
    }
}
