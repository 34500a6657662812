using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Windows;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Devices.Windows;

/// <summary>Ports and drivers from extracts of registries; the devices are tested with the pages of doctor.</summary>
public class WindowsCatalogueTests
{
    [Fact]
    public void A_port_has_the_ids_and_the_serial_number_of_its_device()
    {
        var catalogue = Catalogue(
            """
            [HKEY_LOCAL_MACHINE\HARDWARE\DEVICEMAP\SERIALCOMM]
            "\\Device\\USBSER000"="COM5"
            "\\Device\\Serial0"="COM1"
            "\\Device\\USBSER001"="COM12"

            [HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Enum\USB\VID_0483&PID_5740\207C356E3251\Device Parameters]
            "PortName"="COM5"

            [HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Enum\USB\VID_1EAF&PID_0004&MI_00\6&2F&0&0\Device Parameters]
            "PortName"="COM12"

            [HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Enum\USB\ROOT_HUB30\4&1\Device Parameters]
            "PortName"="COM1"
            """);

        Assert.Equal(
            [
                new SerialPortInfo("COM1", null, null, null, null),
                new SerialPortInfo("COM12", 0x1EAF, 0x0004, null, null),
                new SerialPortInfo("COM5", 0x0483, 0x5740, "207C356E3251", null),
            ],
            catalogue.SerialPorts());
    }

    /// <summary>A sketch with USB ids of its own is known by the name that Arduino_Core_STM32 gives it.</summary>
    [Theory]
    [InlineData("FEATHER_F405 CDC in FS Mode", new[] { ResetWay.MapleMagic, ResetWay.Touch })]
    [InlineData("Feather M4 Express", new[] { ResetWay.MapleMagic })]
    [InlineData(null, new[] { ResetWay.MapleMagic })]
    public void The_name_of_its_device_decides_whether_it_is_touched(string? product, ResetWay[] ways)
    {
        const string Instance = @"USB\VID_239A&PID_8005\385C36663235";
        var catalogue = Catalogue(
            $"""
            [HKEY_LOCAL_MACHINE\HARDWARE\DEVICEMAP\SERIALCOMM]
            "\\Device\\USBSER000"="COM5"

            [HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Enum\{Instance}\Device Parameters]
            "PortName"="COM5"
            """,
            instance => instance == Instance ? product : throw new ArgumentException(instance));

        var port = Assert.Single(catalogue.SerialPorts());

        Assert.Equal(product, port.Product);
        Assert.Equal(ways, SketchPort.WaysOf(port));
    }

    [Fact]
    public void Without_ports_the_list_is_empty() => Assert.Empty(Catalogue("").SerialPorts());

    [Fact]
    public void The_drivers_of_absent_devices_are_known_too()
    {
        var catalogue = Catalogue(
            """
            [HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Enum\USB\VID_1EAF&PID_0003\LLM 003]
            "Service"="libusbK"

            [HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Enum\USB\VID_1EAF&PID_0003\6&2F&0&1]
            "Service"="WinUSB"

            [HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Enum\USB\VID_1EAF&PID_0003\6&2F&0&2]
            "Service"="WinUSB"
            """);

        Assert.Equal(["libusbK", "WinUSB"], catalogue.DriversOf(new UsbId(0x1EAF, 0x0003)));
        Assert.Empty(catalogue.DriversOf(new UsbId(0x0483, 0xDF11)));
    }

    private static WindowsCatalogue Catalogue(string registry, Func<string, string?>? product = null) =>
        new(new RegistryText(registry), _ => false, product ?? (_ => null));
}
