using System.Text;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Serial;
using UploadHelper.Devices.Diagnosis;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Diagnosis;

/// <summary>Situations of Windows machines, from extracts of their registries to what the user reads.</summary>
public class WindowsSituationTests
{
    private const string St = @"VID_0483&PID_DF11\315A34663432";
    private const string Sketch = @"VID_1EAF&PID_0004\6&2F&0&1";
    private const string Maple = @"VID_1EAF&PID_0003\LLM 003";

    [Theory]
    [InlineData("doctor-windows-no-driver", St, null)]
    [InlineData("doctor-windows-sttub30", St, "STTub30")]
    [InlineData("doctor-windows-winusb", St, "WinUSB")]
    [InlineData("doctor-windows-libusbk", St, "libusbK")]
    [InlineData("doctor-windows-libusb0", St, "libusb0")]
    [InlineData("doctor-windows-usbser", St, "usbser")]
    [InlineData("doctor-windows-sketch", Sketch, "usbser", "")]
    [InlineData("doctor-windows-sketch-no-driver", Sketch, null, "")]
    [InlineData("doctor-windows-sketch-winusb", Sketch, "WinUSB", "")]
    [InlineData("doctor-windows-maple-no-driver", Maple, null)]
    [InlineData("doctor-windows-maple-winusb", Maple, "WinUSB")]
    [InlineData("doctor-windows-maple-libusb0", Maple, "libusb0")]
    public void The_driver_decides(string snapshot, string instance, string? driver, string dfu = "02") =>
        Snapshot.Match(DoctorPage.Of(Situation(Device(instance, driver, dfu))), snapshot);

    [Fact]
    public void A_board_that_was_there_once_is_not_there_now()
    {
        var situation = Situation(Device(St, "WinUSB"), present: _ => false);

        Assert.Empty(situation.Devices);
        Assert.Contains(DoctorPage.Findings(situation), f => f.Code == "no-board");
    }

    [Fact]
    public void The_interface_of_a_composite_device_stands_for_it()
    {
        var registry = Device(@"VID_1D50&PID_6017\7&1", "usbccgp") + Device(@"VID_1D50&PID_6017&MI_00\8&2", "WinUSB");

        var device = Assert.Single(Situation(registry).Devices);

        Assert.Equal(["WinUSB"], device.Drivers);
        Assert.True(device.IsDfu);
    }

    [Fact]
    public void An_unknown_device_in_dfu_mode_is_a_board_and_run_time_dfu_is_not()
    {
        var registry = Device(@"VID_1209&PID_0001\1", "WinUSB") + Device(@"VID_1209&PID_0002\1", null, protocol: "01");

        Assert.Equal([true, false], Situation(registry).Devices.Select(d => d.IsDfu));
        Assert.Single(DoctorPage.Findings(Situation(registry)), f => f.Topic == FindingTopic.UsbDevices);
    }

    private static Situation Situation(string registry, Func<string, bool>? present = null) => new(new UsbLibraryState("1.0.26", null))
    {
        Devices = new WindowsUsbCatalogue(new RegistryText(registry), present ?? (_ => true)).List(),
        Ports = [new SeenPort(new SerialPortInfo("COM5", 0x0483, 0x5740, "207C356E3251", null))],
        BindsDrivers = true,
    };

    // As Windows 10 keeps a device; what does not matter here is left out.
    private static string Device(string instance, string? driver, string protocol = "02") =>
        $"""
        [HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Enum\USB\{instance}]
        "DeviceDesc"="@oem12.inf,%devicename%;STM32 BOOTLOADER"
        "HardwareID"=hex(7):55,00,53,00,42,00,00,00,00,00
        "CompatibleIDs"=hex(7):{(protocol.Length == 0 ? Hex(@"USB\Class_02") : Hex($@"USB\Class_FE&SubClass_01&Prot_{protocol}", @"USB\Class_FE&SubClass_01", @"USB\Class_FE"))}
        {(driver is null ? "" : $"\"Service\"=\"{driver}\"")}

        """;

    private static string Hex(params string[] texts) =>
        string.Join(",", Encoding.Unicode.GetBytes(string.Concat(texts.Select(t => t + "\0")) + "\0").Select(b => b.ToString("x2", null)));
}
