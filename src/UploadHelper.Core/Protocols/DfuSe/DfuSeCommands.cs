using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Protocols.Dfu;

namespace UploadHelper.Core.Protocols.DfuSe;

/// <summary>
/// The commands of DfuSe over a DFU connection (UM0424, AN3156). The GETSTATUS that follows a command executes it.
/// </summary>
/// <param name="dfu">The connection; the device is in dfuIDLE or dfuDNLOAD-IDLE.</param>
internal sealed class DfuSeCommands(DfuConnection dfu)
{
    /// <summary>wBlockNum of the block at the address pointer; 0 is for commands, 1 is reserved.</summary>
    public const ushort FirstBlock = 2;

    private const ushort CommandBlock = 0;
    private const byte SetAddressPointer = 0x21;
    private const byte Erase = 0x41;

    // Far longer than any part needs (70 us for a word): only guards against hanging forever.
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(10);

    public void SetAddress(uint address)
    {
        // The pointer is set at once, whatever poll timeout is reported (F4 ROMs: 104 ms): "seems a common bootloader
        // bug" in the words of dfu-util.
        Send(SetAddressPointer, address);
        ThrowIfFailed(dfu.Execute(WriteLimit, heedPollTimeout: false), $"set the address to 0x{address:X8}");
    }

    public void ErasePage(uint address, EraseTimes times)
    {
        Send(Erase, address);
        ThrowIfFailed(dfu.Execute(times.Limit, atLeast: times.AtLeast), $"erase the sector at 0x{address:X8}");
    }

    public void WriteBlock(ushort block, ReadOnlySpan<byte> data, uint address)
    {
        dfu.Download(block, data);
        ThrowIfFailed(dfu.Execute(WriteLimit), $"write {data.Length} bytes at 0x{address:X8}");
    }

    private void Send(byte command, uint address)
    {
        Span<byte> data = stackalloc byte[5];
        data[0] = command;
        BinaryPrimitives.WriteUInt32LittleEndian(data[1..], address);
        dfu.Download(CommandBlock, data);
    }

    private static void ThrowIfFailed(DfuStatus status, string what)
    {
        if (status.State != DfuState.DownloadIdle || status.Code != DfuStatusCode.Ok)
        {
            throw new DfuException($"The device failed to {what}: it reports {status}.", status);
        }
    }
}

/// <summary>
/// The wBlockNum of consecutive blocks: the address pointer is set once, and the numbers increase from there (UM0424). The
/// pointer is set again for a block shorter than wTransferSize, since some devices multiply wBlockNum by the length of the
/// block.
/// </summary>
/// <param name="transferSize">wTransferSize.</param>
/// <param name="setAddress">Sets the address pointer.</param>
internal sealed class BlockNumbers(int transferSize, Action<uint> setAddress)
{
    // wBlockNum wraps at 0xFFFF; the address is set again before that.
    private const uint LastBlock = 0xFFFD;

    private uint? _pointer;

    /// <summary>The number for a block; sets the pointer if necessary.</summary>
    public ushort For(uint address, int size)
    {
        var number = DfuSeCommands.FirstBlock + (address - (_pointer ?? address)) / (uint)transferSize;
        if (_pointer is null || size < transferSize || number > LastBlock)
        {
            setAddress(address);
            _pointer = address;
            number = DfuSeCommands.FirstBlock;
        }

        return (ushort)number;
    }

    /// <summary>Forgets the pointer after something else has moved it.</summary>
    public void Forget() => _pointer = null;
}
