using System.ComponentModel;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.VirtualBoard.Usb;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.VirtualBoard.Plug;

/// <summary>
/// Keeps a board plugged into this machine's own USB, through Linux's vhci: the kernel enumerates it, drivers bind to
/// it, and its serial port appears as /dev/ttyACM0. When the board enumerates again, it is unplugged and plugged in again.
/// Needs root and the module vhci-hcd.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class VhciPlug : IDisposable
{
    private readonly BoardRunner _runner;
    private readonly VhciController _controller;
    private readonly Action<string> _report;
    private readonly AttachmentWatch _watch;
    private readonly CancellationTokenSource _unplugged = new();
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private Socket? _connection;

    /// <summary>Plugs the board in, now or as soon as it is on the bus.</summary>
    /// <param name="runner">The board.</param>
    /// <param name="time">The clock to wait with.</param>
    /// <param name="report">Called with a line of text for each event, from another thread.</param>
    /// <exception cref="PlugException">The kernel has no virtual host controller, or this user may not use it.</exception>
    public VhciPlug(BoardRunner runner, TimeProvider time, Action<string> report)
    {
        _runner = runner;
        _controller = new VhciController(time);
        _report = report;
        _watch = new AttachmentWatch(runner);
        _thread = new Thread(Run) { IsBackground = true, Name = "vhci" };
        _thread.Start();
    }

    /// <summary>Unplugs the board.</summary>
    public void Dispose()
    {
        _unplugged.Cancel();
        lock (_gate)
        {
            _connection?.Dispose();
        }

        _thread.Join();
        _watch.Dispose();
        _unplugged.Dispose();
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                Serve(_watch.WaitForDevice(_unplugged.Token));
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (PlugException e)
        {
            _report(e.Message);
        }
    }

    private void Serve(AttachedDevice device)
    {
        var (kernel, board) = SocketPair.Create();
        using (board)
        {
            using (kernel)
            {
                var port = _controller.Attach(kernel, UsbIpDescription.Describe(device, bus: 1).DeviceId, _unplugged.Token);
                _report($"plugged into vhci port {port}");
            }

            lock (_gate)
            {
                _unplugged.Token.ThrowIfCancellationRequested();
                _connection = board;
            }

            UsbIpSession.Run(board, _runner, device);
            _report("unplugged");
        }
    }
}

/// <summary>A board cannot be connected to this machine; the message says what to do.</summary>
public sealed class PlugException : Exception
{
    /// <summary>What went wrong.</summary>
    public PlugException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>Linux's virtual USB host controller (vhci-hcd), through its files under /sys.</summary>
[SupportedOSPlatform("linux")]
internal sealed class VhciController
{
    private const string Folder = "/sys/devices/platform/vhci_hcd.0";

    // The kernel removes a device on a worker thread, which takes as long as its drivers need.
    private static readonly TimeSpan TearDownLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    // One device after the other chooses its port.
    private static readonly Lock Choice = new();

    private readonly TimeProvider _time;
    private int? _port;

    /// <param name="time">The clock to wait with.</param>
    /// <exception cref="PlugException">The kernel has no such controller, or this user may not use it.</exception>
    public VhciController(TimeProvider time)
    {
        _time = time;
        if (!Directory.Exists(Folder))
        {
            throw new PlugException(
                "this kernel has no virtual USB host controller; load it with: modprobe vhci-hcd (for a container: on its host)");
        }

        OpenAttach().Dispose();
    }

    /// <summary>Plugs in a full-speed device, at the same port as the last time if that is free in time.</summary>
    /// <param name="kernelEnd">The kernel uses USB/IP over it, and keeps it open after this process closes it.</param>
    /// <param name="deviceId">See <see cref="UsbIpDevice.DeviceId"/>.</param>
    /// <param name="cancellationToken">Ends the wait for a free port.</param>
    /// <returns>The port.</returns>
    /// <exception cref="PlugException">The kernel refuses, or no port is free in time.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public int Attach(Socket kernelEnd, uint deviceId, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            var late = _time.GetElapsedTime(start) > TearDownLimit;
            lock (Choice)
            {
                if (FreePort(late) is { } port)
                {
                    Attach(kernelEnd, deviceId, port);
                    _port = port;
                    return port;
                }
            }

            _time.Wait(PollInterval, cancellationToken);
        }
    }

    private static void Attach(Socket kernelEnd, uint deviceId, int port)
    {
        try
        {
            using var attach = OpenAttach();
            attach.Write(Encoding.ASCII.GetBytes($"{port} {kernelEnd.Handle} {deviceId} {(int)UsbIpSpeed.Full}"));
        }
        catch (IOException e)
        {
            throw new PlugException($"the kernel did not accept the board at port {port}: {e.Message}", e);
        }
    }

    private static FileStream OpenAttach()
    {
        try
        {
            // Unbuffered and without truncation: a file in /sys takes one write, and has no length.
            return new FileStream(Folder + "/attach", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new PlugException("plugging in a virtual board needs root; run the command with sudo", e);
        }
    }

    // The last one if it is free; another only if there is none yet, or that one does not become free.
    private int? FreePort(bool late)
    {
        var free = VhciPort.ReadStatus(File.ReadAllText(Folder + "/status")).Where(p => p.IsFree).ToArray();
        return free.Any(p => p.Number == _port) ? _port
            : free.Length > 0 && (_port is null || late) ? free[0].Number
            : late ? throw new PlugException("all ports of the virtual USB host controller are in use; 'usbip port' lists the devices")
            : null;
    }
}

/// <summary>
/// A port of Linux's virtual host controller, from /sys/devices/platform/vhci_hcd.0/status: lines of
/// "hub port sta spd dev sockfd local_busid" (drivers/usb/usbip/vhci_sysfs.c).
/// </summary>
/// <param name="IsHighSpeed">On the hub for devices up to high speed; the other one is for SuperSpeed.</param>
/// <param name="Number">Its number in the attach file.</param>
/// <param name="State">VDEV_ST_NULL is 4: free.</param>
internal readonly record struct VhciPort(bool IsHighSpeed, int Number, int State)
{
    private const int Free = 4;

    /// <summary>Whether a full-speed device can be plugged in here.</summary>
    public bool IsFree => IsHighSpeed && State == Free;

    /// <summary>Reads the status file; lines that do not describe a port are skipped.</summary>
    public static IReadOnlyList<VhciPort> ReadStatus(string status)
    {
        var ports = new List<VhciPort>();
        foreach (var line in status.Split('\n'))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length >= 3
                && int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && int.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var state))
            {
                ports.Add(new VhciPort(fields[0] == "hs", number, state));
            }
        }

        return ports;
    }
}

/// <summary>Two connected stream sockets: one for the kernel, one for the board.</summary>
[SupportedOSPlatform("linux")]
internal static partial class SocketPair
{
    private const int AfUnix = 1;
    private const int SockStream = 1;
    private const int SockCloseOnExec = 0x80000;

    /// <exception cref="Win32Exception">The system has no more descriptors.</exception>
    public static unsafe (Socket Kernel, Socket Board) Create()
    {
        var descriptors = stackalloc int[2];
        if (Open(AfUnix, SockStream | SockCloseOnExec, 0, descriptors) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        return (Wrap(descriptors[0]), Wrap(descriptors[1]));
    }

    private static Socket Wrap(int descriptor) => new(new SafeSocketHandle(descriptor, ownsHandle: true));

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static unsafe partial int Open(int domain, int type, int protocol, int* descriptors);
}
