using UploadHelper.DropIns;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.DropIns;

/// <summary>Whole runs in place of an older tool, on virtual boards.</summary>
public class DropInRunTests
{
    [Theory]
    [InlineData("hid-f1", 0x0800_0800, "0x08000800")]
    [InlineData("hid-f1,generation=2.1", 0x0800_0800, "0x08000800")]
    [InlineData("hid-f1,generation=2019", 0x0800_0800, "0x08000800")]
    [InlineData("hid-f1,generation=2.0", 0x0800_1000, "0x08001000")]
    [InlineData("hid-f4", 0x0800_4000, "0x08004000")]
    public void Hid_flash_writes_where_the_bootloader_writes(string board, uint linkedFor, string address)
    {
        using var run = On(board);
        run.Sketch(linkedFor, stack: 0x2000_5000);

        run.Do("hid-flash blink.bin").Exits(0).Prints(address, "runs sketch", ", 0 violations");
    }

    [Theory]
    [InlineData("hid-f1", 0x0800_2000)]
    [InlineData("hid-f1", 0x0800_0000)]
    [InlineData("hid-f4", 0x0800_0800)]
    public void Hid_flash_refuses_what_was_compiled_for_another_bootloader(string board, uint linkedFor)
    {
        using var run = On(board);
        run.Sketch(linkedFor, stack: 0x2000_5000);

        run.Do("hid-flash blink.bin").Errs("image-linked-elsewhere", $"0x{linkedFor:X8}").Exits(4);
    }

    [Fact]
    public void Hid_flash_asks_where_to_write_if_neither_board_nor_sketch_tells()
    {
        using var run = On("hid-f1,generation=2.0");
        run.Sketch(0x0800_2000, stack: 0x2000_5000);

        run.Do("hid-flash blink.bin").Errs("address-missing", "blink.bin").Exits(2);
    }

    [Fact]
    public void Hid_flash_fails_without_its_file()
    {
        using var run = On("hid-f1");

        run.Do("hid-flash none.bin COM5").Fails(3, "image-missing", "none.bin");
    }

    [Theory]
    [InlineData("hid-f1", "--usb-id 1209:beba", 0)]
    [InlineData("hid-f1", "--usb-id 1209:beba,0483:df11", 2)]
    [InlineData("hid-f1", "", 2)]
    public void Without_an_offset_the_board_places_a_sketch_only_if_all_ids_are_of_such_boards(string board, string ids, int status)
    {
        using var run = On(board);
        run.Sketch(0x0800_0800, stack: 0x2000_5000);

        run.Do($"upload blink.bin {ids}").Exits(status);
    }

    [Theory]
    [InlineData("f4rom", "stm32CubeProg.sh -i dfu -f blink.bin -o 0x0 -v 0x0483 -p 0xdf11 -a 0x8000000 -s 0x8000000", 0x0800_0000)]
    [InlineData("f4rom", "stm32CubeProg.sh 2 blink.bin -g", 0x0800_0000)]
    [InlineData("f4boot", "stm32CubeProg.sh -i dfu -f blink.bin -o 0x4000 -v 0x0483 -p 0xdf11 -a 0x8000000 -s 0x8000000", 0x0800_4000)]
    [InlineData("f4rom", "STM32_Programmer_CLI -c port=usb1 -w blink.bin 0x08000000 -v -rst", 0x0800_0000)]
    [InlineData("maple20", "maple_upload sim 2 1EAF:0003 blink.bin", 0x0800_2000)]
    public void A_sketch_is_uploaded_and_started(string board, string line, uint linkedFor)
    {
        using var run = On(board);
        run.Sketch(linkedFor, stack: 0x2000_5000);

        run.Do(line).Exits(0).Prints($"0x{linkedFor:X8}", "runs sketch", ", 0 violations");
    }

    [Fact]
    public void STM32_Programmer_CLI_leaves_the_board_in_its_bootloader_unless_it_is_told_to_start()
    {
        using var run = On("f4rom");
        run.Sketch(0x0800_0000);

        run.Do("STM32_Programmer_CLI -c port=usb1 -w blink.bin 0x08000000").Exits(0).PrintsNot("runs sketch");
        run.Do("STM32_Programmer_CLI -l usb").Exits(0).Prints("0483:DF11");
        run.Do("STM32_Programmer_CLI -c port=usb1 -e all").Exits(0).Prints("erased from 0x08000000");
    }

    [Fact]
    public void Every_tool_explains_itself()
    {
        using var run = new ProgramRun();
        foreach (var tool in DropInTable.Rows.Where(t => t.Help.Length > 0))
        {
            run.Do($"{tool.Name} --help").Exits(0);
            Assert.StartsWith($"Usage: {tool.Name}", run.Out, StringComparison.Ordinal);
        }
    }

    private static ProgramRun On(string board) => new() { Environment = { ["UPLOADHELPER_SIMULATE"] = board } };
}
