using UploadHelper.CommandLine;
using UploadHelper.Tests.Arduino.Hosts;

namespace UploadHelper.Tests.Arduino;

/// <summary>That the hosts here behave as the real ones do where those are awkward; and the cores as they are, without an overlay.</summary>
public sealed class HostTests : IDisposable
{
    private const string Tool = "tools.upload_helper.upload";
    private readonly InstalledCore _core = new("Arduino_STM32-F4");
    private readonly Click _click = new("generic_f407v", new Dictionary<string, string> { ["upload_method"] = "F4BootMethod" }, null);

    [Fact]
    public void The_port_itself_in_the_pattern_needs_a_port()
    {
        Set($"{Tool}.pattern=x --port={{serial.port}}");
        Assert.Equal("Serial port not selected.", Refusal(new Ide18("linux")));
        Assert.Equal("no upload port provided", Refusal(new ArduinoCli("linux")));
    }

    [Fact]
    public void The_ports_file_needs_one_in_arduino_cli_and_stays_a_key_in_the_ide()
    {
        Set($"{Tool}.pattern=x --port={{serial.port.file}}");
        Assert.Equal(["x", "--port={serial.port.file}"], new Ide18("linux").Upload(_core.Folder, _click));
        Assert.Equal("no upload port provided", Refusal(new ArduinoCli("linux")));
    }

    [Fact]
    public void A_bridge_to_the_port_itself_would_need_one_in_the_ide()
    {
        Set($"{Tool}.port.address={{serial.port}}");
        Assert.Equal("Serial port not selected.", Refusal(new Ide18("linux")));
        Assert.Contains("--port=", new ArduinoCli("linux").Upload(_core.Folder, _click));
    }

    [Fact]
    public void Platform_keys_are_not_seen_by_the_ide()
    {
        Set("upload.offset=0x8000", $"{Tool}.pattern=x {{upload.offset}}");
        Set("boards.local.txt", []);
        var click = new Click("netduino2plus", new Dictionary<string, string>(), null);
        Set("tools.maple_upload.upload.pattern=x {upload.offset}");
        Assert.Equal(["x", "{upload.offset}"], new Ide18("linux").Upload(_core.Folder, click));
        Assert.Equal(["x", "0x8000"], new ArduinoCli("linux").Upload(_core.Folder, click));
    }

    [Fact]
    public void Both_params_must_be_there_for_the_ide()
    {
        Set("platform.local.txt", ["tools.upload_helper.cmd=x", $"{Tool}.params.verbose=-v", $"{Tool}.pattern=x {{upload.verbose}}"]);
        Assert.Equal("PreferencesMapException: upload.params.quiet", Refusal(new Ide18("linux")));
        Assert.Equal(["x", "{upload.verbose}"], new ArduinoCli("linux").Upload(_core.Folder, _click));
    }

    [Fact]
    public void Without_a_protocol_both_want_a_programmer()
    {
        Set("boards.local.txt", ["arch_max.upload.tool=upload_helper"]);
        var click = new Click("arch_max", new Dictionary<string, string>(), null);
        Assert.Contains("programmer", Refusal(new Ide18("linux"), click), StringComparison.Ordinal);
    }

    [Fact]
    public void A_platform_with_a_discovery_of_its_own_needs_the_new_keys()
    {
        Set("pluggable_discovery.upload_helper.pattern=x discovery");
        Assert.Equal("Missing platform property: upload.tool.default", Refusal(new ArduinoCli("linux")));
    }

    [Fact]
    public void Quotes_count_around_a_whole_argument_only()
    {
        Set($"{Tool}.pattern=x --file=\"{{build.path}}/a\" \"--file={{build.path}}/b\" \"\" {{upload.verify}} 'c d'");
        foreach (var host in new ArduinoHost[] { new Ide18("linux"), new ArduinoCli("linux") })
        {
            Assert.Equal(["x", "--file=\"/tmp/my", "build/a\"", "--file=/tmp/my build/b", "c d"], host.Upload(_core.Folder, _click));
        }
    }

    /// <summary>Cores that nobody changed, with upload-helper in the place of maple_upload.</summary>
    [Theory]
    [InlineData("Arduino_STM32-F1", "mapleMini", "bootloader_version=bootloader20", "--alt=2 --usb-id=1EAF:0003")]
    [InlineData("Arduino_STM32-F1", "genericSTM32F103C", "device_variant=C8,upload_method=DFUUploadMethod", "--alt=2 --usb-id=1EAF:0003")]
    [InlineData("Arduino_STM32-F4", "netduino2plus", "", "--alt=0 --usb-id=0483:df11 --offset=0x8000000")]
    [InlineData("STM32GENERIC", "MapleMini_F103CB", "upload_method=DFUUploadMethod1", "--alt=1 --usb-id=1EAF:0003")]
    [InlineData("Arduino_Core_STM32", "GenF1", "upload_method=dfu2Method", "--alt=2 --usb-id=0x1eaf:0x0003")]
    public void The_cores_own_calls_are_understood(string core, string board, string options, string expected)
    {
        using var bare = new InstalledCore(core, withOverlay: false);
        var chosen = options.Split(',', StringSplitOptions.RemoveEmptyEntries).ToDictionary(o => o.Split('=')[0], o => o.Split('=')[1]);

        var arguments = new ArduinoCli("linux").Upload(bare.Folder, new Click(board, chosen, "/dev/ttyACM0"));

        var said = ArgumentShapes.Rewrite(arguments.SkipWhile(a => a is "sh" || a.EndsWith("maple_upload", StringComparison.Ordinal) || a.EndsWith(".sh", StringComparison.Ordinal)).ToArray(), _ => false);
        Assert.Equal($"upload /tmp/my build/Blink.ino.bin --port=ttyACM0 {expected}", string.Join(' ', said));
    }

    public void Dispose() => _core.Dispose();

    private string Refusal(ArduinoHost host, Click? click = null) => Assert.Throws<HostRefusal>(() => host.Upload(_core.Folder, click ?? _click)).Message;

    private void Set(params string[] lines) => File.AppendAllLines(Path.Combine(_core.Folder, "platform.local.txt"), lines);

    private void Set(string file, string[] lines) => File.WriteAllLines(Path.Combine(_core.Folder, file), lines);
}
