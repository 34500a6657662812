using UploadHelper.Core.Diagnosis;
using UploadHelper.Devices.Linux;
using UploadHelper.Output;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Diagnosis;

/// <summary>Situations of Linux machines, from the files that tell them to the page that the user reads.</summary>
public sealed class LinuxSituationTests : IDisposable
{
    private const string Rules = "# the rules of this version\n";
    private const uint Dialout = 20;
    private const uint User = 1000;
    private static readonly UsbLibraryState Library = new("1.0.26", null);
    private readonly LinuxTree _tree = new();
    private readonly HashSet<string> _denied = [];
    private string? _kernelLog = "";
    private LinuxAccount _account = new("ada", User, [User], IsRemote: false);

    public LinuxSituationTests()
    {
        _tree.Text("etc/group", "root:x:0:\ndialout:x:20:\nada:x:1000:\n");
        _tree.Text("run/udev/control", "");
        Directory.CreateDirectory(_tree.At("sys/bus/usb/devices"));
    }

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void Without_problems_everything_is_fine()
    {
        Bootloader();
        Sketch();
        InstallRules(Rules);
        Finds("Fine usb-library", "Fine device", "Fine device", "Fine port", "Fine udev-rules", "Note no-core");
        Tells("device", "0483:DF11 at 1-1.2 (STM32  BOOTLOADER)");
        Tells("port", "/dev/ttyACM0", "1EAF:0004 at 1-2");
    }

    [Fact]
    public void Nothing_is_plugged_in() => Finds("Fine usb-library", "Note no-board", "Note no-port", "Note udev-rules", "Note no-core");

    // Linux 6.1: a board with a floating PA10, whose ROM does not use USB.
    private const string SilentBoard =
        """
        <6>[  100.000001] usb 1-2: new full-speed USB device number 5 using xhci_hcd
        <3>[  100.500001] usb 1-2: device descriptor read/64, error -71
        <6>[  101.000001] usb 1-2: new full-speed USB device number 6 using xhci_hcd
        <3>[  103.000001] usb 1-2: device not accepting address 6, error -71
        <3>[  103.000002] usb usb1-port2: unable to enumerate USB device

        """;

    [Theory]
    [InlineData(110, "Problem", "at 1-2", "device not accepting address 6, error -71", "7 s ago", "PA10", "--timeout 60")]
    [InlineData(4_000, "Note", "at 1-2", "65 minutes ago")]
    public void A_board_that_does_not_answer_is_in_the_kernels_log(int uptime, string level, params string[] facts)
    {
        _tree.Text("proc/uptime", $"{uptime}.00 200.00\n");
        _kernelLog = SilentBoard;
        Finds("Fine usb-library", "Note no-board", $"{level} device-silent", "Note no-port", "Note udev-rules", "Note no-core");
        Tells("device-silent", facts);
        Assert.Equal("1-2", Only("device-silent").Board);
    }

    [Fact]
    public void Of_several_failures_each_board_that_is_still_silent_is_told_once()
    {
        _kernelLog = """
            [    1.000000] usb 1-1: device descriptor read/64, error -110
            [    2.000000][  T123] usb 1-1.4: device descriptor read/all, error -71
            [    3.000000] usb 1-1.4: device descriptor read/8, error -71
            [    4.000000] usb 1-1: New USB device found, idVendor=0483, idProduct=df11, bcdDevice=22.00
            [    5.000000] usb 1-3: USB disconnect, device number 4
            [    6.000000] usb 2-1: device descriptor read/64, error -71
            """;
        _tree.UsbDevice("2-1", "1d6b", "0104", "found in the meantime", 3);
        Assert.Equal(["1-1.4"], Look(Library).Silent.Select(s => s.Path));
    }

    [Fact]
    public void A_kernel_log_that_may_not_be_read_is_told_where_it_would_matter()
    {
        _kernelLog = null;
        Finds("Fine usb-library", "Note no-board", "Note kernel-log", "Note no-port", "Note udev-rules", "Note no-core");
        Tells("kernel-log", "no permission", "sudo dmesg");
        Bootloader();
        Finds("Fine usb-library", "Fine device", "Note no-port", "Note udev-rules", "Note no-core");
    }

    [Fact]
    public void A_user_without_rights_and_without_the_rules()
    {
        Bootloader();
        Sketch();
        _denied.UnionWith(["/dev/bus/usb/001/007", "/dev/bus/usb/001/008", "/dev/ttyACM0"]);
        Snapshot.Match(DoctorPage.Of(Look(Library)), "doctor-linux-denied");
    }

    [Fact]
    public void The_rules_were_installed_after_the_board_was_plugged_in()
    {
        Bootloader();
        InstallRules(Rules);
        _denied.Add("/dev/bus/usb/001/007");
        Finds("Fine usb-library", "Problem device-denied", "Note no-port", "Fine udev-rules", "Note no-core");
        Tells("device-denied", "0483:DF11 at 1-1.2", "plug it in again");
        Assert.DoesNotContain(Only("device-denied").Remedy, s => s.IsCommand);
    }

    [Fact]
    public void The_user_is_logged_in_over_the_network()
    {
        Bootloader();
        InstallRules(Rules);
        _denied.Add("/dev/bus/usb/001/007");
        _account = _account with { IsRemote = true };
        Finds("Fine usb-library", "Problem device-denied", "Note no-port", "Fine udev-rules", "Note no-core");
        Tells("device-denied", "network", "SUBSYSTEM==\"usb\", ATTR{idVendor}==\"0483\", ATTR{idProduct}==\"df11\", GROUP=\"plugdev\", MODE=\"0660\"");
    }

    [Fact]
    public void A_board_that_no_rule_covers()
    {
        _tree.UsbDevice("1-1", "1209", "0001", "My bootloader", number: 7);
        _tree.UsbInterface("1-1", 0, "fe", "01", "02", null);
        InstallRules(Rules);
        _denied.Add("/dev/bus/usb/001/007");
        Finds("Fine usb-library", "Problem device-denied", "Note no-port", "Fine udev-rules", "Note no-core");
        Tells("device-denied", "1209:0001 at 1-1 (My bootloader)", "61-my-board.rules", "SUBSYSTEM==\"usb\", ATTR{idVendor}==\"1209\", ATTR{idProduct}==\"0001\", TAG+=\"uaccess\"");
    }

    [Fact]
    public void The_user_has_joined_the_group_and_not_logged_in_again()
    {
        Sketch();
        _tree.Text("etc/group", "dialout:x:20:bob,ada\n");
        _denied.Add("/dev/ttyACM0");
        Finds("Fine usb-library", "Fine device", "Problem port-denied", "Note udev-rules", "Note no-core");
        Tells("port-denied", "/dev/ttyACM0", "ada is in the group dialout", "log out");
        Assert.DoesNotContain(Only("port-denied").Remedy, s => s.IsCommand);
    }

    [Fact]
    public void Other_programs_use_the_board_and_the_port()
    {
        Bootloader("usbfs");
        Sketch();
        _tree.Process(321, "ModemManager", "/dev/null", "/dev/ttyACM0");
        _tree.Process(4321, "dfu-util", "/dev/bus/usb/001/007");
        _tree.Process(5, "kthreadd");
        Finds("Fine usb-library", "Problem device-held", "Fine device", "Problem port-held", "Note udev-rules", "Problem modem-manager", "Note no-core");
        Tells("device-held", "0483:DF11 at 1-1.2", "dfu-util (process 4321)");
        Tells("port-held", "/dev/ttyACM0", "ModemManager (process 321)", "sudo scripts/install-udev.sh");
        Tells("modem-manager", "sudo scripts/install-udev.sh");
    }

    [Fact]
    public void A_serial_monitor_has_the_port_open()
    {
        Sketch();
        InstallRules(Rules);
        _tree.Process(77, "serial-monitor", "/dev/ttyACM0");
        _tree.Process(321, "ModemManager");
        Finds("Fine usb-library", "Fine device", "Problem port-held", "Fine udev-rules", "Fine modem-manager", "Note no-core");
        Tells("port-held", "/dev/ttyACM0", "serial-monitor (process 77)", "Close it");
    }

    [Fact]
    public void Rules_of_another_version_are_installed()
    {
        InstallRules("# other rules\n");

        Assert.Equal(FindingLevel.Note, Only("udev-rules").Level);
        Tells("udev-rules", "60-upload-helper.rules", "not those of this version", "sudo scripts/install-udev.sh");
    }

    [Fact]
    public void A_rules_file_in_etc_overrides_that_of_a_package()
    {
        _tree.Text("usr/lib/udev/rules.d/60-upload-helper.rules", Rules);
        Assert.Equal(FindingLevel.Fine, Only("udev-rules").Level);

        InstallRules("# other rules\n");
        Assert.Equal(FindingLevel.Note, Only("udev-rules").Level);
    }

    [Fact]
    public void In_a_container_without_udev_and_without_libusb()
    {
        File.Delete(_tree.At("run/udev/control"));
        Directory.Delete(_tree.At("sys"), recursive: true);
        _account = new LinuxAccount("root", 0, [0], IsRemote: false);
        var library = new UsbLibraryState(
            null, "The library libusb-1.0 was not found (tried libusb-1.0.so.0). It comes with the package libusb-1.0-0.");

        Assert.Equal(
            ["Problem usb-library", "Note no-usb", "Note no-port", "Note udev-rules", "Note no-udev", "Note no-core"],
            DoctorPage.Findings(Look(library)).Select(f => $"{f.Level} {f.Code}"));
        Tells("no-usb", "/sys/bus/usb is missing", "--usbip");
        Tells("udev-rules", "root");
    }

    [Fact]
    public void A_port_without_USB_is_not_a_problem()
    {
        _tree.Text("dev/ttyS0", "");
        Directory.CreateDirectory(_tree.At("sys/devices/pnp0/00:04/tty/ttyS0"));
        _tree.Link("sys/devices/pnp0/00:04/tty/ttyS0/device", "../../../00:04");
        _tree.Link("sys/class/tty/ttyS0", "../../devices/pnp0/00:04/tty/ttyS0");
        _denied.Add("/dev/ttyS0");

        var finding = Only("port");

        Assert.Equal(FindingLevel.Fine, finding.Level);
        Assert.StartsWith("/dev/ttyS0", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_that_ends_meanwhile_is_left_out()
    {
        Directory.CreateDirectory(_tree.At("proc/99"));
        Sketch();

        Assert.Empty(Assert.Single(Look(Library).Ports).Holders);
    }

    private void Bootloader(string? driver = null)
    {
        _tree.UsbDevice("1-1.2", "0483", "df11", "STM32  BOOTLOADER", number: 7);
        _tree.UsbInterface("1-1.2", 0, "fe", "01", "02", driver);
    }

    private void Sketch()
    {
        _tree.UsbDevice("1-2", "1eaf", "0004", "Maple", number: 8);
        _tree.UsbInterface("1-2", 0, "02", "02", "01", "cdc_acm");
        _tree.Port("ttyACM0", "1-2");
    }

    private void InstallRules(string text) => _tree.Text("etc/udev/rules.d/60-upload-helper.rules", text);

    private void Finds(params string[] expected) => Assert.Equal(expected, DoctorPage.Findings(Look(Library)).Select(f => $"{f.Level} {f.Code}"));

    // In what was found and in what to do about it, taken together.
    private void Tells(string code, params string[] facts)
    {
        var finding = DoctorPage.Findings(Look(Library)).First(f => f.Code == code);
        var text = string.Join('\n', [finding.Text, .. finding.Remedy.Select(s => s.Text)]);
        Assert.All(facts, f => Assert.Contains(f, text, StringComparison.Ordinal));
    }

    private Finding Only(string code) => Assert.Single(DoctorPage.Findings(Look(Library)), f => f.Code == code);

    private Situation Look(UsbLibraryState library) =>
        new LinuxInspection(_tree.Root, _account, new Files(_tree.Root, _denied), () => _kernelLog).Inspect(library, Rules);

    /// <summary>Rights as a situation has them: those of this process say nothing of it.</summary>
    private sealed class Files(string root, HashSet<string> denied) : IFileRights
    {
        public bool MayOpen(string path) => !denied.Contains(path[root.Length..]);

        public uint? GroupOf(string path) => path.Contains("/tty", StringComparison.Ordinal) ? Dialout : 0;
    }
}

/// <summary>The findings of a situation, and the page of doctor for it.</summary>
internal static class DoctorPage
{
    private static readonly RepairCommands Commands = new("sudo scripts/install-udev.sh", "scripts/install-arduino.sh");

    public static IReadOnlyList<Finding> Findings(Situation situation) => new Findings(Commands).Of(situation);

    public static string Of(Situation situation) =>
        string.Join('\n', FindingsReport.Page("upload-helper 1.2.3, .NET 10.0.0, Debian GNU/Linux 12 (x64)", Findings(situation))) + "\n";
}
