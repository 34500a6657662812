using System.Diagnostics;
using System.Text.Json;
using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Discovery;

/// <summary>
/// Drives the published discovery as arduino-cli does: writes commands, reads a stream of JSON objects.
/// </summary>
internal sealed class DiscoveryClient : IDisposable
{
    private readonly Process _process;

    public DiscoveryClient(params string[] options)
    {
        _process = ProcessRun.Start(Executable.Linux, ["discovery", .. options]);
        Error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>All of standard error, at the end.</summary>
    public Task<string> Error { get; }

    /// <summary>Writes text as it is.</summary>
    public DiscoveryClient Write(string text)
    {
        _process.StandardInput.Write(text);
        _process.StandardInput.Flush();
        return this;
    }

    /// <summary>Sends a command and reads one message.</summary>
    public JsonElement Ask(string command) => Write(command + "\n").Read() ?? throw new EndOfStreamException($"The discovery ended instead of answering {command}.");

    /// <summary>Closes its standard input.</summary>
    public DiscoveryClient Close()
    {
        _process.StandardInput.Close();
        return this;
    }

    /// <summary>Closes what it writes to, as a client that has crashed.</summary>
    public DiscoveryClient CloseOutput()
    {
        _process.StandardOutput.Close();
        return this;
    }

    public DiscoveryClient Terminate()
    {
        ProcessRun.Signal(_process, PosixSignalNumber.Term);
        return this;
    }

    /// <summary>The next message, or null at the end of the stream. Every line must be one JSON object and ASCII.</summary>
    public JsonElement? Read()
    {
        var line = _process.StandardOutput.ReadLineAsync();
        Assert.True(line.Wait(ProcessRun.Watchdog), "The discovery says nothing.");
        if (line.Result is null)
        {
            return null;
        }

        Assert.DoesNotContain(line.Result, c => c is < ' ' or > '~');
        return JsonDocument.Parse(line.Result).RootElement;
    }

    /// <summary>All messages up to the end of the stream.</summary>
    public List<JsonElement> ReadToEnd()
    {
        var messages = new List<JsonElement>();
        while (Read() is { } message)
        {
            messages.Add(message);
        }

        return messages;
    }

    /// <summary>The exit status, once it has ended.</summary>
    public int ExitStatus()
    {
        Assert.True(_process.WaitForExit(ProcessRun.Watchdog), "The discovery does not end.");
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
