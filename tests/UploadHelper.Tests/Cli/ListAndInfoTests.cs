using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>What boards say of themselves.</summary>
public class ListAndInfoTests
{
    [Theory]
    [InlineData("f4boot", "0483:DF11", "DFU in FS Mode", "3057365A3131", "2.00", "1024", "@Internal Flash   /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg")]
    [InlineData("dsonano", "0483:DF11", "STM32 DFU", "001", "1.1A", "1024", "@Internal Flash  /0x08000000/12*001Ka,116*001Kg", "@SPI Flash : M25P64/0x00000000/64*064Kg,64*064Kg")]
    [InlineData("h0wch33", "0483:DF11", "HCHEW STM32 DFU Emulation", "6701173555518970066AFF53", "2.00", "1024", "@Internal Flash   /0x08000000/50*001Kg,14*001Ka")]
    [InlineData("h747", "0483:DF11", "DFU in FS Mode", "200364500000", "2.00", "1024", "@Internal Flash   /0x08000000/16*128Kg", "@Option Bytes   /0x5200201C/01*128 e")]
    [InlineData("l496", "0483:DF11", "STM32  BOOTLOADER", "205F33AE5442", "22.00", "2048", "@Internal Flash  /0x08000000/512*0002Kg", "@Option Bytes  /0x1FFF7800/01*040 e", "@OTP Memory /0x1FFF7000/01*0001Ke", "@Device Feature/0xFFFF0000/01*004 e")]
    [InlineData("f072-rom", "0483:DF11", "STM32  BOOTLOADER", "FFFFFFFEFFFF", "22.00", "2048", "@Internal Flash  /0x08000000/064*0002Kg", "@Option Bytes  /0x1FFFF800/01*016 e")]
    [InlineData("g431-rom,chip=g0b1", "0483:DF11", "DFU in FS Mode", "203739645542", "2.00", "1024", "@Internal Flash   /0x08000000/64*02Kg", "@Internal Flash   /0x08000000/64*02Kg", "@Internal Flash   /0x08000000/64*02Kg")]
    [InlineData("gd32vf103", "28E9:0189", "GD32 0x418 DFU Bootloade", "3CBJ", "10.00", "2048", "@Internal Flash  /0x08000000/512*002Kg", "@Option Bytes  /0x1FFFF800/01*016 g")]
    [InlineData("at32f415", "2E3C:DF11", "Artery-Tech DFU in FS Mode", "AT32", "2.00", "2048", "@Internal Flash  /0x08000000/ 128*1Kg", "@Option Byte   /0x1FFFF800/02*016 e")]
    [InlineData("h747,boot=arduino", "2341:035B", "Portenta MCUBoot", "003D00473133511137323532", "2.00", "4096", "@Internal Flash  2MB   /0x08000000/01*128Ka,15*128Kg", "@Ext RAW  Flash 16MB   /0x90000000/4096*4Kg", "@Ext File Flash  0MB   /0x00000000/0*4Kg", "@Arduino  boot  v.25   /0x00000000/0*4Kg")]
    [InlineData("maple20", "1EAF:0003", "Maple 003", "LLM 003", "2.01", "1024", "STM32duino bootloader v1.0  ERROR. Upload to RAM not supported.", "STM32duino bootloader v1.0  Upload to Flash 0x8005000", "STM32duino bootloader v1.0  Upload to Flash 0x8002000")]
    [InlineData("maple-orig", "1EAF:0003", "Maple 003", "LLM 003", "2.01", "1024", "DFU Program RAM 0x20000C00", "DFU Program FLASH 0x08005000")]
    [InlineData("maple-f4", "1EAF:0003", "Maple 003", "LLM 003", "2.00", "2048", "DFU Program RAM 0x20000C00", "DFU Program FLASH 0x08010000")]
    public void The_list_names_each_board_and_its_memories(string board, string id, string name, string serial, string release, string block, params string[] memories)
    {
        using var run = new ProgramRun();

        var printed = run.Do($"list --simulate {board}").Exits(0).Prints($"{id} at 1-1", name, serial, $"release {release}", $"{block} bytes");

        Assert.Equal(memories.Select((m, i) => $"  alt {i}: {m}"), printed.Out.Split('\n').Where(l => l.StartsWith("  alt", StringComparison.Ordinal)));
        Assert.Equal(id != "1EAF:0003", printed.Out.Contains("DfuSe", StringComparison.Ordinal));
        Assert.Equal("", printed.Error);
    }

    [Theory]
    [InlineData("f4boot", "0x08000000 to 0x08003FFF 1 16384 read", "0x08004000 to 0x0800FFFF 3 16384 read, erase, write", "0x08010000 to 0x0801FFFF 1 65536 read, erase, write", "0x08020000 to 0x080FFFFF 7 131072 read, erase, write")]
    [InlineData("dsonano", "0x08000000 to 0x08002FFF 12 1024 read", "0x08003000 to 0x0801FFFF 116 1024 read, erase, write", "0x00000000 to 0x003FFFFF 64 65536 read, erase, write", "0x00400000 to 0x007FFFFF 64 65536 read, erase, write")]
    [InlineData("h0wch33", "0x08000000 to 0x0800C7FF 50 1024 read, erase, write", "0x0800C800 to 0x0800FFFF 14 1024 read")]
    [InlineData("h747", "0x08000000 to 0x081FFFFF 16 131072 read, erase, write", "0x5200201C to 0x5200209B 1 128 read, write")]
    [InlineData("l496", "0x08000000 to 0x080FFFFF 512 2048 read, erase, write", "0x1FFF7800 to 0x1FFF7827 1 40 read, write", "0x1FFF7000 to 0x1FFF73FF 1 1024 read, write", "0xFFFF0000 to 0xFFFF0003 1 4 read, write")]
    [InlineData("h747,boot=arduino", "0x08000000 to 0x0801FFFF 1 131072 read", "0x08020000 to 0x081FFFFF 15 131072 read, erase, write", "0x90000000 to 0x90FFFFFF 4096 4096 read, erase, write", "0x00000000 no sectors: there is nothing to read or write", "0x00000000 no sectors: there is nothing to read or write")]
    [InlineData("maple20")]
    public void The_list_has_a_row_for_each_group_of_sectors(string board, params string[] rows)
    {
        using var run = new ProgramRun();

        var printed = run.Do($"list --simulate {board}");

        var shown = printed.Out.Split('\n').Where(l => l.StartsWith("    0x", StringComparison.Ordinal))
            .Select(l => string.Join(' ', l.Replace(" x ", " ", StringComparison.Ordinal).Replace(" bytes", "", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(rows, shown);
    }

    /// <summary>The ROM of an STM32F429: its string is longer than the map in it. The map is used, and the rest is told where maps are shown.</summary>
    [Fact]
    public void A_string_that_goes_on_behind_its_map_is_told()
    {
        using var run = new ProgramRun();
        const string Rest = @"(at character 56): \uCC50\u01A8\u2E54\uBEBF\u4B7C\uBED5\uCEF8";
        const string Board = "f4rom,map=long,start=bootloader";
        run.Sketch(0x0800_0000);

        run.Do($"list --simulate {Board}").Exits(0).Prints("0x08020000 to 0x080FFFFF     7 x 131072 bytes  read, erase, write\n    ignored", Rest);
        run.Do($"info --simulate {Board}").Exits(0).Prints(Rest);
        run.Do($"upload blink.bin --offset 0 --verbose --simulate {Board}").Exits(0).Prints("verified", Rest);
        run.Do($"upload blink.bin --offset 0 --simulate {Board}").Exits(0).PrintsNot("ignored");
        var alternates = Assert.Single(run.Do($"list --json --simulate {Board}").Json).GetProperty("alternates");
        Assert.EndsWith(Rest, Assert.Single(alternates[0].GetProperty("ignored").EnumerateArray()).GetString(), StringComparison.Ordinal);
        Assert.False(alternates[1].TryGetProperty("ignored", out _));
    }

    [Fact]
    public void No_board_is_an_empty_list_and_a_failure_of_info()
    {
        using var run = new ProgramRun();

        run.Do("list --simulate f4boot,start=sketch").Exits(0).PrintsNot("0483", "[");
        run.Do("info --simulate f4boot,start=sketch").Fails(6, "no-device").Hints("RESET");
    }

    [Theory]
    [InlineData("f4rom", "ST system bootloader, STM32F2/F4/F7", "22.00", "1.1A", "0x0B", "2048", "dfuERROR", "errFIRMWARE")]
    [InlineData("f4boot", "F4Bootloader", "2.00", "1.1A", "0x0B", "1024", "dfuIDLE", "OK")]
    [InlineData("h747", "ST system bootloader, STM32H7", "2.00", "1.1A", "0x0B", "1024", "dfuIDLE", "OK")]
    public void Info_tells_what_the_bootloader_is_taken_for_and_its_state(string board, string takenFor, params string[] facts)
    {
        using var run = new ProgramRun();

        var printed = run.Do($"info --simulate {board}").Exits(0).Prints(takenFor).Prints(facts);

        Assert.Equal("", printed.Error);
        run.Do($"list --simulate {board}");
        Assert.EndsWith(run.Out[run.Out.IndexOf("  alt 0", StringComparison.Ordinal)..], printed.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Info_shows_the_descriptors_if_asked_for_all()
    {
        using var run = new ProgramRun();

        run.Do("info --simulate f4boot --verbose").Exits(0).Prints(
            ": 12 01 00 02 00 00 00 40 83 04 11 DF 00 02 01 02 03 01\n",
            ": 09 02 1B 00 01 01 00 C0 32\n",
            ": 09 04 00 00 00 FE 01 02 04\n",
            ": 09 21 0B FF 00 00 04 1A 01\n");
        run.Do("info --simulate f4boot").PrintsNot("09 02 1B");
    }

    [Fact]
    public void Info_in_json_has_all_of_it()
    {
        using var run = new ProgramRun();

        var info = Assert.Single(run.Do("info --simulate f4boot --json").Exits(0).Json);

        Assert.Equal("", run.Error);
        Assert.Equal(
            """{"schema":1,"event":"info","board":"1-1","id":"0483:DF11","usbRelease":512,"dfuVersion":282,"manufacturer":"STMicroelectronics","product":"DFU in FS Mode","serial":"3057365A3131","release":512,"dfuse":true,"attributes":11,"transferSize":1024,"alternates":[{"setting":0,"name":"@Internal Flash   /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg","sectors":[{"address":"0x08000000","count":1,"size":16384,"access":"read"},{"address":"0x08004000","count":3,"size":16384,"access":"read,erase,write"},{"address":"0x08010000","count":1,"size":65536,"access":"read,erase,write"},{"address":"0x08020000","count":7,"size":131072,"access":"read,erase,write"}]}],"bootloader":"F4Bootloader","state":"dfuIDLE","status":"OK","deviceDescriptor":"1201000200000040830411DF000201020301","configuration":"09021B00010100C0320904000000FE01020409210BFF0000041A01","pollTimeout":0}""",
            info.GetRawText());
    }
}
