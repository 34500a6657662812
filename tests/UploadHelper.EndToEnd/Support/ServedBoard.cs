using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace UploadHelper.EndToEnd.Support;

/// <summary>A virtual board in a process of its own, served by USB/IP on loopback, its sketch's port a pseudo terminal.</summary>
internal sealed class ServedBoard : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("served");
    private readonly Process _process;
    private readonly Task<string> _log;

    /// <summary>Starts it.</summary>
    /// <param name="board">Its kind and options.</param>
    /// <param name="hasPort">Whether it has a serial port at first, its sketch's or its adapter's, to wait for.</param>
    public ServedBoard(string board, bool hasPort = true)
    {
        Port = FreePort();
        _process = ProcessRun.Start(
            Executable.Linux, ["simulate", "--board", $"{board},flash={FlashFile}", "--listen", $"127.0.0.1:{Port}", "--pty", SerialPort]);
        _log = _process.StandardOutput.ReadToEndAsync();
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        WaitUntil(hasPort ? () => File.Exists(SerialPort) : Listens);
    }

    public int Port { get; }

    public string SerialPort => Path.Combine(_directory.FullName, "port");

    private string FlashFile => Path.Combine(_directory.FullName, "flash");

    /// <summary>Has the board obey a command of `simulate`.</summary>
    public void Command(string command)
    {
        _process.StandardInput.WriteLine(command);
        _process.StandardInput.Flush();
    }

    /// <summary>Ends the board.</summary>
    /// <returns>Its log, and its flash.</returns>
    public (string Log, byte[] Flash) Stop()
    {
        _process.StandardInput.WriteLine("quit");
        _process.StandardInput.Close();
        Assert.True(_process.WaitForExit(ProcessRun.Watchdog), "The board does not end.");

        return (_log.Result, File.ReadAllBytes(FlashFile));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
        _directory.Delete(recursive: true);
    }

    private void WaitUntil(Func<bool> isUp)
    {
        var watchdog = DateTime.UtcNow + ProcessRun.Watchdog;
        while (!isUp())
        {
            if (_process.HasExited || DateTime.UtcNow > watchdog)
            {
                throw new InvalidOperationException("The board did not come up.");
            }

            Thread.Sleep(20);
        }
    }

    private bool Listens()
    {
        try
        {
            using var connection = new TcpClient("127.0.0.1", Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
