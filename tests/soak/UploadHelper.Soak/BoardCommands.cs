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
    /// <param name="offset">Where, from the flash's start.</param>
    /// <param name="length">How many bytes.</param>
    public byte[] Flash(int offset, int length)
    {
        var file = Path.Combine(Path.GetTempPath(), $"soak-{Environment.ProcessId}-{_saved++}.flash");
        var next = file + ".next";
        Say($"save {file}");

        // It obeys one command after the other: the file is complete once there is the next.
        Say($"save {next}");
        while (!File.Exists(next))
        {
            Thread.Sleep(Look);
        }

        var flash = new byte[length];
        using (var saved = File.OpenHandle(file))
        {
            RandomAccess.Read(saved, flash, offset);
        }

        File.Delete(file);
        File.Delete(next);
        return flash;
    }

    /// <inheritdoc/>
    public void Dispose() => _commands.Dispose();
}
