using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.UsbIp;

/// <summary>A device that was imported from a USB/IP server.</summary>
internal sealed class UsbIpOpenDevice : IUsbDevice
{
    private const byte GetDescriptor = 6;
    private const byte SetConfiguration = 9;
    private const byte SetInterface = 11;
    private const byte SetFeature = 3;
    private const byte UsbPortReset = 4;
    private const ushort DeviceDescriptor = 0x0100;
    private const ushort ConfigurationDescriptor = 0x0200;

    // USB 2.0, 9.2.6.4: a standard request takes at most 5 s.
    private static readonly TimeSpan StandardLimit = TimeSpan.FromSeconds(5);

    private readonly UsbIpTransfers _transfers;
    private byte _configuration;

    public UsbIpOpenDevice(UsbDeviceInfo info, UsbIpTransfers transfers)
    {
        Info = info;
        _transfers = transfers;
    }

    /// <inheritdoc/>
    public UsbDeviceInfo Info { get; }

    /// <inheritdoc/>
    public bool CanReset => true;

    /// <summary>Selects the first configuration, as a host does after it has addressed a device.</summary>
    public void Configure()
    {
        Span<byte> header = stackalloc byte[9];
        var length = ControlIn(new UsbSetup(0x80, GetDescriptor, ConfigurationDescriptor, 0, 9), header, StandardLimit);
        if (length < 6)
        {
            throw new UsbException(UsbFault.Io, $"A configuration descriptor of {length} bytes.");
        }

        _configuration = header[5];
        SelectConfiguration();
    }

    /// <inheritdoc/>
    /// <remarks>The whole device was taken by the import, so that there is nothing to send.</remarks>
    public void Claim(byte interfaceNumber)
    {
    }

    /// <inheritdoc/>
    public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) =>
        ControlOut(new UsbSetup(0x01, SetInterface, alternateSetting, interfaceNumber, 0), [], StandardLimit);

    /// <inheritdoc/>
    public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout) => _transfers.Control(setup, buffer, timeout);

    /// <inheritdoc/>
    public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout) =>
        _transfers.Control(setup, data.ToArray(), timeout);

    /// <inheritdoc/>
    /// <remarks>
    /// The protocol has no message for it. Linux's server takes SET_FEATURE(PORT_RESET) for the device's hub as the wish
    /// to reset the device (drivers/usb/usbip/stub_rx.c, is_reset_device_cmd), and up to Linux 6.7 passes it on to the
    /// device, too, which stalls it. Servers of devices in software take the GET_DESCRIPTOR of 64 bytes with which a
    /// host begins to enumerate.
    /// </remarks>
    public void Reset()
    {
        try
        {
            try
            {
                ControlOut(new UsbSetup(0x23, SetFeature, UsbPortReset, 0, 0), [], StandardLimit);
            }
            catch (UsbException e) when (e.Fault == UsbFault.Stall)
            {
                ControlIn(new UsbSetup(0x80, GetDescriptor, DeviceDescriptor, 0, 64), new byte[64], StandardLimit);
            }

            SelectConfiguration();
        }
        catch (UsbException e) when (e.Fault == UsbFault.Gone)
        {
            // It came back as another device.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _transfers.Dispose();

    private void SelectConfiguration() =>
        ControlOut(new UsbSetup(0x00, SetConfiguration, _configuration, 0, 0), [], StandardLimit);
}
