namespace UploadHelper.Core.Dfu.DfuSe;

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
