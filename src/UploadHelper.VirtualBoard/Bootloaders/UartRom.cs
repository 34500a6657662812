using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// The USART bootloader in the ROM of a chip (AN3155): it measures the first byte that comes, and then executes commands. It polls, and
/// has no time limits: in the middle of a command, it waits for the rest without end.
/// </summary>
/// <param name="board">The board.</param>
/// <param name="chip">The chip.</param>
/// <param name="selected">Called when it has measured a host's first byte: it turns to no other interface then (AN2606).</param>
public sealed class UartRom(IMicrocontroller board, UartRomChip chip, Action selected)
{
    private const byte Synchronize = 0x7F;
    private const byte Ack = 0x79;
    private const byte Nack = 0x1F;
    private const int LowestBaudRate = 1200;
    private const int LongestBlock = 256;

    private readonly UartRomMemory _memory = new(board, chip);
    private readonly List<byte> _received = [];
    private Usart? _usart;

    /// <summary>Connects it to a USART, and starts it.</summary>
    public void Start(Usart usart)
    {
        _usart = usart;
        usart.Start(Run());
    }

    private byte Received => _usart!.Received;

    private IEnumerable<UsartStep> Run()
    {
        yield return UsartStep.Receive;
        var format = _usart!.ReceivedFormat;
        if (Received != Synchronize || (format.BaudRate != 0 && (!format.EvenParity || format.BaudRate < LowestBaudRate || format.BaudRate > chip.HighestBaudRate)))
        {
            // It has measured something else, and hears and speaks at a speed that nobody has.
            board.Log(BoardEventKind.Request, $"0x{Received:X2} at {format.BaudRate} baud: the ROM measures a wrong speed, and does not answer until the next reset");
            yield break;
        }

        _usart.Format = format;
        selected();
        board.Log(BoardEventKind.Request, $"the ROM has measured {(format.BaudRate == 0 ? "its host" : $"{format.BaudRate} baud")}");
        yield return UsartStep.Send(Ack);
        while (true)
        {
            yield return UsartStep.Receive;
            var command = Received;
            yield return UsartStep.Receive;
            if ((command ^ Received) != 0xFF || !chip.Commands.Contains(command))
            {
                board.Log(BoardEventKind.Request, $"0x{command:X2} 0x{Received:X2}: no command");
                yield return UsartStep.Send(Nack);
                continue;
            }

            foreach (var step in Execute(command))
            {
                yield return step;
            }
        }
    }

    private IEnumerable<UsartStep> Execute(byte command) => command switch
    {
        0x00 => Answer("Get", [(byte)chip.Commands.Count, chip.Version, .. chip.Commands]),
        0x01 => Answer("Get Version", [chip.Version, 0, 0]),
        0x02 => Answer("Get ID", [1, (byte)(chip.ProductId >> 8), (byte)chip.ProductId]),
        _ when board.Flash.IsReadProtected && command is not 0x92 => Refuse(command),
        0x11 => ReadMemory(),
        0x21 => Go(),
        0x31 => WriteMemory(),
        0x43 => Erase(),
        0x44 => ExtendedErase(),
        0x63 => WriteProtect(),
        0x73 => ChangeOptions("Write Unprotect", () => board.Flash.IsWriteProtected = false),
        0x82 => ChangeOptions("Readout Protect", () => board.Flash.IsReadProtected = true),
        _ => ReadoutUnprotect(),
    };

    private IEnumerable<UsartStep> Answer(string name, byte[] data)
    {
        board.Log(BoardEventKind.Request, name);
        yield return UsartStep.Send(Ack);
        foreach (var value in data)
        {
            yield return UsartStep.Send(value);
        }

        yield return UsartStep.Send(Ack);
    }

    private IEnumerable<UsartStep> Refuse(byte command)
    {
        board.Log(BoardEventKind.Request, $"command 0x{command:X2} refused: read protection");
        yield return UsartStep.Send(Nack);
        if (chip.RefusesTwice && command is 0x11 or 0x21 or 0x31)
        {
            yield return UsartStep.Send(Nack);
        }
    }

    private IEnumerable<UsartStep> ReadMemory()
    {
        foreach (var step in ReceiveAddress())
        {
            yield return step;
        }

        var address = Address;
        if (!Is("Read Memory", IsSound && _memory.MayRead(address)))
        {
            yield return UsartStep.Send(Nack);
            yield break;
        }

        yield return UsartStep.Send(Ack);
        foreach (var step in Receive(2))
        {
            yield return step;
        }

        if ((_received[0] ^ _received[1]) != 0xFF)
        {
            board.Log(BoardEventKind.Request, "Read Memory: wrong complement of the length");
            yield return UsartStep.Send(Nack);
            yield break;
        }

        var length = _received[0] + 1;
        board.Log(BoardEventKind.Request, $"Read Memory: {length} bytes at 0x{address:X8}");
        yield return UsartStep.Send(Ack);
        if (_memory.Read(address, length) is not { } data)
        {
            board.Log(BoardEventKind.Violation, $"read of {length} bytes at 0x{address:X8}: nothing is there");
            board.Vanish("the processor faults");
            yield break;
        }

        foreach (var value in data)
        {
            yield return UsartStep.Send(value);
        }
    }

    private IEnumerable<UsartStep> Go()
    {
        foreach (var step in ReceiveAddress())
        {
            yield return step;
        }

        var address = Address;
        if (!Is("Go", IsSound && _memory.MayRun(address)))
        {
            yield return UsartStep.Send(Nack);
            yield break;
        }

        board.Log(BoardEventKind.Request, $"Go to 0x{address:X8}");
        yield return UsartStep.Send(Ack);
        _memory.Run(address);
    }

    private IEnumerable<UsartStep> WriteMemory()
    {
        foreach (var step in ReceiveAddress())
        {
            yield return step;
        }

        var address = Address;
        if (!Is("Write Memory", IsSound && _memory.MayWrite(address)))
        {
            yield return UsartStep.Send(Nack);
            yield break;
        }

        yield return UsartStep.Send(Ack);
        yield return UsartStep.Receive;
        var length = Received + 1;
        foreach (var step in Receive(length + 1))
        {
            yield return step;
        }

        var data = _received.Take(length).ToArray();
        if (!Is("Write Memory", Xor((byte)(length - 1)) == 0 && length % 4 == 0 && length <= LongestBlock))
        {
            yield return UsartStep.Send(Nack);
            yield break;
        }

        board.Log(BoardEventKind.Request, $"Write Memory: {length} bytes at 0x{address:X8}");
        var done = _memory.Write(address, data, out var took);
        yield return UsartStep.Wait(took);
        yield return UsartStep.Send(done ? Ack : Nack);
        if (address == chip.OptionBytes.Start)
        {
            board.Reset("the option bytes are loaded", BootCause.Software);
        }
    }

    // 0xFF and then anything but 0x00 is acknowledged, and nothing is erased (AN3155, note in 3.7).
    private IEnumerable<UsartStep> Erase()
    {
        yield return UsartStep.Send(Ack);
        yield return UsartStep.Receive;
        var count = Received;
        foreach (var step in Receive(count == 0xFF ? 1 : count + 2))
        {
            yield return step;
        }

        if (count == 0xFF)
        {
            foreach (var step in _received[0] == 0 ? EraseBanks([.. Enumerable.Range(0, chip.Banks)]) : [])
            {
                yield return step;
            }

            yield return UsartStep.Send(Ack);
            yield break;
        }

        var pages = _received.Take(count + 1).Select(p => (int)p).ToList();
        foreach (var step in ErasePages(pages, Xor(count) == 0))
        {
            yield return step;
        }
    }

    private IEnumerable<UsartStep> ExtendedErase()
    {
        yield return UsartStep.Send(Ack);
        foreach (var step in Receive(2))
        {
            yield return step;
        }

        var count = Word(0);
        var checksum = (byte)(_received[0] ^ _received[1]);
        foreach (var step in Receive(count >= 0xFFF0 ? 1 : 2 * (count + 1) + 1))
        {
            yield return step;
        }

        var isSound = Xor(checksum) == 0;
        if (count < 0xFFF0)
        {
            foreach (var step in ErasePages([.. Enumerable.Range(0, count + 1).Select(i => Word(2 * i))], isSound))
            {
                yield return step;
            }

            yield break;
        }

        int[] banks = count switch
        {
            0xFFFF => [.. Enumerable.Range(0, chip.Banks)],
            0xFFFE when chip.Banks > 1 => [0],
            0xFFFD when chip.Banks > 1 => [1],
            _ => [],
        };
        if (!Is($"Extended Erase 0x{count:X4}", isSound && banks.Length > 0))
        {
            yield return UsartStep.Send(Nack);
            yield break;
        }

        foreach (var step in EraseBanks(banks))
        {
            yield return step;
        }

        yield return UsartStep.Send(Ack);
    }

    private IEnumerable<UsartStep> ErasePages(List<int> pages, bool isSound)
    {
        if (!Is("erase", isSound))
        {
            yield return UsartStep.Send(Nack);
            yield break;
        }

        foreach (var page in pages)
        {
            if (page >= board.Flash.Part.Sectors.Count)
            {
                board.Log(BoardEventKind.Violation, $"erase of page {page}: the chip has {board.Flash.Part.Sectors.Count}");
                yield return UsartStep.Send(Nack);
                yield break;
            }

            board.Log(BoardEventKind.Flash, $"erase page {page} at 0x{board.Flash.Part.Sectors[page].Address:X8}{(board.Flash.IsWriteProtected ? ": write protected, nothing happens" : "")}");
            yield return UsartStep.Wait(board.Flash.IsWriteProtected ? TimeSpan.Zero : board.Flash.Erase(page));
        }

        yield return UsartStep.Send(Ack);
    }

    private IEnumerable<UsartStep> EraseBanks(int[] banks)
    {
        var size = board.Flash.Part.Sectors.Count / chip.Banks;
        foreach (var bank in banks)
        {
            board.Log(BoardEventKind.Flash, chip.Banks == 1 ? "erase everything" : $"erase bank {bank + 1}");
            for (var page = bank * size; page < (bank + 1) * size && !board.Flash.IsWriteProtected; page++)
            {
                board.Flash.Erase(page);
            }

            yield return UsartStep.Wait(chip.MassEraseTime);
        }
    }

    // Sector codes are not checked (AN3155, 3.9); here any protects everything.
    private IEnumerable<UsartStep> WriteProtect()
    {
        yield return UsartStep.Send(Ack);
        yield return UsartStep.Receive;
        var count = Received;
        foreach (var step in Receive(count + 2))
        {
            yield return step;
        }

        if (!Is("Write Protect", Xor(count) == 0))
        {
            yield return UsartStep.Send(Nack);
            yield break;
        }

        board.Flash.IsWriteProtected = true;
        yield return UsartStep.Send(Ack);
        board.Reset("the option bytes are loaded", BootCause.Software);
    }

    private IEnumerable<UsartStep> ChangeOptions(string name, Action change)
    {
        board.Log(BoardEventKind.Request, name);
        yield return UsartStep.Send(Ack);
        change();
        yield return UsartStep.Send(Ack);
        board.Reset("the option bytes are loaded", BootCause.Software);
    }

    private IEnumerable<UsartStep> ReadoutUnprotect()
    {
        board.Log(BoardEventKind.Request, "Readout Unprotect");
        yield return UsartStep.Send(Ack);
        board.Flash.IsWriteProtected = false;
        foreach (var step in EraseBanks([.. Enumerable.Range(0, chip.Banks)]))
        {
            yield return step;
        }

        board.Flash.IsReadProtected = false;
        yield return UsartStep.Send(Ack);
        board.Reset("the option bytes are loaded", BootCause.Software);
    }

    private IEnumerable<UsartStep> ReceiveAddress()
    {
        yield return UsartStep.Send(Ack);
        foreach (var step in Receive(5))
        {
            yield return step;
        }
    }

    private IEnumerable<UsartStep> Receive(int count)
    {
        _received.Clear();
        for (var i = 0; i < count; i++)
        {
            yield return UsartStep.Receive;
            _received.Add(Received);
        }
    }

    private uint Address => (uint)(Word(0) << 16 | Word(2));

    private bool IsSound => Xor(0) == 0;

    private int Word(int at) => _received[at] << 8 | _received[at + 1];

    private byte Xor(byte before) => _received.Aggregate(before, (sum, value) => (byte)(sum ^ value));

    private bool Is(string what, bool condition)
    {
        if (!condition)
        {
            board.Log(BoardEventKind.Request, $"{what} refused: {string.Join(' ', _received.Take(8).Select(b => $"{b:X2}"))}");
        }

        return condition;
    }
}
