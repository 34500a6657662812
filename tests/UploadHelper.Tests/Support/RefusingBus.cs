using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Tests.Support;

/// <summary>A bus on which devices refuse some requests: UPLOAD by a STALL, DNLOAD afterwards, and both by their status.</summary>
/// <param name="bus">The bus underneath.</param>
/// <param name="status">The status behind a refusal, in dfuERROR.</param>
/// <param name="refused">The class requests (DFU 1.1, 3) that are refused.</param>
internal sealed class RefusingBus(IUsbBus bus, DfuStatusCode status, params byte[] refused) : IUsbBus
{
    public const byte Download = 1;
    public const byte Upload = 2;
    private const byte GetStatus = 3;
    private const byte ClearStatus = 4;
    private const byte ToDevice = 0x21;
    private const byte FromDevice = 0xA1;

    /// <summary>A device that lets nothing be read, as with read protection (AN3156).</summary>
    public static RefusingBus ReadProtected(IUsbBus bus) => new(bus, DfuStatusCode.ErrVendor, Upload);

    public IReadOnlyList<UsbDeviceInfo> List() => bus.List();

    public IUsbDevice Open(UsbDeviceInfo device) => new Device(bus.Open(device), status, refused);

    private sealed class Device(IUsbDevice device, DfuStatusCode status, byte[] refused) : IUsbDevice
    {
        private bool _refused;

        public UsbDeviceInfo Info => device.Info;

        public bool CanReset => device.CanReset;

        public void Claim(byte interfaceNumber) => device.Claim(interfaceNumber);

        public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) => device.SetAlternateSetting(interfaceNumber, alternateSetting);

        public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
        {
            if (setup.RequestType == FromDevice && refused.Contains(setup.Request))
            {
                _refused = true;
                throw new UsbException(UsbFault.Stall, "refused");
            }

            var received = device.ControlIn(setup, buffer, timeout);
            if (_refused && setup is { RequestType: FromDevice, Request: GetStatus })
            {
                (buffer[0], buffer[4]) = ((byte)status, (byte)DfuState.Error);
            }

            return received;
        }

        public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout)
        {
            if (setup.RequestType == ToDevice && refused.Contains(setup.Request))
            {
                _refused = true;
                return;
            }

            if (_refused && setup is { RequestType: ToDevice, Request: ClearStatus })
            {
                // From dfuERROR, which only this bus knows of.
                _refused = false;
                return;
            }

            device.ControlOut(setup, data, timeout);
        }

        public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout) => device.InterruptIn(endpoint, buffer, timeout);

        public void Reset() => device.Reset();

        public void Dispose() => device.Dispose();
    }
}
