using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace UploadHelper.Tests.Discovery;

/// <summary>Any order of commands, with a board that comes and goes, against a model of three flags.</summary>
public class DiscoveryPropertyTests
{
    private static readonly string[] Steps =
    [
        DiscoveryBench.Hello, DiscoveryBench.Hello, "HELLO", "START", "START_SYNC", "START_SYNC", "STOP", "LIST", "FOO", "", "QUIT",
        "+plug", "+unplug", "+short", "+long", "+long",
    ];

    [Fact]
    public void Every_command_gets_its_answer_and_every_event_is_true()
    {
        var scripts = Gen.Elements(Steps).ListOf().ToArbitrary();
        Prop.ForAll(scripts, Gen.Elements(true, false).ToArbitrary(), Holds).QuickCheckThrowOnFailure();
    }

    // Mostly QUIT and a missing HELLO end a script early; this one goes deep.
    [Fact]
    public void Nor_does_a_long_session_lose_its_way()
    {
        var scripts = Gen.Elements(Steps.Where(s => s != "QUIT").ToArray()).ListOf(60).Select(s => (IList<string>)[DiscoveryBench.Hello, .. s]).ToArbitrary();
        Prop.ForAll(scripts, Gen.Elements(true, false).ToArbitrary(), Holds).QuickCheckThrowOnFailure();
    }

    private static void Holds(IList<string> script, bool tells)
    {
        using var bench = new DiscoveryBench("f4rom,boot0=1", tells);
        var model = new Model(bench);
        foreach (var step in script)
        {
            _ = step switch
            {
                "+plug" => bench.Do(() => Plug(bench)),
                "+unplug" => bench.Do(bench.Board.Unplug),
                "+short" => bench.Wait(0.1),
                "+long" => bench.Wait(6).Do(model.Settled),
                _ => bench.Say(step).Do(() => model.Answered(step)),
            };
        }

        bench.Run();

        Assert.Equal(0, bench.Board.DfuRequests);
    }

    private static void Plug(DiscoveryBench bench)
    {
        if (bench.Board.Attached is null)
        {
            bench.Board.Plug();
        }
    }

    /// <summary>What the specification says of a client's view: flags for HELLO, START and START_SYNC, and the ports it has been told.</summary>
    private sealed class Model(DiscoveryBench bench)
    {
        private readonly HashSet<string> _told = [];
        private bool _hello;
        private bool _started;
        private bool _syncing;
        private int _read;

        public void Answered(string command)
        {
            var answer = ReadTo(m => Type(m) is not ("add" or "remove"));
            Assert.Equal(Expected(command), (Type(answer), answer.TryGetProperty("error", out _)));
            if (Type(answer) == "list" && answer.TryGetProperty("ports", out var ports))
            {
                Assert.Equal(bench.Board.Attached is null ? 0 : 1, ports.GetArrayLength());
            }

            if (!_syncing)
            {
                Assert.Equal(bench.Said.Count, _read);
                _told.Clear();
            }
        }

        public void Settled()
        {
            while (_read < bench.Said.Count)
            {
                Event(bench.Said[_read++].Message);
            }

            Assert.Equal(_syncing && bench.Board.Attached is not null ? ["1-1"] : [], _told);
        }

        private (string Type, bool IsError) Expected(string command)
        {
            if (!_hello && command is not "QUIT" and not DiscoveryBench.Hello and not "HELLO")
            {
                return ("command_error", true);
            }

            switch (command)
            {
                case DiscoveryBench.Hello:
                    (_hello, var first) = (true, !_hello);
                    return ("hello", !first);
                case "START" or "START_SYNC" when !_started && !_syncing:
                    (_started, _syncing) = (command == "START", command == "START_SYNC");
                    return (command.ToLowerInvariant(), false);
                case "STOP" when _started || _syncing:
                    (_started, _syncing) = (false, false);
                    return ("stop", false);
                case "LIST":
                    return ("list", !_started);
                case "QUIT":
                    return ("quit", false);
                case "FOO" or "":
                    return ("command_error", true);
                default:
                    return (command.ToLowerInvariant(), true);
            }
        }

        private JsonElement ReadTo(Func<JsonElement, bool> isWanted)
        {
            while (true)
            {
                Assert.True(_read < bench.Said.Count, "A command was not answered.");
                var message = bench.Said[_read++].Message;
                if (isWanted(message))
                {
                    return message;
                }

                Event(message);
            }
        }

        // A port is added once before it is removed, and removed once.
        private void Event(JsonElement message)
        {
            Assert.True(_syncing, $"An event outside START_SYNC: {message}");
            var address = message.GetProperty("port").GetProperty("address").GetString()!;
            Assert.True(Type(message) == "add" ? _told.Add(address) : _told.Remove(address), message.ToString());
        }

        private static string Type(JsonElement message) => message.GetProperty("eventType").GetString()!;
    }
}
