using System.Text.Json;
using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Discovery;

/// <summary>The published discovery keeps to the protocol, whatever its client does.</summary>
public class DiscoveryTests
{
    private const string Hello = "HELLO 1 \"arduino-cli 1.2.3\"";

    [PublishedFact]
    public void A_well_behaved_client_sees_the_board()
    {
        using var client = new DiscoveryClient("--simulate", "f4rom");

        var hello = client.Ask(Hello);
        Assert.Equal(1, hello.GetProperty("protocolVersion").GetInt32());
        Assert.Equal("OK", hello.GetProperty("message").GetString());
        Assert.Equal("start", Type(client.Ask("START")));
        var port = client.Ask("LIST").GetProperty("ports").EnumerateArray().Single();
        Assert.Equal("1-1", port.GetProperty("address").GetString());
        Assert.Equal("dfu", port.GetProperty("protocol").GetString());
        Assert.Equal("USB DFU", port.GetProperty("protocolLabel").GetString());
        Assert.Equal("0x0483", port.GetProperty("properties").GetProperty("vid").GetString());
        Assert.Equal("0xDF11", port.GetProperty("properties").GetProperty("pid").GetString());
        Assert.Equal("stop", Type(client.Ask("STOP")));
        Assert.Equal("quit", Type(client.Ask("QUIT")));
        Assert.Null(client.Read());
        Assert.Equal(0, client.ExitStatus());
        Assert.Equal("", client.Error.Result);
    }

    [PublishedFact]
    public void Commands_in_the_wrong_order_are_refused_and_change_nothing()
    {
        using var client = new DiscoveryClient("--simulate", "f4rom");

        foreach (var command in (string[])["START", "START_SYNC", "STOP", "LIST", "", "FOO"])
        {
            Refuses(client, command, "command_error");
        }

        Refuses(client, "HELLO", "hello");
        Assert.Equal("hello", Type(client.Ask(Hello)));
        Refuses(client, Hello, "hello");
        Refuses(client, "LIST", "list");
        Refuses(client, "STOP", "stop");
        Refuses(client, "FOO BAR", "command_error");
        Assert.Equal("start", Type(client.Ask("START")));
        Refuses(client, "START", "start");
        Refuses(client, "START_SYNC", "start_sync");
        Assert.Equal(1, client.Ask("LIST").GetProperty("ports").GetArrayLength());
        Assert.Equal("stop", Type(client.Ask("STOP")));
        Assert.Equal("start_sync", Type(client.Ask("START_SYNC")));
        Assert.Equal("add", Type(client.Read()!.Value));
        Refuses(client, "LIST", "list");
        Refuses(client, "START", "start");
        Assert.Equal("quit", Type(client.Ask("QUIT")));
        Assert.Equal(0, client.ExitStatus());
    }

    // The specification: first the answer, then a burst of what is there.
    [PublishedFact]
    public void Every_start_sync_is_answered_before_its_burst()
    {
        using var client = new DiscoveryClient("--simulate", "f4rom");

        client.Write(Hello + "\n" + string.Concat(Enumerable.Repeat("START_SYNC\nSTOP\n", 50)) + "QUIT\n");

        Assert.Equal(
            ["hello", .. Enumerable.Repeat((string[])["start_sync", "add", "stop"], 50).SelectMany(s => s), "quit"],
            client.ReadToEnd().Select(Type));
        Assert.Equal(0, client.ExitStatus());
    }

    [PublishedTheory]
    [InlineData("")]
    [InlineData(Hello)]
    [InlineData(Hello + "\nSTART")]
    [InlineData(Hello + "\nSTART\nLIST")]
    [InlineData(Hello + "\nSTART_SYNC")]
    [InlineData(Hello + "\nSTART_SYNC\nSTOP")]
    [InlineData("FOO")]
    public void It_quits_at_any_time_and_ends_with_its_client(string before)
    {
        var start = before.Length == 0 ? "" : before + "\n";
        using (var client = new DiscoveryClient("--simulate", "f4rom"))
        {
            Assert.Equal("quit", Type(client.Write(start + "QUIT\nLIST\n").ReadToEnd()[^1]));
            Assert.Equal(0, client.ExitStatus());
        }

        using (var client = new DiscoveryClient("--simulate", "f4rom"))
        {
            Assert.DoesNotContain(client.Write(start).Close().ReadToEnd(), m => Type(m) == "quit");
            Assert.Equal(0, client.ExitStatus());
        }

        using (var client = new DiscoveryClient("--simulate", "f4rom"))
        {
            client.CloseOutput().Write(start).Close();
            Assert.Equal(0, client.ExitStatus());
        }

        using (var client = new DiscoveryClient("--simulate", "f4rom"))
        {
            client.Write(start + "FOO\n").Read();
            Assert.Equal(130, client.Terminate().ExitStatus());
        }
    }

    [PublishedFact]
    public void Commands_may_come_in_pieces_with_any_line_ends_and_a_torn_last_one()
    {
        using var client = new DiscoveryClient("--simulate", "f4rom");

        client.Write("HEL").Write("LO 1 \"x\"\r\nSTA").Write("RT\r\n").Write("LIST\n" + new string('x', 100_000) + "\nSTOP");
        var messages = client.Close().ReadToEnd();

        Assert.Equal(["hello", "start", "list", "command_error", "stop"], messages.Select(Type));
        Assert.True(messages[3].GetRawText().Length < 200);
    }

    [PublishedFact]
    public void A_board_is_told_when_it_comes_and_when_it_goes_and_gets_no_class_request()
    {
        using var board = new ServedBoard("f4rom,boot0=1", hasPort: false);
        using var client = new DiscoveryClient("--usbip", $"127.0.0.1:{board.Port}");

        client.Ask(Hello);
        Assert.Equal("start_sync", Type(client.Ask("START_SYNC")));
        var added = client.Read()!.Value;
        var address = added.GetProperty("port").GetProperty("address").GetString();
        Assert.Equal("add", Type(added));
        foreach (var (command, expected) in ((string, string)[])[("unplug", "remove"), ("plug", "add"), ("reset", "remove")])
        {
            board.Command(command);
            var message = client.Read()!.Value;
            Assert.Equal(expected, Type(message));
            Assert.Equal(address, message.GetProperty("port").GetProperty("address").GetString());
        }

        Assert.Equal("add", Type(client.Read()!.Value));
        Assert.Equal("quit", Type(client.Ask("QUIT")));
        Assert.Contains("dfu_requests=0", board.Stop().Log, StringComparison.Ordinal);
    }

    [PublishedFact]
    public void A_bus_that_is_not_there_is_an_error_of_start_and_the_discovery_lives_on()
    {
        using var client = new DiscoveryClient("--usbip", "127.0.0.1:1");

        client.Ask(Hello);
        Refuses(client, "START", "start");
        Refuses(client, "START_SYNC", "start_sync");
        Assert.Equal("quit", Type(client.Ask("QUIT")));
        Assert.Equal(0, client.ExitStatus());
    }

    private static void Refuses(DiscoveryClient client, string command, string eventType)
    {
        var message = client.Ask(command);
        Assert.Equal(eventType, Type(message));
        Assert.True(message.GetProperty("error").GetBoolean());
        Assert.NotEqual("", message.GetProperty("message").GetString());
    }

    private static string Type(JsonElement message) => message.GetProperty("eventType").GetString()!;
}
