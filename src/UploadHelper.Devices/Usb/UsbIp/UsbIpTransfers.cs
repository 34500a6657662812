using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;

namespace UploadHelper.Devices.Usb.UsbIp;

/// <summary>Control transfers of one imported device, one at a time.</summary>
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
    public int Control(UsbSetup setup, Span<byte> data, TimeSpan timeout)
    {
        try
        {
            return Run(setup, data, timeout);
        }
        catch (UsbIpFormatException e)
        {
            // There is no finding the next message in a stream that has lost its order.
            _connection.Dispose();
            throw new UsbException(UsbFault.Io, $"The USB/IP server sent nonsense: {e.Message}.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private int Run(UsbSetup setup, Span<byte> data, TimeSpan timeout)
    {
        var sequence = ++_sequence;
        Submit(sequence, setup, data);
        if (Await(sequence, data, setup.IsIn, timeout) is { } length)
        {
            return length;
        }

        Unlink(++_sequence, sequence);
        if (Await(sequence, data, setup.IsIn, UsbIpConnection.AnswerLimit, unlink: _sequence) is { } late)
        {
            // An unlink that came too late is answered after its transfer's reply.
            _unanswered.Add(_sequence);
            return late;
        }

        throw new UsbException(UsbFault.Timeout, $"The device did not answer request 0x{setup.Request:X2} within {timeout.TotalMilliseconds:0} ms.");
    }

    private void Submit(uint sequence, UsbSetup setup, ReadOnlySpan<byte> data)
    {
        var direction = setup.IsIn ? UsbIpDirection.In : UsbIpDirection.Out;
        var submit = new UsbIpSubmit(sequence, _deviceId, direction, 0, data.Length, setup);
        // In one piece: two small ones would wait for each other's acknowledgement on some networks.
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

    /// <summary>Waits for the transfer's end, or for the answer to its unlink.</summary>
    /// <returns>Bytes transferred; null when the limit passed or the transfer was taken back.</returns>
    private int? Await(uint sequence, Span<byte> data, bool isIn, TimeSpan limit, uint? unlink = null)
    {
        var start = _time.GetTimestamp();
        while (_connection.WaitForData(start, limit))
        {
            _connection.Receive(_message);
            var header = UsbIpHeader.Read(_message);
            if (header.Command == UsbIpCommand.SubmitReply && header.Sequence == sequence)
            {
                return Finish(UsbIpSubmitReply.Read(_message), data, isIn);
            }

            if (header.Command == UsbIpCommand.UnlinkReply && header.Sequence == unlink)
            {
                return null;
            }

            // Held to what was asked: a server that never stops answering would never be left.
            if (header.Command != UsbIpCommand.UnlinkReply || !_unanswered.Remove(header.Sequence))
            {
                throw new UsbIpFormatException($"a message {header.Command} {header.Sequence} that nobody waits for");
            }
        }

        return unlink is null
            ? null
            : throw new UsbIpFormatException("no answer to an unlink");
    }

    private int Finish(UsbIpSubmitReply reply, Span<byte> data, bool isIn)
    {
        if (reply.Length > data.Length)
        {
            throw new UsbIpFormatException($"{reply.Length} bytes in answer to a transfer of {data.Length}");
        }

        if (isIn)
        {
            _connection.Receive(data[..reply.Length]);
        }

        return reply.Status == UsbIpProtocol.StatusOk ? reply.Length : throw Failed(reply.Status);
    }

    // Linux error numbers: EPIPE; ENODEV, EPROTO, ECONNRESET, ESHUTDOWN.
    private static UsbException Failed(int status) => status switch
    {
        UsbIpProtocol.StatusStall => new UsbException(UsbFault.Stall, "The device stalled the request."),
        -19 or -71 or -104 or UsbIpProtocol.StatusShutdown => new UsbException(UsbFault.Gone, $"The device left the bus (status {status})."),
        _ => new UsbException(UsbFault.Io, $"The transfer failed (status {status})."),
    };
}
