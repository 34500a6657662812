using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Benchmarks.Exact;

/// <summary>What a control transfer is for.</summary>
public enum TransferKind
{
    /// <summary>DNLOAD of a block.</summary>
    Block,

    /// <summary>DNLOAD of the command that erases a sector.</summary>
    Erase,

    /// <summary>DNLOAD of the command that sets the address pointer.</summary>
    SetAddress,

    /// <summary>DNLOAD without data: leave.</summary>
    Leave,

    /// <summary>UPLOAD.</summary>
    Upload,

    /// <summary>GETSTATUS.</summary>
    GetStatus,

    /// <summary>ABORT.</summary>
    Abort,

    /// <summary>CLRSTATUS.</summary>
    ClearStatus,

    /// <summary>Another request of the class.</summary>
    Other,

    /// <summary>A standard request: GET_DESCRIPTOR, SET_INTERFACE.</summary>
    Standard,
}

/// <summary>A bus that sees when the first DFU request of a run begins and when the last one ends, and counts transfers.</summary>
/// <param name="bus">The bus that does the work.</param>
/// <param name="time">The clock.</param>
public sealed class MeteredBus(IUsbBus bus, TimeProvider time) : IUsbBus
{
    private readonly int[] _counts = new int[Enum.GetValues<TransferKind>().Length];
    private long? _first;
    private long _last;

    /// <summary>Number of control transfers of each kind, in the order of <see cref="TransferKind"/>.</summary>
    public IReadOnlyList<int> Counts => _counts;

    /// <summary>From the first DFU request to the end of the last.</summary>
    public TimeSpan Duration => _first is { } first ? time.GetElapsedTime(first, _last) : TimeSpan.Zero;

    /// <inheritdoc/>
    public IReadOnlyList<UsbDeviceInfo> List() => bus.List();

    /// <inheritdoc/>
    public IUsbDevice Open(UsbDeviceInfo device) => new Device(this, bus.Open(device));

    private void Count(UsbSetup setup, ReadOnlySpan<byte> data, long began)
    {
        _counts[(int)KindOf(setup, data)]++;
        if (!setup.IsStandard)
        {
            _first ??= began;
            _last = time.GetTimestamp();
        }
    }

    // A command is a short block 0 of DfuSe; the first block of plain DFU is a whole one.
    private static TransferKind KindOf(UsbSetup setup, ReadOnlySpan<byte> data) =>
        setup.IsStandard ? TransferKind.Standard : (DfuRequest)setup.Request switch
        {
            DfuRequest.Download when data is [] => TransferKind.Leave,
            DfuRequest.Download when setup.Value == 0 && data is [0x21, _, _, _, _] => TransferKind.SetAddress,
            DfuRequest.Download when setup.Value == 0 && data is [0x41, _, _, _, _] => TransferKind.Erase,
            DfuRequest.Download => TransferKind.Block,
            DfuRequest.Upload => TransferKind.Upload,
            DfuRequest.GetStatus => TransferKind.GetStatus,
            DfuRequest.Abort => TransferKind.Abort,
            DfuRequest.ClearStatus => TransferKind.ClearStatus,
            _ => TransferKind.Other,
        };

    private sealed class Device(MeteredBus owner, IUsbDevice device) : IUsbDevice
    {
        public UsbDeviceInfo Info => device.Info;

        public bool CanReset => device.CanReset;

        public void Claim(byte interfaceNumber) => device.Claim(interfaceNumber);

        public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting)
        {
            owner._counts[(int)TransferKind.Standard]++;
            device.SetAlternateSetting(interfaceNumber, alternateSetting);
        }

        public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
        {
            var began = owner.Now;
            try
            {
                return device.ControlIn(setup, buffer, timeout);
            }
            finally
            {
                owner.Count(setup, [], began);
            }
        }

        public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout)
        {
            var began = owner.Now;
            try
            {
                device.ControlOut(setup, data, timeout);
            }
            finally
            {
                owner.Count(setup, data, began);
            }
        }

        public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout) => device.InterruptIn(endpoint, buffer, timeout);

        public void Reset() => device.Reset();

        public void Dispose() => device.Dispose();
    }

    private long Now => time.GetTimestamp();
}
