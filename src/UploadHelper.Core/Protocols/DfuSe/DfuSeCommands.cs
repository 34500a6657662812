using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Protocols.Dfu;

namespace UploadHelper.Core.Protocols.DfuSe;

/// <summary>
/// The commands of DfuSe over a DFU connection (UM0424, AN3156). A command is executed by the GETSTATUS behind it.
/// </summary>
/// <param name="dfu">The connection; the device is in dfuIDLE or dfuDNLOAD-IDLE.</param>
internal sealed class DfuSeCommands(DfuConnection dfu)
{
    /// <summary>wBlockNum of the block at the address pointer; 0 is for commands, 1 is reserved.</summary>
    public const ushort FirstBlock = 2;

    private const ushort CommandBlock = 0;
    private const byte SetAddressPointer = 0x21;
    private const byte Erase = 0x41;

    // Far above what a part needs (70 us for a word): a limit against hanging for ever.
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(10);

    public void SetAddress(uint address)
    {
        // The pointer is set at once whatever poll time-out is reported (F4 ROMs: 104 ms): "seems a common bootloader
        // bug" in the words of dfu-util.
        Send(SetAddressPointer, address);
        Settled(dfu.Execute(WriteLimit, heedPollTimeout: false), $"setting the address to 0x{address:X8}");
    }

    public void ErasePage(uint address, EraseTimes times)
    {
        Send(Erase, address);
        Settled(dfu.Execute(times.Limit, atLeast: times.AtLeast), $"erasing the sector at 0x{address:X8}");
    }

    public void WriteBlock(ushort block, ReadOnlySpan<byte> data, uint address)
    {
        dfu.Download(block, data);
        Settled(dfu.Execute(WriteLimit), $"writing {data.Length} bytes at 0x{address:X8}");
    }

    private void Send(byte command, uint address)
    {
        Span<byte> data = stackalloc byte[5];
        data[0] = command;
        BinaryPrimitives.WriteUInt32LittleEndian(data[1..], address);
        dfu.Download(CommandBlock, data);
    }

    private static void Settled(DfuStatus status, string what)
    {
        if (status.State != DfuState.DownloadIdle || status.Code != DfuStatusCode.Ok)
        {
            throw new DfuException($"The device failed {what}: it reports {status}.", status);
        }
    }
}

/// <summary>
/// The wBlockNum of consecutive blocks: the address pointer is set once, and numbers rise from there (UM0424). A block
/// shorter than wTransferSize gets the pointer set to it, since some devices multiply wBlockNum by the length of the block.
/// </summary>
/// <param name="transferSize">wTransferSize.</param>
/// <param name="setAddress">Sets the address pointer.</param>
internal sealed class BlockNumbers(int transferSize, Action<uint> setAddress)
{
    // wBlockNum wraps at 0xFFFF; the address is set again before that.
    private const uint LastBlock = 0xFFFD;

    private uint? _pointer;

    /// <summary>The number for a block; sets the pointer if it has to.</summary>
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

    /// <summary>The pointer is somewhere else by now.</summary>
    public void Forget() => _pointer = null;
}
