using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>What an upload does to each virtual board, in which order, and what it says at the end.</summary>
public class UploadCommandTests
{
    private const string Reached = "Image Reset Wait Found ";
    private const string Written = "Erase Write Verify Finalize Start Wait Board";
    private const string WrittenByMaple = "Erase Write Finalize Verify Start Wait Board";
    private const string WrittenWithoutPort = "Erase Write Verify Finalize Start Board";

    [Theory]
    [InlineData("f4boot", "--offset 0x4000", 0x0800_4000, Reached + "Compare Plan " + Written, "1 16 4000", "15", "4000 0x08004000 11.6", "1 4000 0 0x08004000")]
    [InlineData("f4rom", "--offset 0x08000000", 0x0800_0000, Reached + "Compare Plan " + Written, "1 16 4000", "5", "4000 0x08000000 1.4", "1 4000 0 0x08000000")]
    [InlineData("f4boot-old", "--offset 0x10000", 0x0801_0000, Reached + "Compare Plan " + Written, "1 64 4000", "7.3", "4000 0x08010000 5.4", "1 4000 0 0x08010000")]
    [InlineData("l496", "--offset 0", 0x0800_0000, Reached + "Compare Plan " + Written, "2 4 4000", "5", "4000 0x08000000 1.0", "2 4000 0 0x08000000")]
    [InlineData("h747", "--offset 0", 0x0800_0000, Reached + "warning Compare Plan warning " + Written, "1 128 4000", "5", "4000 0x08000000 2.0", "1 4000 0 0x08000000")]
    [InlineData("maple20", "--offset 0x2000", 0x0800_2000, Reached + "Compare Plan warning " + WrittenByMaple, "5 5 5000", "5", "5000 0x08002000 0.5", "6 6144 0 0x08002000")]
    [InlineData("maple20", "--alt 1 --offset 0x5000", 0x0800_5000, Reached + "Compare Plan warning " + WrittenByMaple, "5 5 5000", "5", "5000 0x08005000 0.5", "8 6144 0 0x08005000")]
    [InlineData("maple20", "--alt 2", 0x0800_2000, "Reset Wait Found Image Compare Plan warning " + WrittenByMaple, "5 5 5000", "5", "5000 0x08002000 0.5", "6 6144 0 0x08002000")]
    [InlineData("maple-orig", "--offset 0x5000", 0x0800_5000, Reached + "Compare Plan warning " + WrittenByMaple, "5 5 5000", "7", "5000 0x08005000 1.8", "6 6144 0 0x08005000")]
    public void From_a_running_sketch_to_the_new_one(string board, string options, uint linkedFor, string steps, string plan, string waits, string done, string boards)
    {
        using var run = new ProgramRun();
        AddSketch(run, board, linkedFor);

        var printed = run.Do($"upload blink.bin --simulate {board} {options}");

        printed.Exits(0).Steps(steps).Says("Plan", plan).Says("Wait", waits).Ends(done, ", verified", "sim").Says("Board", boards);
        string[] warnings = [.. board == "h747" ? ["start-uncertain"] : (string[])[], .. steps.Contains("Plan warning", StringComparison.Ordinal) ? ["device-limit"] : (string[])[]];
        Assert.Equal(warnings, printed.Coded().Select(c => c.Code));
    }

    [Theory]
    [InlineData("f4rom", 0u)]
    [InlineData("f4boot", 0x4000u)]
    [InlineData("maple20", 0x2000u)]
    [InlineData("dapboot", 0x2000u)]
    public void Everything_can_be_erased_first(string board, uint offset)
    {
        using var run = new ProgramRun();
        AddSketch(run, board, 0x0800_0000 + offset);
        var simulate = $"--simulate {board},start=bootloader,flash=flash.bin";
        run.Do($"list {simulate}").Exits(0);
        var before = run.Bytes("flash.bin");

        run.Do($"upload blink.bin --offset 0x{offset + 0x100:X} --erase-all {simulate}").Errs("image-linked-elsewhere");
        Assert.Equal(before, run.Bytes("flash.bin"));

        run.Do($"upload blink.bin --offset 0x{offset:X} --erase-all {simulate}").Exits(0).Prints(", verified", ", 0 violations");
        var (image, after) = (run.Bytes("blink.bin"), run.Bytes("flash.bin"));
        Assert.Equal(image, after[(int)offset..][..image.Length]);
        Assert.All(after[(((int)offset + image.Length + 0xFFF) & ~0xFFF)..], b => Assert.Equal(0xFF, b));
        Assert.Equal(before[..(int)offset], after[..(int)offset]);
    }

    // The board loses the old sketch with the first of it.
    [Theory]
    [InlineData("f4rom", 0u)]
    [InlineData("maple20", 0x2000u)]
    public void If_that_fails_what_is_said_of_the_board_is_true(string board, uint offset)
    {
        using var run = new ProgramRun();
        AddSketch(run, board, 0x0800_0000 + offset);
        var simulate = $"--simulate {board},start=bootloader,flash=flash.bin";
        run.Do($"list {simulate}").Exits(0);
        var before = run.Bytes("flash.bin");
        for (var transfer = 1; ; transfer++)
        {
            run.File("flash.bin", before);
            var printed = run.Do($"upload blink.bin --offset 0x{offset:X} --erase-all {simulate},fault=gone@{transfer}");
            if (printed.Status == 0)
            {
                Assert.InRange(transfer, 20, 2_000);
                return;
            }

            var claimsUnchanged = printed.Error.Contains("Nothing was erased", StringComparison.Ordinal) || printed.Error.Contains("is unchanged", StringComparison.Ordinal);
            Assert.True(!claimsUnchanged || before.AsSpan().SequenceEqual(run.Bytes("flash.bin")), $"transfer {transfer}: {printed.Error}");
        }
    }

    // Nobody knows what a plain DFU device erases.
    [Theory]
    [InlineData(4_001, "Plan      write 4001 bytes in 4 blocks from 0x08002000 on; the bootloader erases as it writes")]
    [InlineData(600, "Plan      write 600 bytes in 1 block from 0x08002000 on; the bootloader erases as it writes")]
    public void Of_an_unknown_device_only_what_it_is_sent_is_planned(int size, string plan)
    {
        using var run = new ProgramRun();
        run.Sketch(0x0800_2000, size, 0x2000_5000);

        var printed = run.Do("upload blink.bin --offset 0x2000 --usb-id 1209:CAFE --simulate dapboot,ids=custom,start=bootloader").Exits(0);

        Assert.Contains(plan, printed.Error.Split('\n').Select(l => l.TrimEnd()));
        printed.PrintsNot("Erase ");
        var planned = run.Do("upload blink.bin --offset 0x2000 --usb-id 1209:CAFE --simulate dapboot,ids=custom,start=bootloader --json").Exits(0)
            .Json.Single(l => l.GetProperty("event").GetString() == "plan");
        Assert.Equal((0, (size + 1023) / 1024), (planned.GetProperty("erase").GetArrayLength(), planned.GetProperty("blocks").GetInt32()));
    }

    [Theory]
    [InlineData("maple20", 0x0800_2000, "within 9 s")] // 30 blinks, if the board has no button
    [InlineData("maple-orig", 0x0800_5000, "within 2 s")]
    [InlineData("f4boot", 0x0800_4000, "within 10 s")]
    [InlineData("f4boot-old", 0x0801_0000, "within 3 s")]
    public void When_a_sketch_will_start_is_said_as_a_limit(string board, uint linkedFor, string limit)
    {
        using var run = new ProgramRun();
        AddSketch(run, board, linkedFor);
        var upload = $"upload blink.bin --simulate {board},start=bootloader,flash={run.PathOf("flash")} --offset 0x{linkedFor:X8} --wait-port no";
        run.Do(upload).Exits(0);

        run.Do(upload).Exits(0).Prints($"The bootloader starts the sketch {limit}.");
    }

    [Theory]
    [InlineData("f4boot,start=bootloader", 0x0800_4000, "Compare Plan " + WrittenWithoutPort, "1 16 4000", "4000 0x08004000 0.4 10", "1 4000 0", "off the bus")]
    [InlineData("f4boot,sketch=none,start=bootloader", 0x0800_4000, "Compare Plan " + WrittenWithoutPort, "1 16 4000", "4000 0x08004000 0.4 10", "1 4000 0", "off the bus")]
    [InlineData("f4rom,start=empty", 0x0800_0000, "Compare Plan " + WrittenWithoutPort, "1 16 4000", "4000 0x08000000 0.6", "1 4000 0", "in its bootloader")]
    [InlineData("dsonano,start=bootloader", 0x0800_4000, "Compare Plan " + WrittenWithoutPort, "4 4 4000", "4000 0x08004000 0.3", "4 4096 0", "off the bus")]
    [InlineData("h747,rom=9.1,start=bootloader", 0x0810_0000, "warning Plan warning " + WrittenWithoutPort, "1 128 4000", "4000 0x08100000 4.0", "3 4000 0 0x08100000", "runs sketch")]
    public void From_a_bootloader_that_answers_already(string board, uint linkedFor, string steps, string plan, string done, string boards, string then)
    {
        using var run = new ProgramRun();
        AddSketch(run, board, linkedFor);

        var printed = run.Do($"upload blink.bin --simulate {board} --offset 0x{linkedFor:X8}");

        printed.Exits(0).Steps("Image Found " + steps).Says("Plan", plan).Ends(done, ", verified").Says("Board", boards, then).PrintsNot(" sim");
    }

    [Fact]
    public void A_board_that_cannot_be_read_is_written_to_without_being_compared_or_verified()
    {
        using var run = new ProgramRun();
        run.Sketch(0x0800_0000, stack: 0x2000_5000).Do("upload blink.bin --offset 0 --simulate h0wch33,start=bootloader")
            .Exits(0)
            .Steps("Image Found Plan warning warning Erase Write Finalize Start Board")
            .Says("Plan", "4 4 4000")
            .Warns("device-limit", "50 ms", "BOOT0")
            .Warns("not-verifiable")
            .Ends("4000 0x08000000 0.2", "not verified")
            .Says("Board", "5 4036 0", "off the bus");

        AddSketch(run, "maple-f4", 0x0801_0000);
        run.Do("upload blink.bin --offset 0x10000 --simulate maple-f4")
            .Exits(0)
            .Steps(Reached + "Plan warning warning Erase Write Start Wait Board")
            .Says("Plan", "3 6 5000")
            .Warns("device-limit", "RESET")
            .Warns("not-verifiable")
            .Says("Wait", "6.2")
            .Ends("5000 0x08010000 1.5", "not verified", "sim")
            .Says("Board", "1 6144 0 0x08010000");
    }

    [Fact]
    public void A_sketch_that_a_rom_never_starts_is_on_the_board_all_the_same()
    {
        using var run = new ProgramRun();

        run.Sketch(0x0800_0000).Do("upload blink.bin --offset 0 --simulate h747,rom=9.0")
            .Exits(0)
            .Steps(Reached + "warning Compare Plan warning Erase Write Verify Finalize Start Wait warning Board")
            .Warns("start-uncertain", "9.0", "RESET")
            .Warns("port-not-back", "5 s", "V9.0")
            .Ends("4000 0x08000000 6.6", ", verified")
            .Says("Board", "1 4000 0", "off the bus");
    }

    [Theory]
    [InlineData("h0wch33", 0x0800_0000)]
    [InlineData("f4boot-old,sketch=stm32generic", 0x0801_0000)]
    public void A_sketch_that_stays_is_asked_again_until_the_time_is_over(string board, uint linkedFor)
    {
        using var run = new ProgramRun();

        run.Sketch(linkedFor, stack: 0x2000_5000).Do($"upload blink.bin --simulate {board} --offset 0x{linkedFor:X8}")
            .Fails(6, "no-device", "15 s", "0483:DF11", "1EAF:0003", "1-1")
            .Hints("RESET", "upload-helper list")
            .Steps("Image Reset Wait Reset Reset hint error");
    }

    [Fact]
    public void Where_the_bus_cannot_be_reset_a_maple_board_waits_for_the_button()
    {
        using var run = new ProgramRun();
        AddSketch(run, "maple20", 0x0800_2000);
        const string steps = Reached + "warning Compare Plan warning Erase Write Finalize Verify ";

        run.Do("upload blink.bin --simulate maple20,reset=no --offset 0x2000 --wait-port yes")
            .Fails(10, "not-started", "15 s")
            .Steps(steps + "Wait hint error")
            .Warns("reset-needed", "RESET", "libusbK")
            .Says("Wait", "15", "RESET");
        run.Do("upload blink.bin --simulate maple20,reset=no --offset 0x2000 --wait-port no")
            .Exits(0)
            .Steps(steps + "Board")
            .Warns("reset-needed")
            .Ends("5000 0x08002000 0.5", ", verified", "RESET")
            .Says("Board", "6 6144 0", "in its bootloader");
    }

    [Theory]
    [InlineData("--alt 1 --offset 0x2000", "0x08002000 to 0x08003387", "alternate setting 1", "0x08005000/108*001Kg", "--alt 2")]
    [InlineData("--alt 0 --offset 0x2000", "blink.bin", "alternate setting 0", "1 (Flash (size inferred)), 2 (Flash (size inferred))", "--alt")]
    public void An_alternate_setting_that_does_not_hold_the_place_is_refused(string options, string what, string where, string instead, string hint)
    {
        using var run = new ProgramRun();
        AddSketch(run, "maple20", 0x0800_2000);

        run.Do($"upload blink.bin --simulate maple20 {options}")
            .Fails(4, "not-writable", what, where, instead)
            .Hints(hint)
            .Steps(Reached + "hint error");
    }

    [Theory]
    [InlineData("h747.elf", ".retained", ".shared")]
    [InlineData("h747.hex", "", "")]
    public void What_lies_in_RAM_is_left_out_with_a_line_each(string firmware, string first, string second)
    {
        using var run = new ProgramRun();

        run.Do($"upload {TestFiles.FirmwarePath(firmware)} --simulate h747")
            .Exits(0)
            .Steps("Image Left Left Reset Wait Found warning Compare Plan warning " + Written)
            .Says("Left", "48 0x24000000", first)
            .Says("Left", "16 0x30000000", second)
            .Says("Plan", "1 128 716")
            .Ends("716 0x08000000 2.0", ", verified", "sim")
            .Says("Board", "1 736 0 0x08000000");
    }

    [Fact]
    public void Several_boards_are_written_to_at_once_with_a_line_each()
    {
        using var run = new ProgramRun();
        run.Sketch(0x0800_0000);

        run.Do("upload blink.bin --simulate f4rom,count=3 --offset 0 --usb-path 1-1 --usb-path 1-3")
            .Exits(0)
            .Steps("Image Reset Reset Boards Board Board Board")
            .Says("Boards", "2 0483 1 1 0483 1 3")
            .Says("Board", "1 4000 0")
            .Says("Board", "0 0 0 0x08000000")
            .Prints("1-1: Done", "1-3: Done")
            .PrintsNot("1-2: ");
        run.Do("upload blink.bin --simulate f4rom --offset 0 --all --verbose")
            .Exits(0)
            .Ends("1 1 4000 0x08000000 0.6", "1-1: ", ", verified")
            .Prints("1-1:    0.026 Found", "1-1:                    block size 2048");
        run.Do("upload blink.bin --simulate f4rom,count=2 --offset 0 --all --port sim").Fails(2, "usage", "--port");
    }

    [Fact]
    public void One_of_several_boards_that_is_not_there_does_not_keep_the_others_from_being_written_to()
    {
        using var run = new ProgramRun();

        var printed = run.Sketch(0x0800_0000).Do("upload blink.bin --simulate f4rom,count=2 --offset 0 --usb-path 1-1 --usb-path 1-7 --timeout 1");

        printed.Exits(6)
            .Says("Boards", "1 0483 1 1")
            .Says("Board", "1 4000 0")
            .Says("Board", "0 0 0 0x08000000")
            .Ends("1 1 4000 0x08000000 0.6", "1-1: ", ", verified")
            .Errs("no-device", "1 of 2", "1-7");
        Assert.Contains(printed.Coded(), c => c.Line.StartsWith("1-7: error: ", StringComparison.Ordinal) && c.Code == "no-device");
    }

    [Fact]
    public void Several_boards_in_json_have_a_result_each()
    {
        using var run = new ProgramRun();

        var results = run.Sketch(0x0800_0000).Do("upload blink.bin --simulate f4rom,count=8 --offset 0 --all --json").Json
            .Where(e => e.GetProperty("event").GetString() == "result").ToList();

        Assert.Equal(Enumerable.Range(1, 8).Select(i => $"1-{i}"), results.Select(r => r.GetProperty("board").GetString()));
        Assert.All(results, r => Assert.Equal(0, r.GetProperty("exitStatus").GetInt32()));
    }

    [Fact]
    public void By_hand_with_port_offset_and_file()
    {
        using var run = new ProgramRun();

        run.Sketch(0x0800_4000).Do("sim 0x4000 blink.bin --simulate=f4boot")
            .Exits(0)
            .Steps(Reached + "Compare Plan " + Written)
            .Ends("4000 0x08004000 11.6", ", verified", "sim");
    }

    [Theory]
    [InlineData("sim|0|0483:df11|x.bin|/opt/arduino 1.8|0x8000000", "f4rom", 0x0800_0000, "Image Reset Wait Found", "4000 0x08000000 1.4")]
    [InlineData("0|0483|DF11|x.bin|/opt/arduino 1.8|0x8000000", "f4rom", 0x0800_0000, "Image Reset Wait Found", "4000 0x08000000 1.4")]
    [InlineData("sim|2|1EAF:0003|x.bin|/opt/arduino 1.8", "maple20", 0x0800_2000, "Reset Wait Found Image", "4000 0x08002000 0.4")]
    [InlineData("1|0x1EAF|0x0003|x.bin", "maple-orig", 0x0800_5000, "Reset Wait Found Image", "4000 0x08005000 1.8")]
    public void As_maple_upload_was_called(string line, string board, uint linkedFor, string steps, string done)
    {
        using var run = new ProgramRun();

        var printed = RunLegacy(run, line, board, linkedFor);

        var written = board == "f4rom" ? Written : $"warning {WrittenByMaple}";
        printed.Exits(0).Steps($"{steps} Compare Plan {written}").Ends(done, ", verified", "sim");
        var id = board == "f4rom" ? "0483:DF11" : "1EAF:0003";
        printed.Prints($"for {id} at 1-1");
    }

    [Fact]
    public void What_maple_upload_could_not_do_is_refused()
    {
        using var run = new ProgramRun();

        RunLegacy(run, "sim|0|0483:df11|x.bin|/opt/arduino 1.8|{upload.dfuse_addr}", "f4rom", 0x0800_0000).Fails(2, "address-missing", "x.bin").Hints("--offset OFFSET");
        RunLegacy(run, "sim|0|0483:df11", "f4rom", 0x0800_0000).Fails(2, "usage", "FILE").Hints("PORT ALT VID:PID FILE");
        RunLegacy(run, "sim|1|1EAF:0003|x.bin", "maple20", 0x0800_2000)
            .Fails(4, "image-linked-elsewhere", "x.bin", "0x08002000", "0x08005000")
            .Hints("--offset 0x2000", "libopencm3 usbdfu")
            .Steps("Reset Wait Found hint error");
    }

    [Fact]
    public void A_missing_port_is_a_warning_and_the_wait_goes_on()
    {
        using var run = new ProgramRun();

        run.Sketch(0x0800_4000).Do("upload blink.bin --simulate f4boot,start=bootloader,sketch=none --offset 0x4000 --port COM9")
            .Exits(0)
            .Steps("Image Reset Found Compare Plan " + WrittenWithoutPort)
            .Prints("COM9")
            .Ends("4000 0x08004000 0.4 10", ", verified");
        run.Sketch(0x0800_0000).Do("upload blink.bin --simulate f4rom,sketch=none --offset 0 --port COM9")
            .Fails(6, "no-device", "15 s", "0483:DF11, 1EAF:0003")
            .Warns("port-missing", "COM9", "RESET")
            .Steps("Image Reset warning Wait hint error");
    }

    [Fact]
    public void The_flash_file_keeps_the_sketch()
    {
        using var run = new ProgramRun();
        run.Sketch(0x0800_4000);

        run.Do("upload blink.bin --simulate f4boot,flash=flash.bin --offset 0x4000").Exits(0);

        Assert.Equal(run.Bytes("blink.bin"), run.Bytes("flash.bin")[0x4000..(0x4000 + 4_000)]);
    }

    [Fact]
    public void Json_is_one_object_a_line_with_schema_and_board()
    {
        using var run = new ProgramRun();

        var printed = run.Sketch(0x0800_4000).Do("upload blink.bin --simulate f4boot --offset 0x4000 --json").Exits(0);

        Assert.Equal("", printed.Error);
        Assert.All(printed.Json, e => Assert.Equal(1, e.GetProperty("schema").GetInt32()));
        Assert.All(printed.Json, e => Assert.True(e.TryGetProperty("board", out _)));
        Assert.Equal("result", printed.Result.GetProperty("event").GetString());
        Assert.Equal("1-1", printed.Result.GetProperty("board").GetString());
        Assert.True(printed.Result.GetProperty("verified").GetBoolean());
        Assert.Equal("sim", printed.Result.GetProperty("port").GetString());
    }

    // Such a board erases when it writes: until it has the only block, nothing has happened to the old sketch.
    [Theory]
    [InlineData("maple20", 0x2000)]
    [InlineData("maple-orig", 0x5000)]
    [InlineData("hid-f1", 0x800)]
    [InlineData("hid-f4", 0x4000)]
    [InlineData("dapboot", 0x2000)]
    [InlineData("dapboot,boot=high", 0)]
    public void Of_a_sketch_of_one_block_nothing_is_claimed_that_did_not_happen(string board, int offset)
    {
        var unchanged = 0;
        for (var at = 0; at < 40; at++)
        {
            using var run = new ProgramRun();
            run.Sketch(0x0800_0000 + (uint)offset, size: 700, stack: 0x2000_5000);
            run.Do($"list --simulate {board},start=bootloader,flash=flash.bin").Exits(0);
            var old = run.Bytes("flash.bin");

            var printed = run.Do($"upload blink.bin --offset 0x{offset:X} --simulate {board},start=bootloader,flash=flash.bin,fault=gone@{at}");

            if (printed.Status == 8 && run.Bytes("flash.bin").AsSpan().SequenceEqual(old))
            {
                unchanged++;
                printed.PrintsNot("no sketch will be started", "is written");
            }
        }

        Assert.True(unchanged > 0);
    }

    [Fact]
    public void Json_tells_a_failure_as_its_result()
    {
        using var run = new ProgramRun();

        var result = Assert.Single(run.Do("upload missing.bin --simulate f4boot --offset 0x4000 --json").Exits(3).Json);

        Assert.Equal("image-missing", result.GetProperty("code").GetString());
        Assert.Equal(3, result.GetProperty("exitStatus").GetInt32());
    }

    private static void AddSketch(ProgramRun run, string board, uint linkedFor)
    {
        var (size, stack) = board.Split(',')[0] switch
        {
            "dsonano" => (4_000, 0x2000_5000u),
            "maple20" or "maple-orig" or "dapboot" => (5_000, 0x2000_5000u),
            "maple-f4" => (5_000, 0x2001_0000u),
            _ => (4_000, SketchImage.EndOfRam),
        };
        run.Sketch(linkedFor, size, stack);
    }

    private static Printed RunLegacy(ProgramRun run, string line, string board, uint linkedFor)
    {
        run.Sketch(linkedFor, stack: 0x2000_5000, name: "x.bin");
        run.Run([.. line.Replace("x.bin", run.PathOf("x.bin"), StringComparison.Ordinal).Split('|'), $"--simulate={board}"]);
        return run.Printed;
    }
}
