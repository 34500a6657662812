using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>The HID bootloaders on the wire, wrong behaviour included. Sources: <see cref="HidBuild"/> names them; the published binaries do the same.</summary>
public class HidFunctionTests
{
    private const uint Start = 0x0800_0800;
    private static readonly byte[] Restart = Command(0);

    [Theory]
    [InlineData("hid-f1", true)]
    [InlineData("hid-f1,generation=2.2.1", false)]
    [InlineData("hid-f1,generation=2.1", false)]
    public void Command_0_is_answered_by_the_latest_build_only(string options, bool answers)
    {
        var wire = new HidWire(options);
        wire.Report(Restart);
        Assert.Equal(answers, wire.Answer());
    }

    [Fact]
    public void While_it_writes_a_page_it_acknowledges_nothing_and_takes_nothing()
    {
        var wire = new HidWire("hid-f1");
        var page = SketchImage.Noise(1, 1024);
        wire.Send(page);

        Assert.Equal(ControlOutcome.NoHandshake, wire.Report(Restart));
        Assert.Equal(ControlOutcome.NoHandshake, wire.Board.Control(new UsbSetup(0x80, 6, 0x0100, 0, 18), []).Outcome);
        Assert.False(wire.Answer());
        wire.Wait(TimeSpan.FromMilliseconds(47));

        Assert.True(wire.Answer());
        Assert.False(wire.Answer());
        Assert.Equal(page, wire.Board.Flash.Read(Start, 1024).ToArray());
    }

    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    public void Data_left_over_shifts_all_that_follows_and_every_answer_comes_all_the_same(int left)
    {
        var wire = new HidWire("hid-f1");
        wire.Send(new byte[left]);
        wire.Report(Restart);
        wire.Send(SketchImage.Noise(1, (1024 - left) / 64 * 64 - (left == 64 ? 64 : 0)));
        wire.Wait(TimeSpan.FromMilliseconds(100));

        Assert.True(wire.Answer());
        Assert.Equal((byte[])[.. new byte[left], .. Restart], wire.Board.Flash.Read(Start, left + 64).ToArray());
    }

    [Fact]
    public void A_command_in_the_middle_of_a_page_is_data()
    {
        var wire = new HidWire("hid-f1");
        byte[] page = [.. new byte[64], .. Restart, .. Command(1), .. SketchImage.Noise(1, 1024 - 192)];
        wire.Send(page);
        wire.Wait(TimeSpan.FromMilliseconds(100));

        Assert.Equal(page, wire.Board.Flash.Read(Start, 1024).ToArray());
    }

    [Fact]
    public void A_bus_reset_empties_the_buffer_and_drops_the_answer()
    {
        var wire = new HidWire("hid-f1");
        wire.Report(Restart);
        wire.Send(new byte[640]);
        wire.Board.BusReset();
        Assert.False(wire.Answer());

        wire.Report(Restart);
        Assert.True(wire.Answer());
    }

    [Fact]
    public void A_suspended_bus_leaves_it_deaf_until_the_bus_is_reset()
    {
        var wire = new HidWire("hid-f1");
        wire.Board.Suspend();
        Assert.Equal(ControlOutcome.NoHandshake, wire.Report(Restart));

        wire.Board.BusReset();
        Assert.Equal(ControlOutcome.Done, wire.Report(Restart));
    }

    [Theory]
    [InlineData("hid-f1,size=512", 510)]
    [InlineData("hid-f1", 126)]
    public void Behind_its_last_page_it_destroys_itself_or_faults(string options, int last)
    {
        var wire = new HidWire(options);
        for (var block = 0; block < last; block++)
        {
            wire.Send(new byte[1024]);
            wire.Wait(TimeSpan.FromMilliseconds(100));
        }

        Assert.Empty(wire.Board.Violations);
        foreach (var report in new byte[2048].Chunk(64))
        {
            wire.Report(report);
        }

        Assert.NotEmpty(wire.Board.Violations);
        wire.Board.PressReset();
        wire.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal(last == 510, wire.Board.Attached is null);
    }

    [Fact]
    public void Half_a_page_of_2_KiB_is_never_written_and_makes_data_of_the_command()
    {
        var wire = new HidWire("hid-f1,size=512");
        wire.Send(new byte[1024]);
        Assert.True(wire.Answer());
        wire.Report(Command(1));
        wire.Wait(TimeSpan.FromSeconds(2));

        Assert.NotNull(wire.Board.Function);
        Assert.Equal(0, wire.Board.SectorsErased);
    }

    [Fact]
    public void Command_1_starts_the_sketch()
    {
        var wire = new HidWire("hid-f1");
        wire.Report(Command(1));
        wire.Wait(TimeSpan.FromSeconds(1));

        Assert.Equal(Start, wire.Board.RunningSketch!.Address);
    }

    [Fact]
    public void On_an_F4_a_report_that_begins_with_the_letters_is_never_data_and_one_that_comes_while_it_writes_is_lost()
    {
        var wire = new HidWire("hid-f4");
        wire.Report(Command(7));
        wire.Send(SketchImage.Noise(1, 1024));
        wire.Report(SketchImage.Noise(2, 64));
        wire.Report(SketchImage.Noise(3, 64));
        Assert.Single(wire.Board.Violations.Select(v => v.Text).Distinct());
        wire.Wait(TimeSpan.FromSeconds(1));
        wire.Send(SketchImage.Noise(4, 1024 - 64));
        wire.Wait(TimeSpan.FromSeconds(1));

        Assert.Equal((byte[])[.. SketchImage.Noise(1, 1024), .. SketchImage.Noise(3, 64)], wire.Board.Flash.Read(0x0800_4000, 1088).ToArray());
    }

    private static byte[] Command(byte number) => [.. "BTLDCMD"u8, number, .. new byte[56]];

    private sealed class HidWire
    {
        public HidWire(string options)
        {
            Board = BoardFactory.Create(SimulationOptions.Parse(options, StartState.Bootloader), _ => { });
            Wait(TimeSpan.FromSeconds(1));
            Board.Control(new UsbSetup(0x00, 9, 1, 0, 0), []);
        }

        public Board Board { get; }

        public void Wait(TimeSpan time) => Board.AdvanceTo(Board.Now + time);

        public ControlOutcome Report(byte[] report) => Board.Control(new UsbSetup(0x21, 9, 0x0200, 0, (ushort)report.Length), report).Outcome;

        public void Send(byte[] data)
        {
            foreach (var report in data.Chunk(64))
            {
                Assert.Equal(ControlOutcome.Done, Report(report));
            }
        }

        public bool Answer() => Board.BulkIn(0x81, 8) is { } answer && answer.AsSpan().SequenceEqual("BTLDCMD\u0002"u8);
    }
}
