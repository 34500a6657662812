using System.Text.RegularExpressions;

namespace UploadHelper.Discovery;

/// <summary>One line of the client.</summary>
/// <param name="Verb">The command.</param>
/// <param name="Text">The line as it came, without the blanks around it.</param>
internal sealed partial record DiscoveryRequest(DiscoveryVerb Verb, string Text)
{
    private const string Hello = "HELLO";

    /// <summary>Whether this is a HELLO that says what the specification asks of it.</summary>
    public bool IsWellFormed => Verb != DiscoveryVerb.Hello || WellFormedHello().IsMatch(Text);

    /// <summary>Reads a line. Arduino's own discoveries take lower case too, and so does this.</summary>
    public static DiscoveryRequest Parse(string line)
    {
        var text = line.Trim();
        var verb = text.ToUpperInvariant() switch
        {
            "START" => DiscoveryVerb.Start,
            "START_SYNC" => DiscoveryVerb.StartSync,
            "STOP" => DiscoveryVerb.Stop,
            "LIST" => DiscoveryVerb.List,
            "QUIT" => DiscoveryVerb.Quit,
            var words when words.Split(' ')[0] == Hello => DiscoveryVerb.Hello,
            _ => DiscoveryVerb.Unknown,
        };
        return new DiscoveryRequest(verb, text);
    }

    [GeneratedRegex("^HELLO [0-9]{1,9} \"[^\"]+\"$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex WellFormedHello();
}
