namespace UploadHelper.Output;

/// <summary>Standard input, opened when the first line is read: most commands never do, and opening it sets up a whole terminal.</summary>
internal sealed class StandardInput : TextReader
{
    public override string? ReadLine() => Console.In.ReadLine();
}
