using System.Text.Json;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Discovery;

/// <summary>The answers of a discovery, and its reports of a virtual board in virtual time.</summary>
public class DiscoveryTests
{
    private const string Hello = DiscoveryBench.Hello;
    private const string Board = "f4rom,boot0=1";

    [Theory]
    [InlineData("LIST", "command_error")]
    [InlineData("START|START_SYNC|STOP|", "command_error command_error command_error command_error")]
    [InlineData("HELLO|HELLO 1|HELLO one \"x\"|HELLO 1 \"\"|hello 1 \"x\"", "hello! hello! hello! hello! hello")]
    [InlineData("H|START|H", "hello start hello!")]
    [InlineData("H|LIST|STOP", "hello list! stop!")]
    [InlineData("H|START|START|START_SYNC|LIST|STOP|LIST", "hello start start! start_sync! list stop list!")]
    [InlineData("H|START_SYNC|START|START_SYNC|LIST|STOP", "hello start_sync add start! start_sync! list! stop")]
    [InlineData("H|START_SYNC|STOP|START|STOP|START_SYNC", "hello start_sync add stop start stop start_sync add")]
    [InlineData("H|FOO|START now|LISTS||START", "hello command_error command_error command_error command_error start")]
    [InlineData("H|  start_sync  |QUIT|LIST", "hello start_sync add quit")]
    [InlineData("QUIT|H", "quit")]
    [InlineData("quit", "quit")]
    public void Commands_are_answered_in_their_order(string lines, string expected)
    {
        using var bench = new DiscoveryBench(Board);

        bench.Say([.. lines.Split('|').Select(l => l == "H" ? Hello : l)]).Run();

        var said = bench.Said.Select(s => s.Message.GetProperty("eventType").GetString() + (IsError(s.Message) && Type(s.Message) != "command_error" ? "!" : ""));
        Assert.Equal(expected, string.Join(' ', said));
        Assert.Equal(0, bench.Board.DfuRequests);
    }

    [Fact]
    public void Its_messages_are_those_of_the_specification()
    {
        using var bench = new DiscoveryBench(Board);

        bench.Say("START", Hello, Hello, "START", "LIST", "STOP", "START_SYNC").Do(bench.Board.Unplug).Wait(1).Say("SAY \"\u00e4\u20ac\"", "QUIT").Run();

        Snapshot.Match(string.Concat(bench.Said.Select(s => s.Message.GetRawText() + "\n")), "discovery-session");
    }

    [Fact]
    public void A_bus_without_boards_is_an_empty_list()
    {
        using var bench = new DiscoveryBench("f4rom,start=sketch");

        bench.Say(Hello, "START", "LIST", "STOP", "START_SYNC").Wait(3).Say("QUIT").Run();

        Assert.Equal(0, bench.Said[2].Message.GetProperty("ports").GetArrayLength());
        Assert.DoesNotContain("add", bench.EventTypes);
    }

    [Fact]
    public void Boards_that_appear_and_disappear_are_reported()
    {
        using var bench = new DiscoveryBench(Board);
        bench.Board.Unplug();

        bench.Say(Hello, "START_SYNC").Wait(1).Do(bench.Board.Plug).Wait(6).Do(bench.Board.Unplug).Wait(6).Say("QUIT").Run();

        Assert.Equal(["hello", "start_sync", "add", "remove", "quit"], bench.EventTypes);
        Assert.Equal("1-1", bench.Said[3].Message.GetProperty("port").GetProperty("address").GetString());
    }

    [Fact]
    public void A_bootloader_that_starts_its_sketch_by_itself_leaves_the_list()
    {
        using var bench = new DiscoveryBench("f4boot");

        bench.Say(Hello, "START_SYNC").Wait(20).Say("QUIT").Run();

        Assert.Equal(["hello", "start_sync", "add", "remove", "quit"], bench.EventTypes);
    }

    [Fact]
    public void A_bootloader_that_only_starts_its_sketch_is_not_reported()
    {
        using var bench = new DiscoveryBench(Board);
        bench.Board.Unplug();

        bench.Say(Hello, "START_SYNC").Do(bench.Board.Plug).Wait(0.8).Do(bench.Board.Unplug).Wait(2).Say("QUIT").Run();

        Assert.Equal(["hello", "start_sync", "quit"], bench.EventTypes);
    }

    [Fact]
    public void A_board_that_enumerates_again_between_two_polls_is_another_one()
    {
        using var bench = new DiscoveryBench(Board);

        bench.Say(Hello, "START_SYNC").Do(() =>
        {
            bench.Board.Unplug();
            bench.Board.Plug();
            bench.Board.AdvanceTo(bench.Board.Now + TimeSpan.FromSeconds(1));
        }).Wait(6).Say("QUIT").Run();

        Assert.Equal(["hello", "start_sync", "add", "remove", "add", "quit"], bench.EventTypes);
    }

    [Theory]
    [InlineData(UsbFault.AccessDenied)]
    [InlineData(UsbFault.Busy)]
    [InlineData(UsbFault.WrongDriver)]
    public void A_board_that_cannot_be_opened_is_a_port_without_a_serial_number(UsbFault fault)
    {
        using var bench = new DiscoveryBench(Board);
        bench.Bus = new FaultyBus(bench.Bus) { OnOpen = fault };

        bench.Say(Hello, "START", "LIST").Run();

        var port = bench.Said[2].Message.GetProperty("ports")[0];
        Assert.Equal("0xDF11", port.GetProperty("properties").GetProperty("pid").GetString());
        Assert.False(port.GetProperty("properties").TryGetProperty("serial", out _));
        Assert.False(port.TryGetProperty("hardwareId", out _));
    }

    [Fact]
    public void Each_enumeration_is_opened_once()
    {
        using var bench = new DiscoveryBench(Board);
        var transfers = 0;
        bench.Bus = new FaultyBus(bench.Bus) { BeforeTransfer = _ => transfers++ };

        bench.Say(Hello, "START", "LIST", "LIST", "STOP", "START_SYNC").Wait(60).Say("QUIT").Run();

        Assert.Equal(3, transfers); // the device descriptor, first to see whether it responds, and one string
    }

    [Fact]
    public void A_bus_that_cannot_be_listed_is_an_error_of_the_command_that_needs_it()
    {
        using var bench = new DiscoveryBench(Board);
        var bus = new BrokenBus(bench.Bus) { IsBroken = true };
        bench.Bus = bus;

        bench.Say(Hello, "START", "LIST", "START_SYNC")
            .Do(() => bus.IsBroken = false).Say("START")
            .Do(() => bus.IsBroken = true).Say("LIST", "STOP")
            .Do(() => bus.IsBroken = false).Say("START_SYNC")
            .Do(() => bus.IsBroken = true).Wait(10).Say("STOP")
            .Do(() => bus.IsBroken = false).Say("START_SYNC").Run();

        Assert.Equal(
            ["hello", "start!", "list!", "start_sync!", "start", "list!", "stop", "start_sync", "add", "start_sync!", "stop", "start_sync", "add"],
            bench.Said.Select(s => Type(s.Message) + (IsError(s.Message) ? "!" : "")));
        Assert.Contains("libusb is missing", bench.Said[1].Message.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    // Milliseconds of each list, and polls in a minute: the interval is 250 ms, or 100 times the list, but at most 5 s.
    [Theory]
    [InlineData(0, 240)]
    [InlineData(10, 60)]
    [InlineData(1000, 12)]
    public void Polls_take_at_most_a_hundredth_of_the_time(int milliseconds, int polls)
    {
        using var bench = new DiscoveryBench("f4rom,start=sketch");
        var bus = new SlowBus(bench.Bus, bench.Clock, TimeSpan.FromMilliseconds(milliseconds));
        bench.Bus = bus;

        bench.Say(Hello, "START_SYNC").Wait(60).Say("QUIT").Run();

        Assert.InRange(bus.Lists - 1, polls - 1, polls + 1);
    }

    private static string Type(JsonElement message) => message.GetProperty("eventType").GetString()!;

    private static bool IsError(JsonElement message) => message.TryGetProperty("error", out var error) && error.GetBoolean();

    private sealed class SlowBus(IUsbBus bus, TimeProvider time, TimeSpan duration) : IUsbBus
    {
        public int Lists { get; private set; }

        public IReadOnlyList<UsbDeviceInfo> List()
        {
            Lists++;
            if (duration > TimeSpan.Zero)
            {
                time.Wait(duration, CancellationToken.None);
            }

            return bus.List();
        }

        public IUsbDevice Open(UsbDeviceInfo device) => bus.Open(device);
    }

    private sealed class BrokenBus(IUsbBus bus) : IUsbBus
    {
        public bool IsBroken { get; set; }

        public IReadOnlyList<UsbDeviceInfo> List() => IsBroken ? throw new UsbException(UsbFault.Io, "libusb is missing.") : bus.List();

        public IUsbDevice Open(UsbDeviceInfo device) => bus.Open(device);
    }
}
