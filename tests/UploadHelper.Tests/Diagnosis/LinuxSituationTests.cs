using UploadHelper.Core.Diagnosis;
using UploadHelper.Devices.Diagnosis;
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
    private LinuxAccount _account = new("ada", User, [User], IsRemote: false);

    public LinuxSituationTests()
    {
        _tree.Text("etc/group", "root:x:0:\ndialout:x:20:\nada:x:1000:\n");
        _tree.Text("run/udev/control", "");
    }

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void All_is_well()
    {
        Bootloader();
        Sketch();
        InstallRules(Rules);
        Match("doctor-linux-fine");
    }

    [Fact]
    public void Nothing_is_plugged_in() => Match("doctor-linux-nothing");

    [Fact]
    public void A_user_without_rights_and_without_the_rules()
    {
        Bootloader();
        Sketch();
        _denied.UnionWith(["/dev/bus/usb/001/007", "/dev/bus/usb/001/008", "/dev/ttyACM0"]);
        Match("doctor-linux-denied");
    }

    [Fact]
    public void The_rules_came_after_the_board()
    {
        Bootloader();
        InstallRules(Rules);
        _denied.Add("/dev/bus/usb/001/007");
        Match("doctor-linux-plugged-before-rules");
    }

    [Fact]
    public void The_user_came_over_the_network()
    {
        Bootloader();
        InstallRules(Rules);
        _denied.Add("/dev/bus/usb/001/007");
        _account = _account with { IsRemote = true };
        Match("doctor-linux-remote");
    }

    [Fact]
    public void A_board_that_no_rule_names()
    {
        _tree.UsbDevice("1-1", "1209", "0001", "My bootloader", number: 7);
        _tree.UsbInterface("1-1", 0, "fe", "01", "02", null);
        InstallRules(Rules);
        _denied.Add("/dev/bus/usb/001/007");
        Match("doctor-linux-unknown-board");
    }

    [Fact]
    public void The_user_has_joined_the_group_and_not_logged_in_again()
    {
        Sketch();
        _tree.Text("etc/group", "dialout:x:20:bob,ada\n");
        _denied.Add("/dev/ttyACM0");
        Match("doctor-linux-not-logged-in-again");
    }

    [Fact]
    public void Other_programs_hold_the_board_and_the_port()
    {
        Bootloader("usbfs");
        Sketch();
        _tree.Process(321, "ModemManager", "/dev/null", "/dev/ttyACM0");
        _tree.Process(4321, "dfu-util", "/dev/bus/usb/001/007");
        _tree.Process(5, "kthreadd");
        Match("doctor-linux-held");
    }

    [Fact]
    public void A_serial_monitor_has_the_port_open()
    {
        Sketch();
        InstallRules(Rules);
        _tree.Process(77, "serial-monitor", "/dev/ttyACM0");
        _tree.Process(321, "ModemManager");
        Match("doctor-linux-serial-monitor");
    }

    [Fact]
    public void Rules_of_another_version_are_installed()
    {
        InstallRules("# other rules\n");

        Assert.Equal("The udev rules 60-upload-helper.rules are installed, but are not those of this version.", Only("udev-rules").Text);
    }

    [Fact]
    public void A_rules_file_in_etc_hides_that_of_a_package()
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
        _account = new LinuxAccount("root", 0, [0], IsRemote: false);
        var library = new UsbLibraryState(
            null, "The library libusb-1.0 was not found (tried libusb-1.0.so.0). It comes with the package libusb-1.0-0.");

        Snapshot.Match(DoctorPage.Of(Look(library)), "doctor-linux-container");
    }

    [Fact]
    public void A_port_of_the_machine_itself_is_no_problem()
    {
        _tree.Text("dev/ttyS0", "");
        Directory.CreateDirectory(_tree.At("sys/devices/pnp0/00:04/tty/ttyS0"));
        _tree.Link("sys/devices/pnp0/00:04/tty/ttyS0/device", "../../../00:04");
        _tree.Link("sys/class/tty/ttyS0", "../../devices/pnp0/00:04/tty/ttyS0");
        _denied.Add("/dev/ttyS0");

        var finding = Only("port");

        Assert.Equal((FindingLevel.Fine, "/dev/ttyS0: no USB ids are known, may not be opened by this user"), (finding.Level, finding.Text));
    }

    [Fact]
    public void A_process_that_ends_during_the_look_is_left_out()
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

    private void Match(string snapshot) => Snapshot.Match(DoctorPage.Of(Look(Library)), snapshot);

    private Finding Only(string code) => Assert.Single(DoctorPage.Findings(Look(Library)), f => f.Code == code);

    private Situation Look(UsbLibraryState library) =>
        new LinuxInspection(_tree.Root, _account, new Files(_tree.Root, _denied)).Look(library, Rules);

    /// <summary>Rights as a situation has them: those of this process say nothing of it.</summary>
    private sealed class Files(string root, HashSet<string> denied) : ILinuxFiles
    {
        public bool MayOpen(string path) => !denied.Contains(path[root.Length..]);

        public uint? GroupOf(string path) => path.Contains("/tty", StringComparison.Ordinal) ? Dialout : 0;
    }
}
