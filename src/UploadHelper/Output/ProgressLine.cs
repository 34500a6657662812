namespace UploadHelper.Output;

/// <summary>
/// One line that shows how far a phase is: a bar on a terminal, else marks at every 25 % that are only appended (an
/// IDE shows each carriage return as a new line).
/// </summary>
/// <param name="writer">Where it goes.</param>
/// <param name="isTerminal">Whether a line can be written over.</param>
internal sealed class ProgressLine(TextWriter writer, bool isTerminal)
{
    private const int BarWidth = 30;
    private string? _label;
    private int _percent;

    /// <summary>Shows progress; a new label begins a new line.</summary>
    /// <param name="label">What goes on.</param>
    /// <param name="done">How much of it is done.</param>
    /// <param name="total">How much there is; above zero.</param>
    /// <param name="before">What stands before the label; asked when the line begins.</param>
    public void Show(string label, long done, long total, Func<string> before)
    {
        if (label != _label)
        {
            End();
            _label = label;
            _percent = 0;
            writer.Write(before() + label);
        }

        var percent = (int)(done * 100 / total);
        if (isTerminal)
        {
            if (percent > _percent)
            {
                writer.Write($"\r{label}[{new string('#', percent * BarWidth / 100).PadRight(BarWidth)}] {percent,3}%");
                _percent = percent;
            }
        }
        else
        {
            for (; _percent + 25 <= percent; _percent += 25)
            {
                writer.Write($"{(_percent == 0 ? "" : " ")}{_percent + 25}%");
            }
        }

        writer.Flush();
        if (done == total)
        {
            End();
        }
    }

    /// <summary>Ends a line that has begun, if there is one.</summary>
    public void End()
    {
        if (_label is not null)
        {
            writer.WriteLine();
            _label = null;
        }
    }
}
