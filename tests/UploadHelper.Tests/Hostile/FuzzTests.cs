using UploadHelper.Fuzz;
using UploadHelper.Fuzz.Targets;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Hostile;

/// <summary>A short attack on every parser, and all inputs again that once crashed one. The long attack is scripts/fuzz.sh.</summary>
public class FuzzTests
{
    private const int Seed = 1;
    private static readonly string Tests = Path.Combine(TestFiles.Repository, "tests");
    private static readonly string Found = Path.Combine(Tests, "fuzz", "found");
    private static readonly IReadOnlyList<FuzzTarget> Targets = AllTargets.Of(Tests);

    public static TheoryData<string> Parsers() => [.. Targets.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Parsers))]
    public void Every_parser_returns_or_throws_its_own_error(string parser)
    {
        var fuzzer = new Fuzzer(Target(parser), Seed);

        fuzzer.Run(parser switch { "device" => 200, "boards" => 300, _ => 3_000 });

        Assert.Empty(fuzzer.Crashes.Select(c => $"{c.Identity}: {c.What.Message}: {Convert.ToHexString(c.Input)}"));
        Assert.True(fuzzer.Outcomes > 5, $"Only {fuzzer.Outcomes} ways of ending were seen: the parser was hardly reached.");
    }

    [Theory]
    [MemberData(nameof(Parsers))]
    public void Sound_inputs_are_read(string parser)
    {
        var target = Target(parser);

        Assert.All(target.Seeds, seed => Assert.Null(Fuzzer.Attempt(target, seed, out _)));
    }

    [Fact]
    public void What_once_crashed_stays_mended()
    {
        foreach (var folder in Directory.GetDirectories(Found))
        {
            var target = Target(Path.GetFileName(folder));
            Assert.All(Directory.GetFiles(folder), file => Assert.Null(Fuzzer.Attempt(target, File.ReadAllBytes(file), out _)?.What));
        }
    }

    [Fact]
    public void A_planted_crash_is_found_and_made_small()
    {
        var target = new FuzzTarget("planted", ["a long input: with letters"u8.ToArray()], [], input => input.Contains((byte)'!') ? input[input.Length].ToString() : "fine");
        var fuzzer = new Fuzzer(target, Seed);

        fuzzer.Run(20_000);

        var crash = Assert.Single(fuzzer.Crashes);
        Assert.IsType<IndexOutOfRangeException>(crash.What);
        Assert.Equal("!"u8.ToArray(), crash.Input);
    }

    [Fact]
    public void Memory_beyond_what_is_allowed_is_a_crash()
    {
        var target = new FuzzTarget("greedy", ["x"u8.ToArray()], [], _ => new byte[2 << 20].Length.ToString());

        Assert.IsType<UnsoundException>(Fuzzer.Attempt(target, [1], out _)?.What);
    }

    private static FuzzTarget Target(string name) => Targets.Single(t => t.Name == name);
}
