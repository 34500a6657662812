namespace UploadHelper.Core.Serial;

/// <summary>A serial port as one look shows it.</summary>
/// <param name="Name">Its name as the system wants it: "/dev/ttyACM0", "COM12".</param>
/// <param name="VendorId">idVendor of the USB device behind it, or null where it is none or not known.</param>
/// <param name="ProductId">idProduct of the USB device behind it, or null.</param>
/// <param name="SerialNumber">Its serial number string, or null.</param>
/// <param name="UsbPath">Where that device is plugged in, as <see cref="Usb.UsbDeviceInfo.Path"/>, or null.</param>
public sealed record SerialPortInfo(string Name, ushort? VendorId, ushort? ProductId, string? SerialNumber, string? UsbPath);
