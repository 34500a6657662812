using UploadHelper.Core.Usb;

namespace UploadHelper.VirtualBoard.UsbIp;

/// <summary>A transfer that a host asked for (what Linux calls an URB).</summary>
internal sealed class Transfer
{
    /// <param name="sequence">The host's number of it.</param>
    /// <param name="endpoint">Endpoint address: bit 7 set for IN; 0 is endpoint 0 in both directions.</param>
    /// <param name="setup">The setup packet on endpoint 0.</param>
    /// <param name="length">Bytes to send, or room for bytes to receive.</param>
    /// <param name="data">What goes to the device.</param>
    public Transfer(uint sequence, byte endpoint, UsbSetup setup, int length, byte[] data)
    {
        Sequence = sequence;
        Endpoint = endpoint;
        Setup = setup;
        Length = length;
        Data = data;
    }

    public uint Sequence { get; }

    public byte Endpoint { get; }

    public UsbSetup Setup { get; }

    public int Length { get; }

    /// <summary>What goes to the device, or what has come from it so far.</summary>
    public byte[] Data { get; set; }

    /// <summary>Bytes of the data stage that the device has taken so far.</summary>
    public int Taken { get; set; }
}
