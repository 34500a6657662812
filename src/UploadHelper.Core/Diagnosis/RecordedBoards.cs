using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.Tracing;

namespace UploadHelper.Core.Diagnosis;

/// <summary>The boards in a recording, told from the mice and keyboards on the same bus.</summary>
public sealed class RecordedBoards
{
    private readonly Dictionary<int, RecordedBoard> _all = [];

    /// <summary>Finds them.</summary>
    /// <param name="recording">The recording.</param>
    public RecordedBoards(Recording recording)
    {
        foreach (var e in recording.Events)
        {
            foreach (var device in e.Devices)
            {
                // A capture tells first the ids, and later the interfaces.
                var board = For(device.Number);
                board.Info = device;
            }

            if (e.Operation == TraceOperation.Control)
            {
                For(e.Device).Answered(e);
                if (e.Setup is { Request: <= 6, RequestType: 0x21 or 0xA1 })
                {
                    For(e.Device).SpeaksDfu = true;
                }
            }
        }

        // Where nothing tells what a device is, it is one if it was spoken to in DFU.
        Boards = [.. _all.Values.Where(IsBoard)];
        IsAnythingElse = _all.Count > Boards.Count;
    }

    /// <summary>The boards, in the order of their numbers.</summary>
    public IReadOnlyList<RecordedBoard> Boards { get; }

    /// <summary>Whether other devices are in the recording, too.</summary>
    public bool IsAnythingElse { get; }

    /// <summary>The board with a number, or null.</summary>
    public RecordedBoard? Find(int device) => _all.GetValueOrDefault(device) is { } board && IsBoard(board) ? board : null;

    /// <summary>Whether an event is about a board, or about none: a request, a serial port.</summary>
    /// <param name="e">The event.</param>
    public bool Concerns(TraceEvent e) => e.Operation switch
    {
        TraceOperation.Control or TraceOperation.Interrupt or TraceOperation.Bulk or TraceOperation.Alternate
            or TraceOperation.Open or TraceOperation.Claim or TraceOperation.Reset => Find(e.Device) is not null || (e.Device == 0 && e.Operation != TraceOperation.Control),
        _ => true,
    };

    /// <summary>Whether a listed device is a board: one that is known, or one in DFU mode or run-time mode.</summary>
    /// <param name="device">The device.</param>
    public static bool IsBoard(UsbDeviceInfo device) =>
        BootloaderCatalogue.Find(device.Id) is not null || DfuDescription.IsBootloader(device) || DfuDescription.IsRuntime(device);

    private bool IsBoard(RecordedBoard board) => IsBoard(board.Info) || (board.Info.Id == default && board.SpeaksDfu);

    private RecordedBoard For(int device)
    {
        if (!_all.TryGetValue(device, out var board))
        {
            _all.Add(device, board = new RecordedBoard(new UsbDeviceInfo(0, device, "", 0, 0, 0, [])));
        }

        return board;
    }
}

/// <summary>A device of a recording. It answers what it was asked then, as far as that is in its descriptors.</summary>
public sealed class RecordedBoard : IUsbDevice
{
    private readonly List<TraceEvent> _descriptors = [];
    private readonly Lazy<DfuDescription?> _description;

    internal RecordedBoard(UsbDeviceInfo info)
    {
        Info = info;
        _description = new(() =>
        {
            try
            {
                return DfuDescription.Read(this);
            }
            catch (UsbException)
            {
                return null;
            }
        });
    }

    /// <inheritdoc/>
    public UsbDeviceInfo Info { get; internal set; }

    /// <inheritdoc/>
    public bool CanReset => false;

    /// <summary>Its descriptors; null if too few of them were recorded.</summary>
    public DfuDescription? Description => _description.Value;

    /// <summary>Whether it was spoken to in DFU.</summary>
    internal bool SpeaksDfu { get; set; }

    /// <summary>What it is, as far as that is known.</summary>
    public string Name
    {
        get
        {
            try
            {
                return Description is { } known ? BootloaderProtocol.Of(known).Info.Name : KnownName;
            }
            catch (UploadException)
            {
                return KnownName;
            }
        }
    }

    private string KnownName => BootloaderCatalogue.Find(Info.Id)?.Name ?? "unknown device";

    /// <inheritdoc/>
    public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
    {
        if (!IsDescriptor(setup) || Find(setup.Value) is not { Data: var answer })
        {
            throw Unknown();
        }

        var length = Math.Min(answer.Length, buffer.Length);
        answer.Span[..length].CopyTo(buffer);
        return length;
    }

    /// <inheritdoc/>
    public void Claim(byte interfaceNumber)
    {
    }

    /// <inheritdoc/>
    public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting)
    {
    }

    /// <inheritdoc/>
    public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout) => throw Unknown();

    /// <inheritdoc/>
    public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout) => throw Unknown();

    /// <inheritdoc/>
    public void Reset()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    // The longest answer counts: the first request for a descriptor often asks for its beginning alone.
    internal void Answered(TraceEvent e)
    {
        if (IsDescriptor(e.Setup) && e.Fault is null && Find(e.Setup.Value) is var before && e.Data.Length > (before?.Data.Length ?? 0))
        {
            if (before is not null)
            {
                _descriptors.Remove(before);
            }

            _descriptors.Add(e);
        }
    }

    private TraceEvent? Find(ushort value) => _descriptors.Find(e => e.Setup.Value == value);

    private static bool IsDescriptor(UsbSetup setup) => setup is { RequestType: 0x80, Request: 6 };

    private static UsbException Unknown() => new(UsbFault.Stall, "The recording does not tell.");
}
