using System.Buffers.Binary;
using System.Globalization;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Uart;
using UploadHelper.Core.Serial;

namespace UploadHelper.Tests.Bootloaders;

/// <summary>What is known of the chips at the USART bootloader. All numbers are written by hand, from the sources that the table names.</summary>
public class UartRomFamilyTests
{
    // Id, flash in KiB, option bytes in hexadecimal ("-": none), where what may be erased ends, and sectors with their numbers: the first and last of each bank.
    private const string Numbers = """
        443  32   -        08008000 08000000=0 08007800=15
        453  32   -        08008000 08000000=0 08007800=15
        44C  64   -        08010000 08000000=0 0800F800=31
        493  128  -        08020000 08000000=0 0801F800=63
        44D  256  -        08040000 08000000=0 0803F800=127
        440  64   -        08010000 08000000=0 0800FC00=63
        444  32   -        08008000 08000000=0 08007C00=31
        442  256  -        08040000 08000000=0 0803F800=127
        445  32   -        08008000 08000000=0 08007C00=31
        448  128  -        08020000 08000000=0 0801F800=63
        412  32   -        08008000 08000000=0 08007C00=31
        410  128  -        08020000 08000000=0 0801FC00=127
        410  64   -        08010000 08000000=0 0800FC00=63
        414  512  -        08080000 08000000=0 0807F800=255
        430  1024 -        08100000 08000000=0 0807F800=255 08080000=256 080FF800=511
        430  768  -        080C0000 08000000=0 0807F800=255 08080000=256 080BF800=383
        420  128  -        08020000 08000000=0 0801FC00=127
        428  512  -        08080000 08000000=0 0807F800=255
        418  256  -        08040000 08000000=0 0803F800=127
        411  1024 -        08100000 08000000=0 0800C000=3 08010000=4 08020000=5 080E0000=11
        432  256  -        08040000 08000000=0 0803F800=127
        422  256  -        08040000 08000000=0 0803F800=127
        439  64   -        08010000 08000000=0 0800F800=31
        438  64   -        08010000 08000000=0 0800F800=31
        446  512  -        08080000 08000000=0 0807F800=255
        413  1024 -        08100000 08000000=0 0800C000=3 08010000=4 08020000=5 080E0000=11
        419  2048 00000FFF 08100000 08000000=0 08010000=4 080E0000=11
        419  1024 00000FFF 08100000 08000000=0 08010000=4 080E0000=11
        419  1024 00004FFF 08080000 08000000=0 08010000=4 08060000=7
        423  256  -        08040000 08000000=0 08010000=4 08020000=5
        433  512  -        08080000 08000000=0 08010000=4 08060000=7
        458  128  -        08020000 08000000=0 08010000=4
        458  64   -        08010000 08000000=0 0800C000=3
        431  512  -        08080000 08000000=0 08010000=4 08060000=7
        441  1024 -        08100000 08000000=0 080E0000=11
        421  512  -        08080000 08000000=0 08060000=7
        434  2048 00000FFF 08100000 08000000=0 080E0000=11
        463  1536 -        08180000 08000000=0 08020000=5 08160000=15
        452  512  -        08080000 08000000=0 08010000=4 08060000=7
        452  64   -        08010000 08000000=0 0800C000=3
        449  1024 -        08100000 08000000=0 08018000=3 08020000=4 08040000=5 080C0000=7
        449  64   -        08010000 08000000=0 08008000=1
        451  2048 0000FFFF 08200000 08000000=0 08018000=3 08020000=4 08040000=5 081C0000=11
        451  2048 0000DFFF 08100000 08000000=0 0800C000=3 08010000=4 08020000=5 080E0000=11
        451  1024 0000DFFF 08080000 08000000=0 08010000=4 08060000=7
        466  64   -        08010000 08000000=0 0800F800=31
        456  64   -        08010000 08000000=0 0800F800=31
        460  128  -        08020000 08000000=0 0801F800=63
        467  512  FFFFFEAA 08040000 08000000=0 0803F800=127
        467  512  FFDFFEAA 08080000 08000000=0 0803F800=127 08040000=128 0807F800=255
        467  256  FFFFFEAA 08020000 08000000=0 0801F800=63
        467  128  FFFFFEAA 08020000 08000000=0 0801F800=63
        468  128  -        08020000 08000000=0 0801F800=63
        469  512  FFEFF8AA 08040000 08000000=0 0803F800=127
        469  512  FFAFF8AA 08080000 08000000=0 0807F000=127
        469  256  FFEFF8AA 08020000 08000000=0 0801F800=63
        479  512  -        08080000 08000000=0 0807F800=255
        474  128  00000000 08010000 08000000=0 0800E000=7
        478  512  00000000 08040000 08000000=0 0803E000=31
        484  2048 00000000 08100000 08000000=0 080FE000=127
        483  1024 -        08100000 08000000=0 080E0000=7
        450  128  -        08020000 08000000=0
        457  16   -        08004000 08000000=0 08003F80=127
        425  32   -        08008000 08000000=0 08007F80=255
        417  64   -        08010000 08000000=0 0800FF80=511
        447  192  -        08030000 08000000=0 08017F80=767 08018000=768 0802FF80=1535
        416  128  -        08020000 08000000=0 0801FF00=511
        429  128  -        08020000 08000000=0 0801FF00=511
        427  256  -        08040000 08000000=0 0803FF00=1023
        436  384  -        08060000 08000000=0 0802FF00=767 08030000=768 0805FF00=1535
        437  512  -        08080000 08000000=0 0803FF00=1023 08040000=1024 0807FF00=2047
        464  128  -        08020000 08000000=0 0801F800=63
        435  256  -        08040000 08000000=0 0803F800=127
        462  512  -        08080000 08000000=0 0807F800=255
        415  1024 FFEFF8AA 08100000 08000000=0 0807F800=255 08080000=256 080FF800=511
        415  512  FFEFF8AA 08040000 08000000=0 0803F800=127
        415  512  FFCFF8AA 08080000 08000000=0 0807F800=255
        461  1024 FFEFF8AA 08100000 08000000=0 0807F800=255 08080000=256 080FF800=511
        470  2048 FFEFF8AA 08100000 08000000=0 080FF000=255
        470  1024 FFEFF8AA 08080000 08000000=0 0807F000=127
        471  1024 FFEFF8AA 08080000 08000000=0 0807F000=127
        472  512  7FEFF8AA 08040000 08000000=0 0803F800=127
        472  512  7FAFF8AA 08080000 08000000=0 0807F000=127
        459  64   -        08010000 08000000=0 0800F800=31
        489  256  -        08040000 08000000=0 0803F800=127
        455  512  1FEFF8AA 08040000 08000000=0 0803E000=31
        482  2048 1FEFF8AA 08100000 08000000=0 080FE000=127
        482  1024 1FEFF8AA 08080000 08000000=0 0807E000=63
        482  1024 1FCFF8AA 08100000 08000000=0 080FE000=127
        481  4096 1FEFF8AA 08200000 08000000=0 081FE000=255
        476  4096 1FEFF8AA 08200000 08000000=0 081FE000=255
        494  320  -        08050000 08000000=0 0804F800=159
        495  1024 -        08100000 08000000=0 080FF000=255
        492  1024 1FEFF8AA 08100000 08000000=0 080FE000=127
        497  256  -        08040000 08000000=0 0803F800=127
        """;

    // Where the RAM at 0x20000000 ends on the largest chip with the id (data sheets).
    private const string Rams = """
        443 20001800, 453 20003000, 44C 20003000, 493 20006000, 44D 20009000, 440 20002000, 444 20001000, 442 20008000, 445 20001800, 448 20004000,
        412 20002800, 410 20005000, 414 20010000, 430 20018000, 420 20002000, 428 20008000, 418 20010000, 411 20020000, 432 20008000, 422 2000A000,
        439 20004000, 438 20003000, 446 20010000, 413 20020000, 419 20030000, 423 20010000, 433 20018000, 458 20008000, 431 20020000, 441 20040000,
        421 20020000, 434 20050000, 463 20050000, 452 20040000, 449 20050000, 451 20080000, 466 20002000, 456 20004800, 460 20009000, 467 20024000,
        468 20008000, 469 20020000, 479 2001C000, 474 20008000, 478 20044000, 484 200A0000, 483 20020000, 450 20020000, 480 20020000, 457 20000800,
        425 20002000, 417 20002000, 447 20005000, 416 20004000, 429 20008000, 427 20008000, 436 2000C000, 437 20014000, 464 2000A000, 435 20010000,
        462 20028000, 415 20018000, 461 20050000, 470 200A0000, 471 20050000, 472 20040000, 459 20003000, 489 2000A000, 455 20040000, 482 200C0000,
        481 20270000, 476 202F0000, 494 20039000, 495 20040000, 492 20020000, 497 20010000
        """;

    [Fact]
    public void Every_sector_has_the_number_that_its_source_gives_it()
    {
        var seen = new HashSet<ushort>();
        foreach (var row in Numbers.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            var name = string.Join(' ', row);
            var part = UartRomFamily.Find((ushort)Hex(row[0]))!;
            seen.Add(part.ProductId);
            var flash = UartRomFamily.FlashOf(part, int.Parse(row[1], CultureInfo.InvariantCulture), row[2] == "-" ? null : Hex(row[2]), erasesByBytes: false);

            Assert.True(flash.Objection is null, name);
            Assert.True(flash.End == Hex(row[3]), $"{name}: {flash.End:X8}");
            Assert.True(flash.Map.Groups.Sum(g => (long)g.Count * g.SectorSize) == 1024 * long.Parse(row[1], CultureInfo.InvariantCulture), $"{name}: {flash.Map}");
            foreach (var (address, number) in row[4..].Select(p => p.Split('=')).Select(p => (Hex(p[0]), int.Parse(p[1], CultureInfo.InvariantCulture))))
            {
                var sector = flash.Map.SectorAt(address)!.Value;
                Assert.True(sector.Address == address && sector.End <= flash.End, $"{name}: 0x{address:X8}");
                Assert.True(ErasedBy(flash.Map, sector) == number, $"{name}: 0x{address:X8} has number {ErasedBy(flash.Map, sector)}");
                Assert.Null(UartRomFamily.InfoOf(flash).Writable!.Objection(sector));
            }
        }

        // Of that one, nothing is erased.
        Assert.Equal([0x480], UartRomFamily.Parts.Select(p => p.ProductId).Except(seen).Select(i => (int)i));
    }

    [Theory]
    [InlineData(0x450, 2048, null, "cannot be read over UART")]
    [InlineData(0x480, 2048, null, "cannot be read over UART")]
    [InlineData(0x467, 512, null, "cannot be read over UART")]
    [InlineData(0x467, 512, 0xFFEF_FEAA, "swap its banks")]
    [InlineData(0x469, 512, 0xFFFF_F8AA, "swap its banks")]
    [InlineData(0x415, 1024, 0xFFFF_F8AA, "swap its banks")]
    [InlineData(0x470, 2048, 0xFFAF_F8AA, "how large its sectors are")]
    [InlineData(0x471, 512, 0xFFAF_F8AA, "how large its sectors are")]
    [InlineData(0x482, 2048, 0x9FEF_F8AA, "TrustZone")]
    [InlineData(0x482, 2048, 0x1FFF_F8AAu, "swap its banks")]
    [InlineData(0x484, 2048, 0x8000_0000, "swap its banks")]
    [InlineData(0x492, 1024, 0x9FEF_F8AA, "TrustZone")]
    public void Where_a_number_may_mean_another_sector_nothing_is_erased(int id, int size, uint? options, string why) =>
        Assert.Contains(why, UartRomFamily.FlashOf(UartRomFamily.Find((ushort)id)!, size, options, erasesByBytes: false).Objection, StringComparison.Ordinal);

    [Theory]
    [InlineData(0x469, 0xFFEF_F8AA, 0x0801_0000)]
    [InlineData(0x467, 0xFFFF_FEAA, 0x0802_0000)]
    [InlineData(0x415, 0xFFEF_F8AA, 0x0802_0000)]
    [InlineData(0x482, 0x1FEF_F8AAu, 0x0808_0000)]
    [InlineData(0x413, null, 0x0810_0000)]
    public void If_the_size_cannot_be_read_what_the_smallest_first_bank_has_is_erased(int id, uint? options, uint end)
    {
        var part = UartRomFamily.Find((ushort)id)!;

        Assert.Null(UartRomFamily.FlashSize(part, [0xFF, 0xFF]));
        Assert.Null(UartRomFamily.FlashSize(part, [0x01, 0x00]));
        Assert.Equal(end, UartRomFamily.FlashOf(part, null, options, erasesByBytes: false).End);
    }

    [Fact]
    public void A_bootloader_that_numbers_with_bytes_has_256_numbers()
    {
        var flash = UartRomFamily.FlashOf(UartRomFamily.Find(0x430)!, 1024, null, erasesByBytes: true);

        Assert.Equal(0x0808_0000, flash.End);
        Assert.Contains("no numbers for more than 256 sectors", UartRomFamily.InfoOf(flash).Writable!.Objection(flash.Map.SectorAt(0x0808_0000)!.Value), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stack_fits_at_the_end_of_the_largest_RAM_and_not_behind_it()
    {
        var ends = Rams.Split([',', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(r => r.Split(' ')).ToDictionary(r => (ushort)Hex(r[0]), r => Hex(r[1]));

        Assert.Equal(UartRomFamily.Parts.Select(p => p.ProductId).Order(), ends.Keys.Order());
        Assert.All(UartRomFamily.Parts, part =>
        {
            Assert.Equal(StackVerdict.Fits, RamMap.CheckStack(ends[part.ProductId], [part.Own]).Verdict);
            Assert.Equal(StackVerdict.NoRam, RamMap.CheckStack(ends[part.ProductId] + 4, [part.Own]).Verdict);
        });
    }

    [Theory]
    [InlineData(0x410, 4, 0xFF)]
    [InlineData(0x447, 4, 0x00)]
    [InlineData(0x437, 4, 0x00)]
    [InlineData(0x467, 8, 0xFF)]
    [InlineData(0x482, 16, 0xFF)]
    [InlineData(0x474, 16, 0xFF)]
    [InlineData(0x492, 16, 0xFF)]
    [InlineData(0x483, 32, 0xFF)]
    public void What_is_programmed_at_once_and_what_is_erased_depend_on_the_series(int id, int unit, byte erased)
    {
        var info = UartRomFamily.InfoOf(UartRomFamily.FlashOf(UartRomFamily.Find((ushort)id)!, null, 0x1FEF_F8AA | (id == 0x467 ? 0x0010_0000u : 0), erasesByBytes: false));

        Assert.Equal((unit, erased), (info.LastWrite, info.ErasedValue));
    }

    private static uint Hex(string text) => uint.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    // The number in an Extended Erase of one sector.
    private static int ErasedBy(MemoryMap map, Sector sector)
    {
        var line = new AcknowledgingLine();
        using var uart = new UartConnection(line, 115_200, TimeProvider.System, CancellationToken.None);
        Assert.True(uart.TrySynchronize());
        line.Sent.Clear();
        IBootloader bootloader = new UartBootloader(uart, map, erasesByBytes: false, 0xFF);
        bootloader.Erase(sector);
        bootloader.Flush();
        var sent = line.Sent.ToArray();
        Assert.Equal([0x44, 0xBB, 0, 0], sent[..4]);
        return BinaryPrimitives.ReadUInt16BigEndian(sent.AsSpan(4));
    }

    /// <summary>Acknowledges 0x7F, a command, and a list of one sector.</summary>
    private sealed class AcknowledgingLine : IUartLine
    {
        private int _owed;

        public List<byte> Sent { get; } = [];

        public void SetDtr(bool high)
        {
        }

        public void SetRts(bool high)
        {
        }

        public void SetBaudRate(int baudRate)
        {
        }

        public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
        {
            foreach (var value in data)
            {
                Sent.Add(value);
                _owed += Sent is [0x7F] || Sent.Count is 2 or 7 ? 1 : 0;
            }
        }

        public int Read(Span<byte> buffer, TimeSpan limit)
        {
            if (_owed == 0)
            {
                return 0;
            }

            _owed--;
            buffer[0] = 0x79;
            return 1;
        }

        public void Discard()
        {
        }

        public void Dispose()
        {
        }
    }
}
