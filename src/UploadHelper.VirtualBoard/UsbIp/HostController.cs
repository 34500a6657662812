using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.UsbIp;

/// <summary>
/// What a host controller does for one enumeration of a board: it keeps each endpoint's transfers in order, retries one
/// that was NAKed while the others go on, and cancels transfers. When the device leaves the bus, all of them fail.
/// </summary>
internal sealed class HostController : IBoardClient
{
    private readonly int _generation;
    private readonly Dictionary<byte, int> _packetSizes;
    private readonly ControlPipe _control = new();
    private readonly List<Transfer> _data = [];
    private readonly Action<Transfer, int> _completed;
    private readonly Action _ended;

    /// <param name="device">The enumeration.</param>
    /// <param name="completed">Called for each transfer that ends, with its status (0 or a negative Linux error number).</param>
    /// <param name="ended">Called once, when the enumeration is over and all transfers have ended.</param>
    public HostController(AttachedDevice device, Action<Transfer, int> completed, Action ended)
    {
        _generation = device.Generation;
        _packetSizes = PacketSizes(device.ConfigurationDescriptor.Span);
        _completed = completed;
        _ended = ended;
    }

    /// <summary>Transfers that have not ended.</summary>
    public int Pending => _data.Count + _control.Pending;

    /// <summary>Whether the enumeration is over; transfers fail at once.</summary>
    public bool Ended { get; private set; }

    /// <summary>Whether the host is resetting the port, so that it may not know yet that the enumeration is over.</summary>
    public bool IsInReset => _control.IsInReset;

    /// <summary>Submits a transfer; it starts when the controller is served next.</summary>
    public void Submit(Transfer transfer)
    {
        if (Ended)
        {
            _completed(transfer, UsbIpProtocol.StatusShutdown);
        }
        else if (transfer.Endpoint == 0)
        {
            _control.Submit(transfer);
        }
        else
        {
            _data.Add(transfer);
        }
    }

    /// <summary>Cancels a transfer.</summary>
    /// <returns>False when it has ended already.</returns>
    public bool Unlink(uint sequence) => _control.Unlink(sequence) || _data.RemoveAll(t => t.Sequence == sequence) > 0;

    /// <inheritdoc/>
    public TimeSpan? Serve(IUsbPort port, TimeSpan now)
    {
        if (Ended)
        {
            return null;
        }

        _control.FinishDue(now, _completed);
        while (IsAttached(port) && (_control.StartNext(port, now, _completed) || ServeData(port)))
        {
        }

        if (!IsAttached(port))
        {
            End();
            return null;
        }

        return _control.NextAt;
    }

    private bool IsAttached(IUsbPort port) => port.Attached?.Generation == _generation;

    private void End()
    {
        Ended = true;
        foreach (var transfer in _control.TakeAll().Concat(_data))
        {
            transfer.Accepted = 0;
            _completed(transfer, UsbIpProtocol.StatusShutdown);
        }

        _data.Clear();
        _ended();
    }

    /// <returns>Whether a packet went through, which may have made the device ready for another.</returns>
    private bool ServeData(IUsbPort port)
    {
        var seen = new HashSet<byte>();
        foreach (var transfer in _data)
        {
            // Only the first transfer of an endpoint is active; the others wait for it.
            if (seen.Add(transfer.Endpoint) && MovePacket(port, transfer) is { } done)
            {
                if (done)
                {
                    _data.Remove(transfer);
                    _completed(transfer, UsbIpProtocol.StatusOk);
                }

                return true;
            }
        }

        return false;
    }

    /// <returns>Whether that packet was the transfer's last; null: the device answered NAK.</returns>
    private bool? MovePacket(IUsbPort port, Transfer transfer)
    {
        var size = _packetSizes.GetValueOrDefault(transfer.Endpoint, 64);
        if ((transfer.Endpoint & 0x80) == 0)
        {
            var packet = transfer.Data.AsSpan(transfer.Accepted, Math.Min(size, transfer.Length - transfer.Accepted));
            if (!port.BulkOut(transfer.Endpoint, packet))
            {
                return null;
            }

            transfer.Accepted += packet.Length;
            return transfer.Accepted == transfer.Length;
        }

        if (port.BulkIn(transfer.Endpoint, Math.Min(size, transfer.Length - transfer.Data.Length)) is not { } received)
        {
            return null;
        }

        transfer.Data = [.. transfer.Data, .. received];
        return received.Length < size || transfer.Data.Length >= transfer.Length;
    }

    /// <summary>wMaxPacketSize of each endpoint descriptor (USB 2.0, 9.6.6).</summary>
    private static Dictionary<byte, int> PacketSizes(ReadOnlySpan<byte> configuration)
    {
        const byte EndpointDescriptor = 5;
        var sizes = new Dictionary<byte, int>();
        while (configuration.Length >= 2 && configuration[0] >= 2 && configuration[0] <= configuration.Length)
        {
            if (configuration[1] == EndpointDescriptor && configuration[0] >= 6)
            {
                sizes[configuration[2]] = configuration[4] | ((configuration[5] & 0x07) << 8);
            }

            configuration = configuration[configuration[0]..];
        }

        return sizes;
    }
}

/// <summary>A transfer that a host submitted (Linux calls it an URB).</summary>
internal sealed class Transfer
{
    /// <param name="sequence">The host's number for it.</param>
    /// <param name="endpoint">Endpoint address: bit 7 set for IN; 0 is endpoint 0 in both directions.</param>
    /// <param name="setup">The setup packet on endpoint 0.</param>
    /// <param name="length">Bytes to send, or room for bytes to receive.</param>
    /// <param name="data">The data to the device.</param>
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

    /// <summary>The data to the device, or the data received from it so far.</summary>
    public byte[] Data { get; set; }

    /// <summary>Bytes of the data stage that the device has accepted so far.</summary>
    public int Accepted { get; set; }
}
