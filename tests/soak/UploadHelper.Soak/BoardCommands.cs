namespace UploadHelper.Soak;

/// <summary>The standard input of <c>upload-helper simulate</c>, through a named pipe.</summary>
/// <param name="pipe">The pipe.</param>
public sealed class BoardCommands(string pipe) : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private readonly StreamWriter _commands = new(pipe) { AutoFlush = true };
    private int _saved;

    /// <summary>Has the board do something: "fault stall@12", "plug".</summary>
    public void Say(string command) => _commands.WriteLine(command);

    /// <summary>What is in its flash now.</summary>
    public byte[] Flash()
    {
        var file = Path.Combine(Path.GetTempPath(), $"soak-{Environment.ProcessId}-{_saved++}.flash");
        Say($"save {file}");
        while (!File.Exists(file))
        {
            Thread.Sleep(Look);
        }

        // It is written in one go; its size stands when that is over.
        for (long size = -1; size != (size = new FileInfo(file).Length) || size == 0;)
        {
            Thread.Sleep(Look);
        }

        var flash = File.ReadAllBytes(file);
        File.Delete(file);
        return flash;
    }

    /// <inheritdoc/>
    public void Dispose() => _commands.Dispose();
}
