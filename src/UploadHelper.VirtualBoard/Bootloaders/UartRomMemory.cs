using System.Buffers.Binary;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>The memories of a chip as the USART bootloader in its ROM reads and writes them.</summary>
/// <param name="board">The board.</param>
/// <param name="chip">The chip.</param>
internal sealed class UartRomMemory(IMicrocontroller board, UartRomChip chip)
{
    // Code that resets the chip: it writes this key to AIRCR (ARMv7-M ARM, B3.2.6).
    private const uint ResetKey = 0x05FA_0004;

    private readonly byte[] _ram = new byte[chip.Ram.End - chip.Ram.Start];
    private readonly DeviceFeature? _feature = chip.HasDeviceFeature ? new DeviceFeature(board) : null;
    private bool _fails;

    /// <summary>Whether Read Memory may begin at an address. Where it ends is not checked (stm32loader reads the size of an F4's flash from the OTP on).</summary>
    public bool MayRead(uint address) =>
        board.Flash.Contains(address) || Holds(chip.Ram, address) || Holds(chip.SystemMemory, address) || Holds(chip.OptionBytes, address) || Holds(chip.OtherMemory, address)
        || IsFeature(address, 1);

    /// <summary>Whether Write Memory may begin at an address; in the option bytes, only at their start (AN3155, 3.6).</summary>
    public bool MayWrite(uint address) => board.Flash.Contains(address) || Holds(chip.Ram, address) || address == chip.OptionBytes.Start || IsFeature(address, 1);

    /// <summary>Whether Go may jump to an address.</summary>
    public bool MayRun(uint address) => board.Flash.Contains(address, sizeof(ulong)) || Holds(chip.Ram, address);

    /// <summary>Reads bytes; null where the chip has nothing, or an ECC is wrong: the processor faults.</summary>
    public byte[]? Read(uint address, int length)
    {
        if (board.Flash.Contains(address, length))
        {
            return board.Flash.IsReadable(address, length) ? board.Flash.Read(address, length).ToArray() : null;
        }

        if (Holds(chip.Ram, address))
        {
            return address + (long)length <= chip.Ram.End ? _ram.AsSpan((int)(address - chip.Ram.Start), length).ToArray() : null;
        }

        if (board.Flash.Contains(address))
        {
            return null;
        }

        if (IsFeature(address, length))
        {
            return _feature!.Read(address, length);
        }

        var information = new byte[length];
        for (var i = 0; i < length; i++)
        {
            information[i] = Information(address + (uint)i);
        }

        return information;
    }

    /// <summary>Writes bytes.</summary>
    /// <param name="address">Where.</param>
    /// <param name="data">What; a multiple of 4 bytes.</param>
    /// <param name="took">How long it takes.</param>
    /// <returns>Whether the bytes are there then, or should be: nothing is reported of write-protected flash (AN3155, 3.6).</returns>
    public bool Write(uint address, ReadOnlySpan<byte> data, out TimeSpan took)
    {
        took = TimeSpan.Zero;
        if (IsFeature(address, data.Length))
        {
            return _feature!.Write(address, data);
        }

        if (Holds(chip.Ram, address))
        {
            data[..Math.Min(data.Length, (int)(chip.Ram.End - address))].CopyTo(_ram.AsSpan((int)(address - chip.Ram.Start)));
            return true;
        }

        if (address == chip.OptionBytes.Start)
        {
            return true;
        }

        if (address % chip.Alignment != 0 || _fails)
        {
            board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: {(_fails ? "an earlier write was not aligned" : $"not a multiple of {chip.Alignment}")}");
            _fails = true;
            return false;
        }

        // What is missing of the last unit stays erased.
        var unit = board.Flash.Part.ProgramUnit;
        var whole = new byte[(data.Length + unit - 1) / unit * unit];
        Array.Fill(whole, board.Flash.Part.Erased);
        data.CopyTo(whole);
        if (!board.Flash.Contains(address, whole.Length))
        {
            board.Log(BoardEventKind.Violation, $"program {data.Length} bytes at 0x{address:X8}: beyond the end of the flash");
            return false;
        }

        if (board.Flash.IsWriteProtected)
        {
            board.Log(BoardEventKind.Flash, $"program {data.Length} bytes at 0x{address:X8}: write protected, nothing happens");
            return true;
        }

        board.Log(BoardEventKind.Flash, $"program {data.Length} bytes at 0x{address:X8}");
        if (!board.Flash.Accepts(address, whole))
        {
            board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: not erased");
        }

        took = board.Flash.Program(address, whole);
        return board.Flash.Read(address, data.Length).SequenceEqual(data);
    }

    /// <summary>Jumps to the program at an address.</summary>
    public void Run(uint address)
    {
        if (board.Flash.Contains(address))
        {
            board.StartSketch(address);
        }
        else if (Resets(address))
        {
            board.Reset("by a program in RAM", BootCause.Software);
        }
        else
        {
            board.Vanish($"a program in RAM runs at 0x{address:X8}");
        }
    }

    // stm32flash resets the chip with a few instructions in RAM.
    private bool Resets(uint address)
    {
        const int Longest = 64;
        var code = _ram.AsSpan((int)(address - chip.Ram.Start));
        for (var at = 0; at + sizeof(uint) <= Math.Min(code.Length, Longest); at += sizeof(uint))
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(code[at..]) == ResetKey)
            {
                return true;
            }
        }

        return false;
    }

    private bool IsFeature(uint address, int length) => _feature is not null && DeviceFeature.Holds(address, length);

    // The ROM's own code is not modelled, and of the option bytes only the first word.
    private byte Information(uint address) =>
        address == chip.BootloaderIdAt ? chip.BootloaderId
        : address - chip.OptionBytes.Start < sizeof(uint) ? (byte)(chip.Options >> (int)(8 * (address - chip.OptionBytes.Start)))
        : address == chip.FlashSizeAt ? (byte)(board.Flash.Bytes.Length / 1024)
        : address == chip.FlashSizeAt + 1 ? (byte)(board.Flash.Bytes.Length / 1024 >> 8)
        : (byte)0xFF;

    private static bool Holds(RamRange range, uint address) => address >= range.Start && address < range.End;
}
