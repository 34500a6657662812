using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb.UsbIp;

namespace UploadHelper.VirtualBoard.Plug;

/// <summary>Linux's virtual USB host controller (vhci-hcd), through its files under /sys.</summary>
[SupportedOSPlatform("linux")]
internal sealed class VhciController
{
    private const string Folder = "/sys/devices/platform/vhci_hcd.0";

    // The kernel tears a device down on a worker of its own, which takes as long as its drivers take.
    private static readonly TimeSpan TearDownLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(5);

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
                "this kernel has no virtual USB host controller; load it with: modprobe vhci-hcd (a container has to ask its host)");
        }

        OpenAttach().Dispose();
    }

    /// <summary>Plugs a full-speed device in, at the same port as the last time if it can be had.</summary>
    /// <param name="kernelEnd">The kernel speaks USB/IP over it, and keeps it after this end is closed.</param>
    /// <param name="deviceId">See <see cref="UsbIpDevice.DeviceId"/>.</param>
    /// <param name="cancellationToken">Ends the wait for a free port.</param>
    /// <returns>The port.</returns>
    /// <exception cref="PlugException">The kernel refuses, or no port is free in time.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public int Attach(Socket kernelEnd, uint deviceId, CancellationToken cancellationToken)
    {
        var port = WaitForPort(cancellationToken);
        try
        {
            using var attach = OpenAttach();
            attach.Write(Encoding.ASCII.GetBytes($"{port} {kernelEnd.Handle} {deviceId} {(int)UsbIpSpeed.Full}"));
        }
        catch (IOException e)
        {
            throw new PlugException($"the kernel did not take the board at port {port}: {e.Message}", e);
        }

        _port = port;
        return port;
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
            throw new PlugException("plugging a virtual board into the kernel takes root; run it with sudo", e);
        }
    }

    private int WaitForPort(CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            var free = VhciPort.ReadStatus(File.ReadAllText(Folder + "/status")).Where(p => p.IsFree).ToArray();
            var late = _time.GetElapsedTime(start) > TearDownLimit;
            if (free.Any(p => p.Number == _port))
            {
                return _port!.Value;
            }

            if (free.Length > 0 && (_port is null || late))
            {
                return free[0].Number;
            }

            if (late)
            {
                throw new PlugException("all ports of the virtual USB host controller are taken; 'usbip port' shows by whom");
            }

            _time.Wait(LookInterval, cancellationToken);
        }
    }
}
