using UploadHelper.Core.Errors;
using UploadHelper.Output;

namespace UploadHelper.Tests.Hostile;

/// <summary>What devices and files put into their names does not command the user's terminal.</summary>
public class TerminalTests
{
    [Theory]
    [InlineData(false, "hint: ?[2J\nerror: ?]0;x? [no-device]\n")]
    [InlineData(true, "hint: ?[2J\n\e[31merror:\e[0m ?]0;x? [no-device]\n")]
    public void Only_the_programs_own_colours_are_escape_sequences(bool color, string printed)
    {
        var error = new StringWriter { NewLine = "\n" };
        var streams = new ConsoleStreams(TextReader.Null, TextWriter.Null, error, ErrorIsTerminal: color);

        new TextReporter(streams, verbose: false, quiet: false, color).Failed(new UploadException(UploadError.NoDevice, "\e]0;x\a", "\e[2J"));

        Assert.Equal(printed, error.ToString());
    }
}
