using System.Runtime.Versioning;

namespace UploadHelper.Devices.Usb.Kernel;

/// <summary>
/// Linux's own word that something came to the USB or left it: the kernel's uevents. They need no rights and no udev;
/// what has come may not be accessible yet. They can get lost (containers, bursts): look now and then all the same.
/// </summary>
internal sealed class KernelUsbEvents : IDisposable
{
    private const int LargestEvent = 8192;
    private static readonly TimeSpan LookForTheEnd = TimeSpan.FromSeconds(5);
    private readonly int _socket;
    private readonly Action _changed;
    private volatile bool _ended;

    private KernelUsbEvents(int socket, Action changed)
    {
        (_socket, _changed) = (socket, changed);
        new Thread(Run) { IsBackground = true, Name = "kernel events" }.Start();
    }

    /// <summary>Listens from now on, or gives null where the kernel does not let this process.</summary>
    /// <param name="changed">Called on a thread of its own.</param>
    [SupportedOSPlatform("linux")]
    public static KernelUsbEvents? Listen(Action changed)
    {
        var socket = Netlink.Socket(Netlink.Family, Netlink.RawCloseOnExec, Netlink.KernelEvents);
        if (socket < 0)
        {
            return null;
        }

        var address = new Netlink.Address { Family = Netlink.Family, Groups = Netlink.KernelGroup };
        if (Netlink.Bind(socket, address, 12) == 0)
        {
            return new KernelUsbEvents(socket, changed);
        }

        _ = Netlink.Close(socket);
        return null;
    }

    /// <summary>Nothing is told after this; the thread ends by itself soon after.</summary>
    public void Dispose() => _ended = true;

    /// <summary>Whether an event is one of the USB: its text is "ACTION@PATH" and then KEY=VALUE, each with a zero byte behind it.</summary>
    internal static bool IsOfUsb(ReadOnlySpan<byte> text) => text.IndexOf("\0SUBSYSTEM=usb\0"u8) >= 0;

    private void Run()
    {
        var buffer = new byte[LargestEvent];
        while (!_ended)
        {
            var wait = new Netlink.PollDescriptor { Descriptor = _socket, Events = Netlink.PollIn };
            if (Netlink.Poll(ref wait, 1, (int)LookForTheEnd.TotalMilliseconds) <= 0)
            {
                continue;
            }

            // A negative length says that events were lost: that is one more reason to look.
            var length = (int)Netlink.Receive(_socket, buffer, buffer.Length, 0);
            if (!_ended && (length < 0 || IsOfUsb(buffer.AsSpan(0, length))))
            {
                _changed();
            }
        }

        _ = Netlink.Close(_socket);
    }
}
