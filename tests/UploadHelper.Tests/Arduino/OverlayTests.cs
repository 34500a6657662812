using UploadHelper.CommandLine;
using UploadHelper.Tests.Arduino.Hosts;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Arduino;

/// <summary>Each bootloader option of the overlaid cores, as IDE 1.8 and arduino-cli expand it on each system.</summary>
public class OverlayTests
{
    private const string Maple1 = "--usb-id=1EAF:0003 --alt=1";
    private const string Maple2 = "--usb-id=1EAF:0003 --alt=2";
    private const string DfuSe = "--usb-id=0483:DF11";
    private const string Hid = "--usb-id=1209:BEBA";

    private static readonly string[] Cores = ["Arduino_STM32-F1", "Arduino_STM32-F4", "STM32GENERIC", "Arduino_Core_STM32"];
    private static readonly string[] OurTools = ["maple_upload", "upload_helper", "upload_helper_hid", "serial_upload"];

    /// <summary>Core, board, options, and what the helper is asked for beside port and file.</summary>
    public static TheoryData<string, string, string, string> Options { get; } = new()
    {
        { "Arduino_STM32-F1", "mapleMini", "bootloader_version=original", Maple1 },
        { "Arduino_STM32-F1", "mapleMini", "bootloader_version=bootloader20", Maple2 },
        { "Arduino_STM32-F1", "mapleRET6", "", Maple1 },
        { "Arduino_STM32-F1", "genericSTM32F103C", "device_variant=CB,upload_method=DFUUploadMethod", Maple2 },
        { "Arduino_STM32-F1", "genericSTM32F103C", "device_variant=CB,upload_method=DfuSeEndMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_STM32-F1", "genericSTM32F103C", "device_variant=CB,upload_method=HIDUploadMethod", $"{Hid} --offset=0x1000" },
        { "Arduino_STM32-F1", "genericSTM32F103C", "device_variant=CB,upload_method=serialMethod", "--uart" },
        { "Arduino_STM32-F1", "genericSTM32F103R", "upload_method=DfuSeEndMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_STM32-F1", "genericSTM32F103T", "upload_method=DfuSeEndMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_STM32-F1", "genericSTM32F103V", "upload_method=DfuSeEndMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_STM32-F4", "generic_f407v", "upload_method=F4BootMethod", $"{DfuSe} --offset=0x4000" },
        { "Arduino_STM32-F4", "generic_f407v", "upload_method=F4BootOldMethod", $"{DfuSe} --offset=0x10000" },
        { "Arduino_STM32-F4", "generic_f407v", "upload_method=MapleF4Method", $"{Maple1} --offset=0x10000" },
        { "Arduino_STM32-F4", "generic_f407v", "upload_method=RomMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_STM32-F4", "generic_f407v", "upload_method=HIDUploadMethod", $"{Hid} --offset=0x4000" },
        { "Arduino_STM32-F4", "generic_f407v_mini", "upload_method=HIDUploadMethod", $"{Hid} --offset=0x4000" },
        { "Arduino_STM32-F4", "arch_max", "upload_method=HIDUploadMethod", $"{Hid} --offset=0x4000" },
        { "Arduino_STM32-F4", "generic_f407v_mini", "upload_method=F4BootMethod", $"{DfuSe} --offset=0x4000" },
        { "Arduino_STM32-F4", "generic_f407v_mini", "upload_method=F4BootOldMethod", $"{DfuSe} --offset=0x10000" },
        { "Arduino_STM32-F4", "generic_f407v_mini", "upload_method=MapleF4Method", $"{Maple1} --offset=0x10000" },
        { "Arduino_STM32-F4", "generic_f407v_mini", "upload_method=RomMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_STM32-F4", "arch_max", "upload_method=F4BootMethod", $"{DfuSe} --offset=0x4000" },
        { "Arduino_STM32-F4", "arch_max", "upload_method=F4BootOldMethod", $"{DfuSe} --offset=0x10000" },
        { "Arduino_STM32-F4", "arch_max", "upload_method=MapleF4Method", $"{Maple1} --offset=0x10000" },
        { "Arduino_STM32-F4", "arch_max", "upload_method=RomMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_STM32-F4", "discovery_f407", "upload_method=F4BootMethod", $"{DfuSe} --offset=0x4000" },
        { "Arduino_STM32-F4", "discovery_f407", "upload_method=F4BootOldMethod", $"{DfuSe} --offset=0x10000" },
        { "Arduino_STM32-F4", "discovery_f407", "upload_method=RomMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_STM32-F4", "disco_f411", "upload_method=RomMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_STM32-F4", "blackpill_f401", "upload_method=RomMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_STM32-F4", "blackpill_f411", "upload_method=RomMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_STM32-F4", "netduino2plus", "", "--usb-id=0483:df11 --alt=0 --offset=0x8000000" },
        { "STM32GENERIC", "MapleMini_F103CB", "upload_method=DFUUploadMethod2", Maple2 },
        { "STM32GENERIC", "MapleMini_F103CB", "upload_method=DFUUploadMethod1", Maple1 },
        { "STM32GENERIC", "BLUE_F103XX", "upload_method=DFUUploadMethod", Maple2 },
        { "STM32GENERIC", "BLACK_F407XX", "upload_method=F4BootMethod", $"{DfuSe} --offset=0x4000" },
        { "STM32GENERIC", "BLACK_F407XX", "upload_method=F4BootOldMethod", $"{DfuSe} --offset=0x10000" },
        { "STM32GENERIC", "BLACK_F407XX", "upload_method=RomMethod", $"{DfuSe} --offset=0x0" },
        { "STM32GENERIC", "DISCOVERY_F407VG", "upload_method=F4BootMethod", $"{DfuSe} --offset=0x4000" },
        { "STM32GENERIC", "DISCOVERY_F407VG", "upload_method=F4BootOldMethod", $"{DfuSe} --offset=0x10000" },
        { "STM32GENERIC", "DISCOVERY_F407VG", "upload_method=RomMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_Core_STM32", "Disco", "upload_method=serialAdapterMethod", "--uart --offset=0x0" },
        { "Arduino_Core_STM32", "GenF1", "upload_method=serialAdapterMethod", "--uart --offset=0x0" },
        { "Arduino_Core_STM32", "GenF4", "upload_method=serialAdapterMethod", "--uart --offset=0x0" },
        { "Arduino_Core_STM32", "3dprinter", "pnum=LARGE,upload_method=serialAdapterMethod", "--uart --offset=0x10000" },
        { "Arduino_Core_STM32", "Disco", "upload_method=dfuMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_Core_STM32", "Disco", "upload_method=dfuOneClickMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_Core_STM32", "GenF4", "upload_method=dfuMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_Core_STM32", "GenF4", "upload_method=dfuOneClickMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_Core_STM32", "GenF4", "upload_method=f4bootMethod", $"{DfuSe} --offset=0x4000" },
        { "Arduino_Core_STM32", "GenF4", "upload_method=f4bootOldMethod", $"{DfuSe} --offset=0x10000" },
        { "Arduino_Core_STM32", "GenF1", "upload_method=hidMethod", $"{Hid} --offset=0x800" },
        { "Arduino_Core_STM32", "GenF4", "upload_method=hidMethod", $"{Hid} --offset=0x4000" },
        { "Arduino_Core_STM32", "GenF1", "upload_method=dfuMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_Core_STM32", "GenF1", "upload_method=dfu2Method", $"{Maple2} --offset=0x2000" },
        { "Arduino_Core_STM32", "GenF1", "upload_method=dfuoMethod", $"{Maple1} --offset=0x5000" },
        { "Arduino_Core_STM32", "3dprinter", "pnum=SMALL,upload_method=dfuMethod", $"{DfuSe} --offset=0x0" },
        { "Arduino_Core_STM32", "3dprinter", "pnum=LARGE,upload_method=dfuMethod", $"{DfuSe} --offset=0x10000" },
        { "Arduino_Core_STM32", "3dprinter", "pnum=LARGE,upload_method=dfuOneClickMethod", $"{DfuSe} --offset=0x10000" },
    };

    [Theory]
    [MemberData(nameof(Options))]
    public void Upload_calls_the_helper(string core, string board, string options, string expected)
    {
        using var installed = new InstalledCore(core);
        foreach (var (host, system) in Hosts())
        {
            foreach (var port in new[] { null, system == "windows" ? "COM12" : "/dev/ttyACM0" })
            {
                var arguments = host.Upload(installed.Folder, new Click(board, Parse(options), port));

                Assert.Equal($"{installed.Folder}/upload-helper/upload-helper{(system == "windows" ? ".exe" : "")}", arguments[0]);
                var said = Rewrite(arguments);
                Assert.Equal("upload", said[0]);
                Assert.Equal("/tmp/my build/Blink.ino.bin", said[^1]);
                Assert.Equal(expected, string.Join(' ', said[1..^1].Where(a => !a.StartsWith("--port=", StringComparison.Ordinal))));
                Assert.Equal(port is null ? [] : [$"--port={(host is Ide18 ? Path.GetFileName(port) : port)}"], said.Where(a => a.StartsWith("--port", StringComparison.Ordinal)));
            }
        }
    }

    [Fact]
    public void No_option_that_calls_the_helper_is_left_out()
    {
        var tested = Options.Select(row => $"{row[0]} {row[1]} {row[2]}").ToHashSet();
        foreach (var core in Cores)
        {
            using var installed = new InstalledCore(core);
            var boards = Merged(installed, "boards");
            foreach (var key in boards.Keys.Where(k => k.EndsWith(".upload.tool", StringComparison.Ordinal) && OurTools.Contains(boards[k])))
            {
                var parts = key.Split('.');
                var option = parts.Length == 6 ? $"{parts[2]}={parts[3]}" : "";
                Assert.True(
                    tested.Any(t => t.StartsWith($"{core} {parts[0]} ", StringComparison.Ordinal) && t.Contains(option, StringComparison.Ordinal)),
                    $"{core} {parts[0]} {option} is not tested");
            }
        }
    }

    [Theory]
    [InlineData("Arduino_STM32-F4", "generic_f407v", "upload_method=F4BootMethod", "f4boot", 0x0800_4000)]
    [InlineData("Arduino_STM32-F4", "discovery_f407", "upload_method=F4BootOldMethod", "f4boot-old", 0x0801_0000)]
    [InlineData("Arduino_STM32-F4", "blackpill_f411", "upload_method=RomMethod", "f4rom", 0x0800_0000)]
    [InlineData("STM32GENERIC", "BLACK_F407XX", "upload_method=F4BootMethod", "f4boot", 0x0800_4000)]
    [InlineData("Arduino_Core_STM32", "GenF4", "upload_method=f4bootMethod", "f4boot", 0x0800_4000)]
    [InlineData("Arduino_Core_STM32", "GenF4", "upload_method=dfuMethod", "f4rom", 0x0800_0000)]
    [InlineData("Arduino_Core_STM32", "GenF4", "upload_method=dfuOneClickMethod", "f4rom", 0x0800_0000)]
    [InlineData("Arduino_STM32-F1", "mapleMini", "bootloader_version=original", "maple-orig", 0x0800_5000)]
    [InlineData("Arduino_STM32-F1", "mapleMini", "bootloader_version=original", "maple20", 0x0800_5000)]
    [InlineData("Arduino_STM32-F1", "mapleMini", "bootloader_version=bootloader20", "maple20", 0x0800_2000)]
    [InlineData("Arduino_STM32-F4", "generic_f407v", "upload_method=MapleF4Method", "maple-f4", 0x0801_0000)]
    [InlineData("STM32GENERIC", "MapleMini_F103CB", "upload_method=DFUUploadMethod2", "maple20", 0x0800_2000)]
    [InlineData("Arduino_Core_STM32", "GenF1", "upload_method=dfu2Method", "maple20", 0x0800_2000)]
    [InlineData("Arduino_Core_STM32", "GenF1", "upload_method=hidMethod", "hid-f1", 0x0800_0800)]
    [InlineData("Arduino_Core_STM32", "GenF4", "upload_method=hidMethod", "hid-f4", 0x0800_4000)]
    [InlineData("Arduino_STM32-F1", "genericSTM32F103C", "device_variant=CB,upload_method=HIDUploadMethod", "hid-f1,generation=2.0", 0x0800_1000)]
    [InlineData("Arduino_Core_STM32", "GenF1", "upload_method=dfuoMethod", "maple-orig", 0x0800_5000)]
    public void The_sketch_runs_afterwards(string core, string board, string options, string simulated, uint address)
    {
        using var installed = new InstalledCore(core);
        foreach (var host in new ArduinoHost[] { new Ide18("linux"), new ArduinoCli("linux") })
        {
            using var run = new ProgramRun();
            var file = run.File("Blink.ino.bin", SketchImage.Bytes(address, 4_000, StackFor(simulated)));
            var arguments = host.Upload(installed.Folder, new Click(board, Parse(options), "/dev/sim") { BuildPath = Path.GetDirectoryName(file)! });
            run.Environment["UPLOADHELPER_SIMULATE"] = simulated;
            foreach (var (name, value) in host.Environment)
            {
                run.Environment[name] = value;
            }

            Assert.True(run.Run(arguments[1..]) == 0, run.Transcript);
            Assert.Contains($"Done: 4000 bytes at 0x{address:X8}, ", run.Out, StringComparison.Ordinal);
            Assert.Equal(host is Ide18, run.Out.Contains("The sketch is running on sim.", StringComparison.Ordinal));
        }
    }

    /// <summary>The port that the user has selected is the adapter's.</summary>
    [Theory]
    [InlineData("Arduino_STM32-F1", "genericSTM32F103C", "device_variant=CB,upload_method=serialMethod", "bluepill")]
    [InlineData("Arduino_Core_STM32", "GenF1", "upload_method=serialAdapterMethod", "bluepill")]
    [InlineData("Arduino_Core_STM32", "GenF4", "upload_method=serialAdapterMethod", "f407-rom")]
    public void Through_a_serial_adapter_the_sketch_is_started_too(string core, string board, string options, string simulated)
    {
        using var installed = new InstalledCore(core);
        foreach (var host in new ArduinoHost[] { new Ide18("linux"), new ArduinoCli("linux") })
        {
            using var run = new ProgramRun();
            var file = run.File("Blink.ino.bin", SketchImage.Bytes(0x0800_0000, 4_000, 0x2000_4000));
            var arguments = host.Upload(installed.Folder, new Click(board, Parse(options), "/dev/uart") { BuildPath = Path.GetDirectoryName(file)! });
            run.Environment["UPLOADHELPER_SIMULATE"] = $"{simulated},nrst=dtr,boot0=-rts";
            foreach (var (name, value) in host.Environment)
            {
                run.Environment[name] = value;
            }

            Assert.True(run.Run(arguments[1..]) == 0, run.Transcript);
            Assert.Contains("Done: 4000 bytes at 0x08000000, verified", run.Out, StringComparison.Ordinal);
            Assert.Contains("The bootloader was told to start the sketch.", run.Out, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_hosts_switches_reach_the_helper()
    {
        using var installed = new InstalledCore("Arduino_STM32-F4");
        foreach (var (host, _) in Hosts())
        {
            var click = new Click("generic_f407v", Parse("upload_method=F4BootMethod"), "COM5");

            var plain = host.Upload(installed.Folder, click);
            var both = host.Upload(installed.Folder, click with { Verbose = true, Verify = false });

            Assert.DoesNotContain(plain, a => a is "--verbose" or "--no-verify");
            Assert.Equal(["upload", "--verbose", "--no-verify"], both[1..4]);
        }
    }

    [Theory]
    [InlineData("Arduino_STM32-F1", "mapleMini", "bootloader_version=original", "--alt=1")]
    [InlineData("Arduino_STM32-F4", "generic_f407v", "upload_method=F4BootMethod", "--offset=0x4000")]
    [InlineData("STM32GENERIC", "BLACK_F407XX", "upload_method=F4BootMethod", "--offset=0x4000")]
    [InlineData("Arduino_Core_STM32", "GenF4", "upload_method=f4bootMethod", "--offset=0x4000")]
    public void A_board_in_the_list_of_ports_is_told_by_its_place(string core, string board, string options, string expected)
    {
        using var installed = new InstalledCore(core);
        var click = new Click(board, Parse(options), "1-1.2")
        {
            Protocol = "dfu",
            PortProperties = new Dictionary<string, string> { ["vid"] = "0x0483", ["pid"] = "0xDF11" },
        };

        var said = Rewrite(new ArduinoCli("linux").Upload(installed.Folder, click));

        Assert.Equal(["upload", "--usb-path=1-1.2", "--usb-id=0x0483:0xDF11", expected, "/tmp/my build/Blink.ino.bin"], said);
    }

    [Fact]
    public void All_overlays_have_the_same_tools_and_the_sample_explains_them()
    {
        var tools = Cores.Select(c => Lines(InstalledCore.Overlay(c, "platform.local.txt")).Where(l => !l.StartsWith('#')).ToList()).ToList();
        var common = tools[0];
        Assert.All(tools, t => Assert.Equal(common, t.Take(common.Count)));

        var sample = Lines(InstalledCore.PathOf("..", "..", "..", "platform.txt.sample")).Select(l => l.TrimStart('#', ' ')).ToHashSet();
        Assert.All(common.Where(l => !l.StartsWith("tools.maple_upload", StringComparison.Ordinal)), l => Assert.Contains(l, sample));
    }

    /// <summary>An option that enters the bootloader in ROM without BOOT0 compiles the library, and makes the core ask it.</summary>
    [Fact]
    public void Each_one_click_option_compiles_the_library_into_the_sketch()
    {
        var found = 0;
        foreach (var core in Cores)
        {
            var lines = Lines(InstalledCore.Overlay(core, "boards.local.txt")).ToHashSet();
            foreach (var option in lines.Where(l => l.Contains("one click", StringComparison.Ordinal) && l[0] != '#').Select(l => l.Split('=')[0]))
            {
                var link = Assert.Single(lines, l => l.StartsWith($"{option}.compiler.c.elf.extra_flags=", StringComparison.Ordinal));
                Assert.Contains("\"{runtime.platform.path}/upload-helper/one-click/OneClickDfu.c\"", link, StringComparison.Ordinal);
                var asks = core switch
                {
                    "Arduino_Core_STM32" => lines.Contains($"{option}.build.extra_flags=-DDTR_TOGGLING_SEQ -DONE_CLICK_DFU_LINKED"),
                    "STM32GENERIC" => link.Contains("-DONE_CLICK_DFU_MARK=0x40024000", StringComparison.Ordinal)
                        && lines.Any(l => l.StartsWith($"{option}.build.extra_flags_serial_auto=", StringComparison.Ordinal) && l.EndsWith(" -DHIDBL_F4", StringComparison.Ordinal)),
                    _ => link.Contains("-DONE_CLICK_DFU_MARK=0x40002850", StringComparison.Ordinal),
                };
                Assert.True(asks, option);
                found++;
            }
        }

        Assert.Equal(22 + 7 + 2, found);
    }

    [Fact]
    public void No_overlay_makes_an_ide_wait_for_a_bootloaders_port() => Assert.All(
        Cores.SelectMany(c => Lines(InstalledCore.Overlay(c, "boards.local.txt")).Concat(Lines(InstalledCore.Overlay(c, "platform.local.txt")))),
        l =>
        {
            Assert.DoesNotContain("1200bps", l, StringComparison.Ordinal);
            Assert.DoesNotContain("wait_for_upload_port", l, StringComparison.Ordinal);
            Assert.DoesNotContain(l, c => c is < ' ' or > '~');
        });

    // Where the sketches of these bootloaders have their stack: an STM32F103 has less RAM, and f407_maple.ld uses less.
    private static uint StackFor(string simulated) => simulated switch
    {
        "maple20" or "maple-orig" or "hid-f1" or "hid-f1,generation=2.0" => 0x2000_5000,
        "maple-f4" => 0x2001_8000,
        _ => SketchImage.EndOfRam,
    };

    private static IEnumerable<(ArduinoHost Host, string System)> Hosts() => new[] { "linux", "windows", "macosx" }
        .SelectMany(s => new (ArduinoHost, string)[] { (new Ide18(s), s), (new ArduinoCli(s), s) });

    private static Dictionary<string, string> Parse(string options) =>
        options.Split(',', StringSplitOptions.RemoveEmptyEntries).ToDictionary(o => o.Split('=')[0], o => o.Split('=')[1]);

    private static string[] Rewrite(string[] arguments) => ArgumentShapes.Rewrite(arguments[1..], word => word == "upload");

    private static IEnumerable<string> Lines(string path) => File.ReadAllLines(path).Where(l => l.Length > 0);

    private static PropertyMap Merged(InstalledCore core, string name)
    {
        var map = new PropertyMap();
        foreach (var line in Lines(Path.Combine(core.Folder, $"{name}.txt")).Concat(Lines(Path.Combine(core.Folder, $"{name}.local.txt"))).Where(l => l[0] != '#'))
        {
            map[line.Split('=')[0].Trim()] = line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim();
        }

        return map;
    }
}
