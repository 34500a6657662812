using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;

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

    // The same: the first data of its answer after 500 ms at most. As much again for the network.
    private static readonly TimeSpan FirstDataLimit = TimeSpan.FromSeconds(1);

    private readonly UsbIpTransfers _transfers;
    private byte _configuration;
    private bool _isPending;

    public UsbIpOpenDevice(UsbDeviceInfo info, UsbIpTransfers transfers)
    {
        Info = info;
        _transfers = transfers;
    }

    /// <inheritdoc/>
    public UsbDeviceInfo Info { get; }

    /// <inheritdoc/>
    public bool CanReset => true;

    /// <summary>
    /// Selects the first configuration, as a host does after it has addressed a device. If the device does not respond, the next
    /// request shows it; if it only was busy, it is configured after the next request.
    /// </summary>
    public void Configure()
    {
        try
        {
            SelectFirstConfiguration();
        }
        catch (UsbException e) when (e.Fault is UsbFault.Timeout or UsbFault.Gone)
        {
            _isPending = true;
        }
    }

    /// <inheritdoc/>
    /// <remarks>The import has claimed the whole device; nothing is sent.</remarks>
    public void Claim(byte interfaceNumber)
    {
    }

    /// <inheritdoc/>
    public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) =>
        ControlOut(new UsbSetup(0x01, SetInterface, alternateSetting, interfaceNumber, 0), [], StandardLimit);

    /// <inheritdoc/>
    public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout) => Request(setup, buffer, timeout);

    /// <inheritdoc/>
    public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout) =>
        Request(setup, data.ToArray(), timeout);

    /// <inheritdoc/>
    public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout) => _transfers.InterruptIn(endpoint, buffer, timeout);

    /// <inheritdoc/>
    /// <remarks>
    /// The protocol has no message for this. The server of Linux resets the device when it receives SET_FEATURE(PORT_RESET)
    /// for its hub (drivers/usb/usbip/stub_rx.c, is_reset_device_cmd); up to Linux 6.7 it also passes the request on to the
    /// device, which stalls it. Servers of devices in software recognise a reset by the GET_DESCRIPTOR of 64 bytes with which
    /// a host begins an enumeration.
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
            // It has enumerated as another device.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _transfers.Dispose();

    private int Request(UsbSetup setup, Span<byte> data, TimeSpan timeout)
    {
        var length = _transfers.Control(setup, data, timeout);
        if (_isPending)
        {
            _isPending = false;
            SelectFirstConfiguration();
        }

        return length;
    }

    private void SelectFirstConfiguration()
    {
        Span<byte> header = stackalloc byte[9];
        var length = _transfers.Control(new UsbSetup(0x80, GetDescriptor, ConfigurationDescriptor, 0, 9), header, FirstDataLimit);
        if (length < 6)
        {
            throw new UsbException(UsbFault.Io, $"The configuration descriptor has only {length} bytes.");
        }

        _configuration = header[5];
        SelectConfiguration();
    }

    private void SelectConfiguration() =>
        ControlOut(new UsbSetup(0x00, SetConfiguration, _configuration, 0, 0), [], StandardLimit);
}

/// <summary>The transfers of one imported device, one at a time.</summary>
internal sealed class UsbIpTransfers : IDisposable
{
    private readonly IUsbIpConnection _connection;
    private readonly uint _deviceId;
    private readonly TimeProvider _time;
    private readonly byte[] _message = new byte[UsbIpHeader.MessageSize];
    private readonly HashSet<uint> _unanswered = [];
    private uint _sequence;

    public UsbIpTransfers(IUsbIpConnection connection, uint deviceId, TimeProvider time)
    {
        _connection = connection;
        _deviceId = deviceId;
        _time = time;
    }

    /// <summary>One transfer to or from endpoint 0; the setup packet says which way.</summary>
    /// <param name="setup">The request.</param>
    /// <param name="data">The data stage: sent, or filled with the answer.</param>
    /// <param name="timeout">Time limit.</param>
    /// <returns>Bytes transferred.</returns>
    /// <exception cref="UsbException">As the contract of <see cref="IUsbDevice"/> says.</exception>
    public int Control(UsbSetup setup, Span<byte> data, TimeSpan timeout) => Run(new Target(0, setup.IsIn, setup), data, timeout);

    /// <summary>One packet from an interrupt endpoint.</summary>
    /// <param name="endpoint">Its address.</param>
    /// <param name="data">Filled with the packet.</param>
    /// <param name="timeout">Time limit.</param>
    /// <returns>Bytes received.</returns>
    /// <exception cref="UsbException">As the contract of <see cref="IUsbDevice"/> says.</exception>
    public int InterruptIn(byte endpoint, Span<byte> data, TimeSpan timeout)
    {
        const byte NumberBits = 0x0F;
        TransferArguments.Milliseconds(endpoint, data.Length, timeout);
        return Run(new Target((byte)(endpoint & NumberBits), IsIn: true, default), data, timeout);
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private int Run(Target target, Span<byte> data, TimeSpan timeout)
    {
        try
        {
            return RunOnce(target, data, timeout);
        }
        catch (UsbIpFormatException e)
        {
            throw Lost($"The USB/IP server sent an invalid message: {e.Message}.", e);
        }
    }

    private int RunOnce(Target target, Span<byte> data, TimeSpan timeout)
    {
        var sequence = ++_sequence;
        Submit(sequence, target, data);
        if (Await(sequence, data, target.IsIn, timeout) is { } length)
        {
            return length;
        }

        Unlink(++_sequence, sequence);
        if (Await(sequence, data, target.IsIn, UsbIpConnection.AnswerLimit, unlink: _sequence) is { } late)
        {
            // An unlink that arrives too late is answered after the reply to its transfer.
            _unanswered.Add(_sequence);
            return late;
        }

        throw new UsbException(UsbFault.Timeout, $"The device did not answer {target} within {timeout.TotalMilliseconds:0} ms.");
    }

    private void Submit(uint sequence, Target target, ReadOnlySpan<byte> data)
    {
        var direction = target.IsIn ? UsbIpDirection.In : UsbIpDirection.Out;
        var submit = new UsbIpSubmit(sequence, _deviceId, direction, target.Endpoint, data.Length, target.Setup);
        // In one piece: on some networks the second of two small packets waits for the acknowledgement of the first.
        var message = new byte[UsbIpHeader.MessageSize + submit.DataLength];
        submit.Write(message);
        data[..submit.DataLength].CopyTo(message.AsSpan(UsbIpHeader.MessageSize));
        _connection.Send(message);
    }

    private void Unlink(uint sequence, uint unlinked)
    {
        new UsbIpUnlink(sequence, _deviceId, unlinked).Write(_message);
        _connection.Send(_message);
    }

    /// <summary>Waits for the end of the transfer, or for the answer to its unlink.</summary>
    /// <returns>Bytes transferred; null if the limit passed or the transfer was unlinked.</returns>
    private int? Await(uint sequence, Span<byte> data, bool isIn, TimeSpan limit, uint? unlink = null)
    {
        var start = _time.GetTimestamp();
        while (_connection.WaitForData(start, limit))
        {
            Receive(_message);
            var header = UsbIpHeader.Read(_message);
            if (header.Command == UsbIpCommand.SubmitReply && header.Sequence == sequence)
            {
                return Finish(UsbIpSubmitReply.Read(_message), data, isIn);
            }

            if (header.Command == UsbIpCommand.UnlinkReply && header.Sequence == unlink)
            {
                return null;
            }

            // Only expected answers are accepted: otherwise a server that never stops sending would keep this loop running.
            if (header.Command != UsbIpCommand.UnlinkReply || !_unanswered.Remove(header.Sequence))
            {
                throw new UsbIpFormatException($"unexpected message {header.Command} {header.Sequence}");
            }
        }

        return unlink is null
            ? null
            : throw new UsbIpFormatException("no reply to an unlink");
    }

    private void Receive(Span<byte> buffer)
    {
        try
        {
            _connection.Receive(buffer);
        }
        catch (UsbException e) when (e.Fault == UsbFault.Io)
        {
            throw Lost(e.Message, e);
        }
    }

    // After half a message or a malformed one, the beginning of the next cannot be found. The next transfer finds the device gone, and whoever
    // has more to do opens it again.
    private UsbException Lost(string message, Exception inner)
    {
        _connection.Dispose();
        return new UsbException(UsbFault.Io, message, inner);
    }

    private int Finish(UsbIpSubmitReply reply, Span<byte> data, bool isIn)
    {
        if (reply.Length > data.Length)
        {
            throw new UsbIpFormatException($"{reply.Length} bytes in reply to a transfer of {data.Length}");
        }

        if (isIn)
        {
            Receive(data[..reply.Length]);
        }

        return reply.Status == UsbIpProtocol.StatusOk ? reply.Length : throw Failed(reply.Status);
    }

    // Where a transfer goes: on endpoint 0, the setup packet says which request it is.
    private readonly record struct Target(byte Endpoint, bool IsIn, UsbSetup Setup)
    {
        public override string ToString() => Endpoint == 0 ? $"request 0x{Setup.Request:X2}" : $"at endpoint {Endpoint}";
    }

    // Linux error numbers: EPIPE; ENODEV, EPROTO, ECONNRESET, ESHUTDOWN.
    private static UsbException Failed(int status) => status switch
    {
        UsbIpProtocol.StatusStall => new UsbException(UsbFault.Stall, "The device stalled the request."),
        -19 or -104 or UsbIpProtocol.StatusNoHandshake or UsbIpProtocol.StatusShutdown => new UsbException(UsbFault.Gone, $"The device is no longer on the bus (status {status})."),
        _ => new UsbException(UsbFault.Io, $"The transfer failed (status {status})."),
    };
}
