using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;
using Xunit.Abstractions;

namespace UploadHelper.Tests.Uploading;

/// <summary>A bootloader goes onto a bare chip, and sketches then go through it.</summary>
public class InstallTests(ITestOutputHelper output)
{
    private const uint Base = FlashAddress.FlashBase;
    private const string Bare = "bluepill,adapter=1,start=empty";

    [Theory]
    [InlineData("stm32duino", "libmaple-f1")]
    [InlineData("maple", "libmaple-f1")]
    [InlineData("hid-f1", "libmaple-f1")]
    [InlineData("dapboot", "libmaple-f1")]
    public void From_a_bare_chip_to_a_sketch_over_USB(string name, string sketch)
    {
        var bench = new Bench($"{Bare},sketch={sketch}");
        var address = BootloaderImage.Named(name).Places[0].Address;

        var result = Install(bench, name);
        AssertInstalled(bench, name, result);
        bench.Board.PressReset();
        bench.Settle();
        var upload = bench.Upload(bench.Request(address, 5_000));
        bench.Settle();

        Assert.Equal(BootloaderImage.Named(name).Installation!.Id, result.Seen?.Id);
        Assert.True(upload.Left);
        Assert.Equal(address, bench.Board.RunningSketch?.Address);
        Assert.Equal(SketchImage.Bytes(address, 5_000, bench.Board.StackPointer), bench.Flash(address, 5_000));
        Assert.Empty(bench.Board.Violations);
    }

    [Theory]
    [InlineData("stm32duino")]
    [InlineData("hid-f1")]
    public void The_sketch_that_runs_is_replaced_at_one_click(string name)
    {
        var bench = new Bench($"{Bare},sketch=libmaple-f1");
        var address = BootloaderImage.Named(name).Places[0].Address;
        Install(bench, name);
        bench.Board.PressReset();
        bench.Settle();
        bench.Upload(bench.Request(address, 5_000));
        bench.Settle();

        var second = bench.Upload(bench.Request(address, 6_000) with { WaitPort = WaitPort.Yes });

        Assert.Equal(InProcessSerialPorts.FirstName, second.Port);
        Assert.Equal(SketchImage.Bytes(address, 6_000, bench.Board.StackPointer), bench.Flash(address, 6_000));
    }

    [Theory]
    [InlineData("f4boot", true)]
    [InlineData("hid-f4", false)]
    public void Through_the_ROM_of_an_F4_over_USB(string name, bool startsWithoutSketch)
    {
        var bench = new Bench("f407-rom", StartState.Empty);

        var result = Install(bench, name, uart: false);

        AssertInstalled(bench, name, result);
        Assert.Equal(startsWithoutSketch, result.Seen?.Id == BootloaderImage.Named(name).Installation!.Id);
    }

    [Theory]
    [InlineData("nrst=dtr,boot0=rts")]
    [InlineData("nrst=rts,boot0=dtr")]
    public void An_adapter_whose_lines_drive_RESET_and_BOOT0_needs_no_hand(string wires)
    {
        var bench = new Bench($"bluepill,{wires},adapter=1");

        var result = Install(bench, "stm32duino");
        bench.Settle();

        AssertInstalled(bench, "stm32duino", result);
        Assert.Equal(BootloaderImage.Named("stm32duino").Installation!.Id, result.Seen?.Id);
        Assert.NotNull(bench.Board.Attached);
    }

    [Fact]
    public void A_bootloader_that_is_not_on_USB_is_not_said_to_run()
    {
        var result = Install(new Bench(Bare), "h0wch33");

        Assert.True(result is { Left: true, Verified: true, Seen: null });
    }

    [Fact]
    public void An_empty_chip_needs_no_question_and_what_is_there_already_is_neither_asked_about_nor_written()
    {
        var bench = new Bench(Bare);
        Install(bench, "stm32duino", asked: _ => Assert.Fail("asked"));
        var erased = bench.Board.SectorsErased;
        bench.Board.PressResetWithBoot0();
        bench.Settle();

        var result = Install(bench, "stm32duino", asked: _ => Assert.Fail("asked"));

        Assert.Equal(result.File.Image.Size, result.Unchanged);
        Assert.Equal(erased, bench.Board.SectorsErased);
    }

    [Fact]
    public void What_is_on_the_chip_is_said_and_a_no_leaves_it_there()
    {
        var bench = new Bench("bluepill,adapter=1,boot0=1");
        bench.Board.Flash.Preload(Base, BootloaderImage.Bytes("hid-f1"));
        var before = bench.Board.Flash.Bytes.ToArray();
        var said = "";

        Assert.Throws<OperationCanceledException>(() => Install(bench, "stm32duino", asked: what =>
        {
            said = what;
            throw new OperationCanceledException();
        }));

        Assert.Equal("HID bootloader 2.1 or 2.2", said);
        Assert.Equal(before, bench.Board.Flash.Bytes.ToArray());
        Assert.Contains(bench.Events.OfType<UploadCancelled>(), c => c.State == "Nothing was erased.");
    }

    [Fact]
    public void What_only_looks_like_a_sketch_is_erased_and_a_sketch_stays()
    {
        var bench = new Bench("bluepill,adapter=1,boot0=1,start=empty");
        var old = SketchImage.Bytes(0x0800_5000, 2_000, 0x2000_5000);
        bench.Board.Flash.Preload(0x0800_2000, [0x00, 0x10, 0x00, 0x20, 0x34, 0x12, 0x00, 0xF0]);
        bench.Board.Flash.Preload(0x0800_2400, [1, 2, 3, 4]);
        bench.Board.Flash.Preload(0x0800_5000, old);

        Install(bench, "stm32duino");

        Assert.True(bench.Board.Flash.IsErased(0x0800_2000, 0x400));
        Assert.Equal([1, 2, 3, 4], bench.Flash(0x0800_2400, 4));
        Assert.Equal(old, bench.Flash(0x0800_5000, old.Length));
    }

    [Theory]
    [InlineData("nucleo-g071,adapter=1", "stm32duino", true, UploadError.NotForThisDevice, "is for STM32F103, but the board has the ST USART bootloader, STM32G07x or G08x")]
    [InlineData("f407-rom,adapter=1", "stm32duino", true, UploadError.NotForThisDevice, "is for STM32F103, but the board has the ST USART bootloader, STM32F405 or F407")]
    [InlineData("l496", "f4boot", false, UploadError.NotForThisDevice, "is for STM32F405 and F407, but the board has the ST system bootloader, STM32L4")]
    [InlineData("f4boot", "hid-f4", false, UploadError.NotSupported, "runs a bootloader in its flash (F4Bootloader)")]
    [InlineData("maple20", "hid-f1", false, UploadError.NotSupported, "runs a bootloader in its flash (STM32duino bootloader 2.0)")]
    [InlineData("bluepill,rdp=1,adapter=1", "stm32duino", true, UploadError.ReadProtected, "is read-protected")]
    [InlineData("f4rom,rdp=1", "f4boot", false, UploadError.ReadProtected, "errVENDOR")]
    [InlineData("bluepill", "stm32duino", false, UploadError.NoDevice, "The ROM of an STM32F1 has no USB")]
    [InlineData("bluepill,adapter=1,start=sketch", "stm32duino", true, UploadError.NoDevice, "No bootloader answered at uart")]
    public void A_board_that_cannot_take_it_is_unchanged(string board, string name, bool uart, UploadError error, string message)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var before = bench.Board.Flash.Bytes.ToArray();

        var e = Assert.Throws<UploadException>(() => Install(bench, name, uart));

        Assert.Equal(error, e.Error);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Equal(before, bench.Board.Flash.Bytes.ToArray());
    }

    [Fact]
    public void A_Maple_bootloader_that_is_refused_does_not_stay_for_ever()
    {
        var bench = new Bench("maple20", StartState.Bootloader);

        Assert.Throws<UploadException>(() => Install(bench, "hid-f1", uart: false));
        bench.Settle();

        Assert.NotNull(bench.Board.RunningSketch);
    }

    // All bytes, in steps; UPLOADHELPER_LONG_TESTS takes every one.
    [Theory]
    [InlineData(ByteFault.Lost, 23)]
    [InlineData(ByteFault.Doubled, 29)]
    [InlineData(ByteFault.Changed, 23)]
    [InlineData(ByteFault.Pulled, 31)]
    public void A_fault_in_one_byte_leaves_no_half_bootloader(ByteFault fault, int step)
    {
        var clean = new Bench("bluepill,adapter=1,boot0=1");
        var whole = new FaultyUartPorts(clean.System.SerialPorts, fault, int.MaxValue);
        Install(clean, "hid-f1", ports: whole);
        var expected = BootloaderImage.Bytes("hid-f1");
        var failed = 0;
        step = Environment.GetEnvironmentVariable("UPLOADHELPER_LONG_TESTS") == "1" ? 1 : step;
        for (var index = 0; index < whole.Count; index += step)
        {
            var bench = new Bench("bluepill,adapter=1,boot0=1");
            var before = bench.Board.Flash.Bytes.ToArray();
            try
            {
                Assert.True(Install(bench, "hid-f1", ports: new FaultyUartPorts(bench.System.SerialPorts, fault, index)).Verified, $"byte {index}");
            }
            catch (UploadException e)
            {
                failed++;
                var flash = bench.Board.Flash;
                Assert.True(
                    flash.Bytes.SequenceEqual(before)
                        || expected.AsSpan().SequenceEqual(flash.Read(Base, expected.Length))
                        || !flash.Part.HasStackAt(BinaryPrimitives.ReadUInt32LittleEndian(flash.Read(Base, 4))),
                    $"byte {index}: half a bootloader. {e.Message}");
                Assert.DoesNotContain("sketch", e.Message, StringComparison.Ordinal);
                Assert.True(
                    flash.Bytes.SequenceEqual(before) || !(e.Message.Contains("Nothing was erased", StringComparison.Ordinal) || e.Message.Contains("is unchanged", StringComparison.Ordinal)),
                    $"byte {index}: {e.Message}");
                bench.Board.PressResetWithBoot0();
                bench.Wait(TimeSpan.FromSeconds(1));
                Install(bench, "hid-f1");
            }

            Assert.True(expected.AsSpan().SequenceEqual(bench.Board.Flash.Read(Base, expected.Length)), $"byte {index}");
        }

        output.WriteLine($"{fault}: {whole.Count} bytes, every {step}., {failed} installations failed and succeeded when repeated");
        Assert.InRange(failed, 0, whole.Count / step / 10);
    }

    private static void AssertInstalled(Bench bench, string name, InstallResult result)
    {
        var expected = BootloaderImage.Bytes(name);
        Assert.True(result is { Verified: true, Left: true });
        Assert.Equal(expected, bench.Flash(Base, expected.Length));
        Assert.Empty(bench.Board.Violations);
    }

    private static InstallResult Install(Bench bench, string name, bool uart = true, Action<string>? asked = null, ISerialPorts? ports = null)
    {
        var file = BootloaderFile.Read(BootloaderImage.File(name), BootloaderImage.Named(name), BootloaderCatalogue.Installable, [], bench.Events.Add);
        var request = new BootloaderRequest(bench.Filter)
        {
            Port = uart ? InProcessSerialPorts.FirstAdapterName : null,
            Uart = uart ? new UartOptions(UartOptions.DefaultBaudRate, ResetSequence.Auto) : null,
            Timeout = TimeSpan.FromSeconds(3),
        };
        return new BootloaderInstaller(bench.Bus, ports ?? bench.System.SerialPorts, bench.System.Clock, bench.Events.Add)
            .Run(file, request, [], asked ?? (_ => { }), CancellationToken.None);
    }
}
