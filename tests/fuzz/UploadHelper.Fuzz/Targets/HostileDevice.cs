using UploadHelper.Core.Usb;

namespace UploadHelper.Fuzz.Targets;

/// <summary>
/// A device whose every answer comes out of an input: first its descriptors, each with its length before it, then one
/// answer for each class request, with what kind of answer it is before it; one that is shorter than the host wants has its length there, too.
/// </summary>
internal sealed class HostileDevice : IUsbDevice
{
    public const byte Answer = 0;
    public const byte Stall = 1;
    public const byte Timeout = 2;
    public const byte Failure = 3;
    public const byte Gone = 4;
    public const byte Short = 5;
    private const byte GetDescriptor = 6;
    private const int MostTransfers = 20_000;

    private readonly byte[] _input;
    private readonly byte[] _device;
    private readonly byte[] _configuration;
    private readonly List<byte[]> _strings = [];
    private readonly Action<TimeSpan> _wait;
    private readonly bool _forEver;
    private readonly int _answers;
    private int _at;
    private int _transfers;

    /// <param name="input">The input.</param>
    /// <param name="wait">Lets time pass.</param>
    public HostileDevice(byte[] input, Action<TimeSpan> wait)
    {
        (_input, _wait) = (input, wait);
        _forEver = input.Length > 0 && input[0] % 2 == 1;
        _at = Math.Min(1, input.Length);
        _device = Part();
        _configuration = Part();
        var strings = Byte() % 16;
        for (var i = 0; i < strings; i++)
        {
            _strings.Add(Part());
        }

        _answers = _at;
        ushort Id(int at) => _device.Length > at + 1 ? (ushort)(_device[at] | _device[at + 1] << 8) : (ushort)0;
        Info = new UsbDeviceInfo(1, 1, "1-1", Id(8), Id(10), Id(12), [.. UsbDescriptors.Interfaces(_configuration)]);
    }

    public UsbDeviceInfo Info { get; }

    public bool CanReset => _input.Length % 2 == 0;

    /// <summary>Whether it still stands on the bus.</summary>
    public bool IsGone { get; private set; }

    public void Claim(byte interfaceNumber)
    {
    }

    public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) => Count();

    public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
    {
        Count();
        var answer = setup is { RequestType: 0x80, Request: GetDescriptor } ? Descriptor(setup.Value) : ClassAnswer(buffer.Length, timeout);
        var length = Math.Min(answer.Length, buffer.Length);
        answer[..length].CopyTo(buffer);
        return length;
    }

    public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout)
    {
        Count();
        if (setup.RequestType == 0x21)
        {
            Fault(Byte(), timeout);
        }
    }

    public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout)
    {
        Count();
        var answer = ClassAnswer(buffer.Length, timeout);
        answer.CopyTo(buffer);
        return answer.Length;
    }

    public void Reset() => IsGone = true;

    public void Dispose()
    {
    }

    private ReadOnlySpan<byte> Descriptor(ushort value) => (value >> 8, value & 0xFF) switch
    {
        (1, _) => _device,
        (2, _) => _configuration,
        (3, var index) when _strings.Count > 0 => _strings[(index + _strings.Count - 1) % _strings.Count],
        _ => throw new UsbException(UsbFault.Stall, "no such descriptor"),
    };

    private ReadOnlySpan<byte> ClassAnswer(int wanted, TimeSpan timeout)
    {
        var kind = Byte();
        Fault(kind, timeout);
        var length = Math.Min(kind == Short ? Math.Min(wanted, Byte()) : wanted, _input.Length - _at);
        var answer = _input.AsSpan(_at, length);
        _at += length;
        return answer;
    }

    private void Fault(byte kind, TimeSpan timeout)
    {
        switch (kind)
        {
            case Stall:
                throw new UsbException(UsbFault.Stall, "stall");
            case Timeout:
                _wait(timeout);
                throw new UsbException(UsbFault.Timeout, "time-out");
            case Failure:
                throw new UsbException(UsbFault.Io, "failure");
            case Gone:
                IsGone = true;
                throw new UsbException(UsbFault.Gone, "gone");
        }
    }

    // A device that has no answers left goes, or begins anew with them and so never ends by itself.
    private byte Byte()
    {
        if (_at >= _input.Length)
        {
            if (!_forEver || _answers >= _input.Length || _answers == 0)
            {
                return Gone;
            }

            _at = _answers;
        }

        return _input[_at++];
    }

    private byte[] Part()
    {
        var length = _at < _input.Length ? _input[_at++] : 0;
        length = Math.Min(length, _input.Length - _at);
        _at += length;
        return _input[(_at - length).._at];
    }

    private void Count()
    {
        // Every transfer takes a little: nothing that waits for a limit of time waits for ever.
        _wait(TimeSpan.FromMilliseconds(1));
        if (IsGone)
        {
            throw new UsbException(UsbFault.Gone, "gone");
        }

        if (++_transfers > MostTransfers)
        {
            throw new UnsoundException($"{MostTransfers} transfers, and no end of them");
        }
    }
}
