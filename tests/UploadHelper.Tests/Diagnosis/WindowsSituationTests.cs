using System.Text;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Serial;
using UploadHelper.Devices.Windows;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Diagnosis;

/// <summary>Situations of Windows machines, from extracts of their registries to what the user reads.</summary>
public class WindowsSituationTests
{
    private const string St = @"VID_0483&PID_DF11\315A34663432";
    private const string Sketch = @"VID_1EAF&PID_0004\6&2F&0&1";
    private const string Maple = @"VID_1EAF&PID_0003\LLM 003";

    [Theory]
    [InlineData(St, null, "02", "Problem no-driver", "0483:DF11", "WinUSB", "Zadig")]
    [InlineData(St, "STTub30", "02", "Problem wrong-driver", "STTub30", "WinUSB", "Zadig", "DfuSeDemo")]
    [InlineData(St, "WinUSB", "02", "Fine driver", "0483:DF11", "driver WinUSB")]
    [InlineData(St, "libusbK", "02", "Fine driver", "0483:DF11", "driver libusbK")]
    [InlineData(St, "libusb0", "02", "Fine driver", "0483:DF11", "driver libusb0")]
    [InlineData(St, "usbser", "02", "Problem wrong-driver", "usbser", "WinUSB", "Zadig")]
    [InlineData(Sketch, "usbser", "", "Fine driver", "1EAF:0004", "sketch", "driver usbser")]
    [InlineData(Sketch, null, "", "Problem sketch-no-driver", "1EAF:0004", "usbser")]
    [InlineData(Sketch, "WinUSB", "", "Problem sketch-wrong-driver", "1EAF:0004", "WinUSB", "Device Manager")]
    [InlineData(Maple, null, "02", "Problem no-driver", "1EAF:0003", "libusbK", "Zadig")]
    [InlineData(Maple, "WinUSB", "02", "Note driver", "1EAF:0003", "RESET", "libusbK", "Zadig")]
    [InlineData(Maple, "libusb0", "02", "Fine driver", "1EAF:0003", "driver libusb0")]
    public void The_driver_decides(string instance, string? driver, string protocol, string expected, params string[] facts)
    {
        var findings = DoctorPage.Findings(Situation(Device(instance, driver, protocol)));

        Assert.Equal(["Fine usb-library", expected, "Fine port", "Note no-core"], findings.Select(f => $"{f.Level} {f.Code}"));
        var text = string.Join('\n', [findings[1].Text, .. findings[1].Remedy.Select(s => s.Text)]);
        Assert.All(facts, f => Assert.Contains(f, text, StringComparison.Ordinal));
        Assert.Equal(expected.StartsWith("Fine", StringComparison.Ordinal), findings[1].Remedy.Count == 0);
    }

    [Fact]
    public void The_page_for_a_board_without_a_driver() => Snapshot.Match(DoctorPage.Of(Situation(Device(St, null))), "doctor-windows-no-driver");

    [Fact]
    public void A_board_that_was_unplugged_is_not_listed()
    {
        var situation = Situation(Device(St, "WinUSB"), present: _ => false);

        Assert.Empty(situation.Devices);
        Assert.Contains(DoctorPage.Findings(situation), f => f.Code == "no-board");
    }

    [Fact]
    public void A_board_that_does_not_answer_is_an_unknown_device()
    {
        var registry = new RegistryText(Device(@"VID_0000&PID_0002\5&1", null, protocol: "").Replace("STM32 BOOTLOADER", "Unknown USB Device (Device Descriptor Request Failed)", StringComparison.Ordinal));
        var catalogue = new WindowsCatalogue(registry, _ => true, _ => null);

        var findings = DoctorPage.Findings(new Situation(new UsbLibraryState("1.0.26", null)) { Devices = catalogue.Devices(), Silent = catalogue.Silent(), BindsDrivers = true });

        var silent = Assert.Single(findings, f => f.Code == "device-silent");
        Assert.Equal(FindingLevel.Problem, silent.Level);
        Assert.Contains("Device Descriptor Request Failed", silent.Text, StringComparison.Ordinal);
        Assert.Contains(silent.Remedy, s => s.Text.Contains("PA10", StringComparison.Ordinal));
        Assert.Empty(new WindowsCatalogue(registry, _ => false, _ => null).Silent());
    }

    [Fact]
    public void The_interfaces_represent_a_composite_device()
    {
        var registry = Device(@"VID_1D50&PID_6017\7&1", "usbccgp") + Device(@"VID_1D50&PID_6017&MI_00\8&2", "WinUSB");

        var device = Assert.Single(Situation(registry).Devices);

        Assert.Equal(["WinUSB"], device.Drivers);
        Assert.True(device.IsDfu);
    }

    [Fact]
    public void An_unknown_device_is_a_board_in_dfu_mode_but_not_with_run_time_dfu()
    {
        var registry = Device(@"VID_1209&PID_0001\1", "WinUSB") + Device(@"VID_1209&PID_0002\1", null, protocol: "01");

        Assert.Equal([true, false], Situation(registry).Devices.Select(d => d.IsDfu));
        Assert.Single(DoctorPage.Findings(Situation(registry)), f => f.Topic == FindingTopic.UsbDevices);
    }

    private static Situation Situation(string registry, Func<string, bool>? present = null) => new(new UsbLibraryState("1.0.26", null))
    {
        Devices = new WindowsCatalogue(new RegistryText(registry), present ?? (_ => true), _ => null).Devices(),
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
