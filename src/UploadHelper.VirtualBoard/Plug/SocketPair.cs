using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace UploadHelper.VirtualBoard.Plug;

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
