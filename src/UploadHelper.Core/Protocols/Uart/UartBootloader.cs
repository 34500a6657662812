using System.Buffers.Binary;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.Uart;

/// <summary>
/// The USART bootloader in ROM (AN3155). A command that was not answered may have been executed: reading tells. Reading is repeated; so is
/// an erase, and a write to flash that is still erased.
/// </summary>
/// <param name="uart">The connection to it.</param>
/// <param name="map">Its flash: the erase command takes the numbers of its sectors.</param>
/// <param name="erasesByBytes">Whether it has Erase (0x43), not Extended Erase (0x44).</param>
/// <param name="erased">What an erased byte reads as.</param>
public sealed class UartBootloader(UartConnection uart, MemoryMap map, bool erasesByBytes, byte erased) : IProtectedRom
{
    private const int Attempts = 3;

    // Few enough that a list that lost a byte is soon at its end.
    private const int PagesAtOnce = 32;

    // FTDI's adapters keep what they receive until 62 bytes fill a packet, or for 16 ms (FTDI AN232B-04). With the three ACKs before them, these
    // reads fill packets, so that none of them ends in such a wait. A sector that differs mostly does so at once: a look costs a quarter of a read.
    private const int FirstLook = 62 - 3;
    private const int LongestRead = 4 * 62 - 3;

    // A sector of 128 KiB takes up to 4 s, written by bytes (DS8626); a block 256 times 100 us.
    private static readonly TimeSpan EraseLimit = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(2);

    // 2 MiB take up to 32 s, erased by bytes (DS8626).
    private static readonly TimeSpan MassEraseLimit = TimeSpan.FromSeconds(60);

    private readonly List<Sector> _owed = [];

    /// <inheritdoc/>
    public bool CanRead => true;

    /// <inheritdoc/>
    public void Erase(Sector sector)
    {
        _owed.Add(sector);
        if (_owed.Count == PagesAtOnce)
        {
            Flush();
        }
    }

    /// <inheritdoc/>
    public void Flush()
    {
        if (_owed.Count == 0)
        {
            return;
        }

        var sectors = _owed.ToArray();
        _owed.Clear();
        for (var attempt = 1; ; attempt++)
        {
            var answer = uart.Execute(erasesByBytes ? UartCode.Erase : UartCode.ExtendedErase, EraseLimit * sectors.Length, PageList(sectors));
            if (answer == UartAnswer.Ack || (answer != UartAnswer.Refused && Array.TrueForAll(sectors, IsErased)))
            {
                return;
            }

            ThrowIfFinal(answer, attempt, "erase");
        }
    }

    /// <inheritdoc/>
    public void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written)
    {
        Flush();
        for (var offset = 0; offset < data.Length; offset += UartConnection.BlockSize)
        {
            var block = data.Slice(offset, Math.Min(UartConnection.BlockSize, data.Length - offset));
            WriteBlock(address + (uint)offset, block.Span);
            written(block.Length);
        }
    }

    /// <inheritdoc/>
    public void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next)
    {
        Flush();
        if (!map.Contains(address))
        {
            // Nothing compares it with what it should be.
            next(address, ReadTwice(address, length));
            return;
        }

        var end = address + (long)length;
        var size = FirstLook;
        for (long at = address; at < end;)
        {
            var block = ReadBlock((uint)at, (int)Math.Min(size, end - at));
            var continued = next((uint)at, block);
            size = continued == at + block.Length ? LongestRead : FirstLook;
            at = continued;
        }
    }

    /// <inheritdoc/>
    public void Leave(uint address)
    {
        Flush();
        if (uart.Exit.Count > 0)
        {
            uart.StartByLines();
            return;
        }

        for (var attempt = 1; ; attempt++)
        {
            var answer = uart.Execute(UartCode.Go, null, WithChecksum(Bytes(address)));
            if (answer == UartAnswer.Ack)
            {
                return;
            }

            try
            {
                uart.Idle();
            }
            catch (UsbException e) when (e.Fault == UsbFault.Timeout && answer == UartAnswer.Nothing)
            {
                // It has left, and only its answer was lost.
                return;
            }

            ThrowIfFinal(answer, attempt, "start the program");
        }
    }

    /// <inheritdoc/>
    public bool RemovesWriteProtection => true;

    /// <inheritdoc/>
    public bool RemoveReadProtection() => Unprotect(UartCode.ReadoutUnprotect, MassEraseLimit, "remove the read protection");

    /// <inheritdoc/>
    public bool RemoveWriteProtection() => Unprotect(UartCode.WriteUnprotect, null, "remove the write protection");

    /// <summary>Reads up to <see cref="UartConnection.BlockSize"/> bytes of any memory.</summary>
    /// <exception cref="UsbException">The port failed, or the bootloader does not answer.</exception>
    /// <exception cref="DfuException">It refuses.</exception>
    public byte[] ReadBlock(uint address, int length)
    {
        for (var attempt = 1; ; attempt++)
        {
            var size = (byte)(length - 1);
            var answer = uart.Execute(UartCode.ReadMemory, null, WithChecksum(Bytes(address)), [size, (byte)~size]);
            if (answer == UartAnswer.Ack && uart.Receive(length) is { } data)
            {
                return data;
            }

            ThrowIfFinal(answer, attempt, $"read 0x{address:X8}");
        }
    }

    /// <summary>Reads as <see cref="ReadBlock"/> does, until the same bytes come twice in a row: they have no checksum.</summary>
    /// <exception cref="UsbException">The port failed, or the bootloader does not answer.</exception>
    /// <exception cref="DfuException">It refuses.</exception>
    public byte[] ReadTwice(uint address, int length)
    {
        var before = ReadBlock(address, length);
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            var again = ReadBlock(address, length);
            if (again.AsSpan().SequenceEqual(before))
            {
                return again;
            }

            before = again;
        }

        throw new UsbException(UsbFault.Io, $"The bytes at 0x{address:X8} read differently each time.");
    }

    private void WriteBlock(uint address, ReadOnlySpan<byte> data)
    {
        byte[] block = WithChecksum([(byte)(data.Length - 1), .. data]);
        for (var attempt = 1; ; attempt++)
        {
            var answer = uart.Execute(UartCode.WriteMemory, WriteLimit, WithChecksum(Bytes(address)), block);
            if (answer == UartAnswer.Ack)
            {
                return;
            }

            if (answer != UartAnswer.Refused)
            {
                var found = ReadBlock(address, data.Length).AsSpan();
                if (found.SequenceEqual(data))
                {
                    return;
                }

                // Part of it may be programmed, or something else: in flash, only an erase helps.
                if (map.Contains(address) && found.ContainsAnyExcept(erased))
                {
                    throw new UsbException(UsbFault.Io, $"The bytes at 0x{address:X8} were not written as they were sent.");
                }
            }

            ThrowIfFinal(answer, attempt, $"write 0x{address:X8}");
        }
    }

    // A second ACK comes when it is done; then the chip resets itself (AN3155, 3.10 and 3.12).
    private bool Unprotect(byte command, TimeSpan? limit, string what)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = uart.Execute(command, null);
            if (answer == UartAnswer.Ack)
            {
                return uart.ReceiveAck(limit);
            }

            ThrowIfFinal(answer, attempt, what);
        }
    }

    private bool IsErased(Sector sector)
    {
        for (var at = (long)sector.Address; at < sector.End; at += UartConnection.BlockSize)
        {
            if (ReadBlock((uint)at, (int)Math.Min(UartConnection.BlockSize, sector.End - at)).AsSpan().ContainsAnyExcept(erased))
            {
                return false;
            }
        }

        return true;
    }

    private static void ThrowIfFinal(UartAnswer answer, int attempt, string what)
    {
        // A single refusal may be a command that was damaged on its way.
        if (answer == UartAnswer.Refused && attempt > 1)
        {
            throw new DfuException($"The bootloader refused to {what}.", new DfuStatus(DfuStatusCode.ErrVendor, TimeSpan.Zero, DfuState.Idle));
        }

        if (attempt >= Attempts)
        {
            throw answer == UartAnswer.Nack
                ? new DfuException($"The bootloader refused {attempt} times to {what}.")
                : new UsbException(UsbFault.Timeout, $"The bootloader did not answer {attempt} times when it was told to {what}.");
        }
    }

    private byte[] PageList(Sector[] sectors)
    {
        var size = erasesByBytes ? 1 : 2;
        var list = new byte[size * (sectors.Length + 1)];
        Put(list, 0, sectors.Length - 1);
        for (var i = 0; i < sectors.Length; i++)
        {
            Put(list, i + 1, NumberOf(sectors[i]));
        }

        return WithChecksum(list);

        void Put(byte[] target, int index, int value)
        {
            if (size == 1)
            {
                target[index] = (byte)value;
            }
            else
            {
                BinaryPrimitives.WriteUInt16BigEndian(target.AsSpan(2 * index), (ushort)value);
            }
        }
    }

    private int NumberOf(Sector sector)
    {
        var number = 0;
        foreach (var group in map.Groups)
        {
            if (sector.Address >= group.Address && sector.Address < group.End)
            {
                return number + (int)((sector.Address - group.Address) / group.SectorSize);
            }

            number += group.Count;
        }

        throw new ArgumentOutOfRangeException(nameof(sector));
    }

    private static byte[] Bytes(uint address) => [(byte)(address >> 24), (byte)(address >> 16), (byte)(address >> 8), (byte)address];

    private static byte[] WithChecksum(byte[] data)
    {
        byte sum = 0;
        foreach (var value in data)
        {
            sum ^= value;
        }

        return [.. data, sum];
    }
}
