using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Serial.SystemPorts;
using UploadHelper.Devices.Usb.LibUsbDotNet;

namespace UploadHelper.Devices;

// DeviceLayer Packages: LibUsbDotNet 3 and System.IO.Ports, which keeps its own time.
public sealed partial class SystemDevices
{
    private static partial IUsbBus OpenUsb() => WithLibUsb0(new LibUsbDotNetBus());

    private static partial ISerialPorts OpenSerialPorts(Func<IReadOnlyList<SerialPortInfo>> list, TimeProvider time) =>
        new SystemSerialPorts(list);
}
