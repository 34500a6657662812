using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// What the DFU bootloaders on libopencm3 for an STM32F103 have in common, which come from its example usbdfu.c. They register for
/// requests when a configuration is selected; then a bus reset resets the microcontroller. The buffer for control transfers
/// limits what they take. Erasing and programming run once the GETSTATUS that says dfuDNBUSY is over.
/// </summary>
public abstract class OpenCm3DfuFunction : OpenCm3Function, IDfuFunction
{
    /// <summary>wTransferSize, and the size of the buffer for control transfers: a longer request with data stalls.</summary>
    public const int TransferSize = 1024;

    private const byte TypeMask = 0x60;
    private const byte VendorType = 0x40;
    private const byte ClassRequestToInterface = 0x21;

    private bool _isRegistered;

    /// <summary>The bootloader, just started.</summary>
    /// <param name="identity">Its descriptors.</param>
    /// <param name="board">The board.</param>
    /// <param name="settings">How many alternate settings its interface has.</param>
    private protected OpenCm3DfuFunction(UsbIdentity identity, IMicrocontroller board, int settings = 1)
        : base(identity, settings) => Board = board;

    /// <inheritdoc/>
    public DfuState State { get; private protected set; } = DfuState.Idle;

    /// <summary>bwPollTimeout of an operation on the flash.</summary>
    private protected static TimeSpan Poll { get; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long an operation takes in which it hangs: it follows an answered GETSTATUS, as any other.</summary>
    private protected static TimeSpan Forever { get; } = TimeSpan.FromDays(1);

    /// <summary>The board.</summary>
    private protected IMicrocontroller Board { get; }

    /// <summary>Whether the first page, with its own vectors, is being rewritten: if the power fails, they are lost.</summary>
    private protected bool RewritesVectors { get; set; }

    /// <inheritdoc/>
    public override void BusReset()
    {
        if (_isRegistered)
        {
            Board.Reset("bus reset", BootCause.Software);
        }

        base.BusReset();
    }

    /// <inheritdoc/>
    public override void PowerLost()
    {
        if (RewritesVectors)
        {
            Board.Log(BoardEventKind.Flash, "power failed while the first page had no vectors: the bootloader is lost");
            Board.Flash.Erase(0);
        }
    }

    /// <inheritdoc/>
    protected sealed override void Configured() => _isRegistered = true;

    /// <inheritdoc/>
    protected sealed override ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data) =>
        (setup.RequestType & TypeMask) == VendorType ? Vendor(setup, _isRegistered)
        : !_isRegistered ? Stall()
        : (setup.RequestType & 0x7F) != ClassRequestToInterface || (!setup.IsIn && setup.Length > TransferSize) ? Refuse(setup)
        : Request(setup, data);

    /// <summary>A class request to an interface.</summary>
    private protected abstract ControlReply Request(UsbSetup setup, ReadOnlySpan<byte> data);

    /// <summary>A vendor request; none is known by default.</summary>
    /// <param name="setup">The setup packet.</param>
    /// <param name="isConfigured">Whether a configuration has been selected.</param>
    private protected virtual ControlReply Vendor(UsbSetup setup, bool isConfigured) => Refuse(setup);

    /// <summary>A request that nobody has registered for.</summary>
    private protected ControlReply Refuse(UsbSetup setup)
    {
        Violation($"request {setup.Request} of {setup.Length} bytes to interface {setup.Index}: not supported");
        return Stall();
    }

    /// <summary>Erases a page, and returns how long it takes.</summary>
    private protected TimeSpan ErasePage(uint address)
    {
        var page = Board.Flash.SectorAt(address);
        Board.Log(BoardEventKind.Flash, $"erase sector {page} at 0x{Board.Flash.Part.Sectors[page].Address:X8}");
        return Board.Flash.Erase(page);
    }

    /// <summary>Notes what no host should do.</summary>
    private protected void Violation(string text) => Board.Log(BoardEventKind.Violation, text);
}
