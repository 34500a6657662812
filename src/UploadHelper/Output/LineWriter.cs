using System.Text;

namespace UploadHelper.Output;

/// <summary>Hands whole lines on with something before each, so that several boards can be told of at once.</summary>
/// <param name="writer">Where the lines go; locked while one is written.</param>
/// <param name="prefix">What stands before each line.</param>
internal sealed class LineWriter(TextWriter writer, string prefix) : TextWriter
{
    private readonly StringBuilder _line = new();

    public override Encoding Encoding => writer.Encoding;

    public override void Write(char value)
    {
        if (value == '\n')
        {
            lock (writer)
            {
                writer.WriteLine($"{prefix}{_line}");
                writer.Flush();
            }

            _line.Clear();
        }
        else if (value != '\r')
        {
            _line.Append(value);
        }
    }
}
