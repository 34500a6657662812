using UploadHelper.Output;

namespace UploadHelper.Tests.Output;

public class ProgressLineTests
{
    [Fact]
    public void Off_a_terminal_marks_are_only_appended()
    {
        var text = Show(isTerminal: false, (10, 100), (30, 100), (80, 100), (100, 100));

        Assert.Equal("Write     25% 50% 75% 100%\n", text);
    }

    [Fact]
    public void On_a_terminal_a_bar_is_written_over()
    {
        var text = Show(isTerminal: true, (50, 100), (100, 100));

        Assert.Equal(
            "Write     \rWrite     [###############               ]  50%\rWrite     [##############################] 100%\n", text);
    }

    private static string Show(bool isTerminal, params (long Done, long Total)[] steps)
    {
        var writer = new StringWriter { NewLine = "\n" };
        var line = new ProgressLine(writer, isTerminal);
        foreach (var (done, total) in steps)
        {
            line.Show("Write     ", done, total, () => "");
        }

        return writer.ToString();
    }
}
