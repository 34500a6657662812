using System.Buffers.Binary;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// The USART bootloader in the ROM of a chip (AN3155): it measures the first byte that comes, and then executes commands. It polls, and
/// has no time limits: in the middle of a command, it waits for the rest without end.
/// </summary>
public sealed class UartRom
{
    private const byte Synchronize = 0x7F;
    private const byte Ack = 0x79;
    private const byte Nack = 0x1F;
    private const int LowestBaudRate = 1200;

    private readonly IMicrocontroller _board;
    private readonly UartRomChip _chip;
    private readonly Usart _usart;
    private readonly UartRomMemory _memory;

    // The longest that it takes are all pages of an extended erase.
    private readonly byte[] _received = new byte[2 * 0x1_0000];
    private int _count;
    private int _expected;
    private Action _next = () => { };

    /// <summary>The ROM, just started.</summary>
    /// <param name="board">The board.</param>
    /// <param name="chip">The chip.</param>
    /// <param name="usart">Its USART.</param>
    /// <param name="selected">Called when it has measured a host's first byte: it turns to no other interface then (AN2606).</param>
    public UartRom(IMicrocontroller board, UartRomChip chip, Usart usart, Action selected)
    {
        (_board, _chip, _usart, _memory) = (board, chip, usart, new UartRomMemory(board, chip));
        usart.Program = (value, format) =>
        {
            if (value == Synchronize && format.EvenParity && format.BaudRate >= LowestBaudRate && format.BaudRate <= chip.HighestBaudRate)
            {
                usart.Format = format;
                usart.Program = Receive;
                selected();
                Log($"the ROM has measured {format.BaudRate} baud");
                Finish(Ack);
            }
            else
            {
                // It has measured something else, and hears and speaks at a speed that nobody has.
                usart.Program = (_, _) => { };
                Log($"0x{value:X2} at {format.BaudRate} baud, {(format.EvenParity ? "even" : "no")} parity: the ROM measures a wrong speed, and does not answer until the next reset");
            }
        };
    }

    private ReadOnlySpan<byte> Received => _received.AsSpan(0, _count);

    private void Receive(byte value, SerialFormat format)
    {
        _received[_count++] = value;
        if (_count == _expected)
        {
            _next();
        }
    }

    // The next bytes come behind those that are there already.
    private void ExpectMore(int count, Action next) => (_expected, _next) = (_count + count, next);

    private void Expect(int count, Action next)
    {
        _count = 0;
        ExpectMore(count, next);
    }

    private void Finish(byte answer)
    {
        _usart.Send(answer);
        Expect(2, Execute);
    }

    private void Execute()
    {
        var command = _received[0];
        if ((command ^ _received[1]) != 0xFF || !_chip.Has(command))
        {
            Log($"0x{command:X2} 0x{_received[1]:X2}: no command");
            Finish(Nack);
        }
        else if (_board.Flash.IsReadProtected && command is not (0x00 or 0x01 or 0x02 or 0x92))
        {
            Log($"command 0x{command:X2} refused: read protection");
            if (_chip.RefusesTwice && command is 0x11 or 0x21 or 0x31)
            {
                _usart.Send(Nack);
            }

            Finish(Nack);
        }
        else
        {
            _usart.Send(Ack);
            Run(command);
        }
    }

    private void Run(byte command)
    {
        switch (command)
        {
            case 0x00:
                Answer("Get", [(byte)_chip.Commands.Length, _chip.Version, .. _chip.Commands]);
                break;
            case 0x01:
                Answer("Get Version", [_chip.Version, 0, 0]);
                break;
            case 0x02:
                Answer("Get ID", [1, (byte)(_chip.ProductId >> 8), (byte)_chip.ProductId]);
                break;
            case 0x11:
                ExpectAddress("Read Memory", _memory.MayRead, address => Expect(2, () => Read(address)));
                break;
            case 0x21:
                ExpectAddress("Go", _memory.MayRun, address => _usart.Wait(TimeSpan.Zero, () => _memory.Run(address)));
                break;
            case 0x31:
                ExpectAddress("Write Memory", _memory.MayWrite, address => Expect(1, () => ExpectMore(_received[0] + 2, () => Write(address))));
                break;
            case 0x43:
                Expect(1, () => ExpectMore(_received[0] == 0xFF ? 1 : _received[0] + 2, Erase));
                break;
            case 0x44:
                Expect(2, () => ExpectMore(Word(0) >= 0xFFF0 ? 1 : 2 * (Word(0) + 1) + 1, ExtendedErase));
                break;
            case 0x63:
                // Sector codes are not checked (AN3155, 3.9); here any protects everything.
                Expect(1, () => ExpectMore(_received[0] + 2, () => Change("Write Protect", IsSound, () => _board.Flash.IsWriteProtected = true)));
                break;
            case 0x73:
                Change("Write Unprotect", true, () => _board.Flash.IsWriteProtected = false);
                break;
            case 0x82:
                Change("Readout Protect", true, () => _board.Flash.IsReadProtected = true);
                break;
            case 0x92:
                _board.Flash.IsWriteProtected = false;
                EraseBanks(0, Math.Max(1, _chip.Banks));
                Change("Readout Unprotect", true, () => _board.Flash.IsReadProtected = false);
                break;
        }
    }

    private void Answer(string name, byte[] data)
    {
        Log(name);
        Send(data);
        Finish(Ack);
    }

    private void ExpectAddress(string name, Func<uint, bool> isValid, Action<uint> next) => Expect(5, () =>
    {
        var address = BinaryPrimitives.ReadUInt32BigEndian(Received);
        if (!IsSound || !isValid(address))
        {
            Log($"{name} refused: address 0x{address:X8}{(IsSound ? "" : ", wrong checksum")}");
            Finish(Nack);
            return;
        }

        Log($"{name} at 0x{address:X8}");
        _usart.Send(Ack);
        next(address);
    });

    private void Read(uint address)
    {
        if ((_received[0] ^ _received[1]) != 0xFF)
        {
            Log("Read Memory refused: wrong complement of the length");
            Finish(Nack);
        }
        else if (_memory.Read(address, _received[0] + 1) is { } data)
        {
            _usart.Send(Ack);
            Send(data);
            Expect(2, Execute);
        }
        else
        {
            _board.Log(BoardEventKind.Violation, $"read of {_received[0] + 1} bytes at 0x{address:X8}: nothing is there");
            _board.Vanish("the processor faults");
        }
    }

    private void Write(uint address)
    {
        var length = _received[0] + 1;
        if (!IsSound || length % 4 != 0)
        {
            Log($"Write Memory refused: {(IsSound ? $"{length} bytes" : "wrong checksum")}");
            Finish(Nack);
            return;
        }

        var done = _memory.Write(address, Received.Slice(1, length), out var took);
        _usart.Wait(took, () => { });
        Finish(done ? Ack : Nack);
        if (address == _chip.OptionBytes.Start)
        {
            LoadOptions();
        }
    }

    // 0xFF and then anything but 0x00 is acknowledged, and nothing is erased (AN3155, note in 3.7).
    private void Erase()
    {
        if (_received[0] != 0xFF)
        {
            ErasePages(1, _received[0] + 1, at => _received[at], step: 1);
            return;
        }

        EraseBanks(0, _received[1] == 0 ? _chip.Banks : 0);
        Finish(Ack);
    }

    private void ExtendedErase()
    {
        if (Word(0) < 0xFFF0)
        {
            ErasePages(2, Word(0) + 1, Word, step: 2);
            return;
        }

        var (first, count) = (Word(0), _chip.Banks) switch
        {
            (0xFFFF, > 0 and var all) => (0, all),
            (0xFFFE, > 1) => (0, 1),
            (0xFFFD, > 1) => (1, 1),
            _ => (0, 0),
        };
        var isValid = IsSound && count > 0;
        EraseBanks(first, isValid ? count : 0);
        Finish(isValid ? Ack : Nack);
    }

    private void ErasePages(int start, int count, Func<int, int> pageAt, int step)
    {
        var flash = _board.Flash;
        var isValid = IsSound;
        for (var i = 0; i < count && isValid; i++)
        {
            var page = pageAt(start + i * step);
            var sector = _chip.PageAt(page, flash.Part.Sectors.Count);
            isValid = sector is not null;
            if (sector is not { } at)
            {
                _board.Log(BoardEventKind.Violation, $"erase of page {page}: the chip has none with that number");
            }
            else if (!flash.IsWriteProtected)
            {
                _board.Log(BoardEventKind.Flash, $"erase page {page} at 0x{flash.Part.Sectors[at].Address:X8}");
                _usart.Wait(flash.Erase(at), () => { });
            }
        }

        Finish(isValid ? Ack : Nack);
    }

    private void EraseBanks(int first, int count)
    {
        var size = _board.Flash.Part.Sectors.Count / Math.Max(1, _chip.Banks);
        for (var bank = first; bank < first + count; bank++)
        {
            _board.Log(BoardEventKind.Flash, $"erase bank {bank + 1} of {_chip.Banks}");
            for (var page = bank * size; page < (bank + 1) * size && !_board.Flash.IsWriteProtected; page++)
            {
                _board.Flash.Erase(page);
            }

            _usart.Wait(_chip.MassEraseTime, () => { });
        }
    }

    private void Change(string name, bool isValid, Action change)
    {
        Log(name);
        if (!isValid)
        {
            Finish(Nack);
            return;
        }

        _usart.Wait(TimeSpan.Zero, change);
        _usart.Send(Ack);
        LoadOptions();
    }

    private void LoadOptions() => _usart.Wait(TimeSpan.Zero, () => _board.Reset("the option bytes are loaded", BootCause.Software));

    private void Send(byte[] data) => Array.ForEach(data, _usart.Send);

    private int Word(int at) => BinaryPrimitives.ReadUInt16BigEndian(Received[at..]);

    private bool IsSound
    {
        get
        {
            byte sum = 0;
            foreach (var value in Received)
            {
                sum ^= value;
            }

            return sum == 0;
        }
    }

    private void Log(string text) => _board.Log(BoardEventKind.Request, text);
}
