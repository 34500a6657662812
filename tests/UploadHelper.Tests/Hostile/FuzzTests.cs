using UploadHelper.Fuzz;
using UploadHelper.Fuzz.Targets;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Hostile;

/// <summary>
/// All kept inputs of every parser, a short attack that begins with them, and all inputs again that once crashed one. The long attack
/// is scripts/fuzz.sh.
/// </summary>
public class FuzzTests
{
    private const int Seed = 1;
    private static readonly string Found = Path.Combine(TestFiles.Repository, "tests", "fuzz", "found");

    public static TheoryData<string> Parsers() => [.. AllTargets.Names];

    [Theory]
    [MemberData(nameof(Parsers))]
    public void Every_parser_returns_or_throws_its_own_error(string parser)
    {
        var fuzzer = new Fuzzer(AllTargets.Of(parser), Corpus.Read(parser), Seed);

        fuzzer.Run(parser is "device" or "uart" or "usbip-server" or "boards" ? 1_000 : 6_000);

        Assert.Empty(fuzzer.Crashes.Select(c => $"{c.Identity}: {c.What.Message}: {Convert.ToHexString(c.Input)}"));
        Assert.True(fuzzer.Outcomes > 5, $"Only {fuzzer.Outcomes} ways of ending were seen: the parser was hardly reached.");
    }

    [Fact]
    public void What_once_crashed_stays_mended()
    {
        foreach (var folder in Directory.GetDirectories(Found))
        {
            var target = AllTargets.Of(Path.GetFileName(folder));
            Assert.All(Directory.GetFiles(folder), file => Assert.Null(target.Attempt(File.ReadAllBytes(file), out _)?.What));
        }
    }

    [Fact]
    public void Every_parser_has_kept_inputs_and_no_other_has() => Assert.Equal(
        AllTargets.Names.Order(StringComparer.Ordinal),
        Directory.GetFiles(Corpus.Folder, "*.gz").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal));

    [Fact]
    public void A_planted_crash_is_found_and_made_small()
    {
        var target = new FuzzTarget("planted", [], () => ["a long input: with letters"u8.ToArray()], [], input => input.Contains((byte)'!') ? input[input.Length].ToString() : "fine");
        var fuzzer = new Fuzzer(target, target.Seeds, Seed);

        fuzzer.Run(20_000);

        var crash = Assert.Single(fuzzer.Crashes);
        Assert.IsType<IndexOutOfRangeException>(crash.What);
        Assert.Equal("!"u8.ToArray(), crash.Input);
    }

    [Fact]
    public void Memory_beyond_what_is_allowed_is_a_crash()
    {
        var target = new FuzzTarget("greedy", [], () => ["x"u8.ToArray()], [], _ => new byte[2 << 20].Length.ToString());

        Assert.IsType<UnsoundException>(target.Attempt([1], out _)?.What);
    }
}
