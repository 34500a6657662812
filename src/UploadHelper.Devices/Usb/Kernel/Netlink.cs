using System.Runtime.InteropServices;

namespace UploadHelper.Devices.Usb.Kernel;

/// <summary>The functions and constants of Linux's C library that a netlink socket needs (netlink(7)).</summary>
internal static partial class Netlink
{
    /// <summary>AF_NETLINK.</summary>
    public const int Family = 16;

    /// <summary>SOCK_RAW with SOCK_CLOEXEC.</summary>
    public const int RawCloseOnExec = 3 | 0x80000;

    /// <summary>NETLINK_KOBJECT_UEVENT.</summary>
    public const int KernelEvents = 15;

    /// <summary>The multicast group of the kernel itself; udev has another.</summary>
    public const uint KernelGroup = 1;

    /// <summary>POLLIN.</summary>
    public const short PollIn = 1;

    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int descriptor, in Address address, int length);

    [LibraryImport(Library, EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int descriptor, Span<byte> buffer, nint length, int flags);

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(ref PollDescriptor descriptor, nuint count, int milliseconds);

    [LibraryImport(Library, EntryPoint = "close")]
    public static partial int Close(int descriptor);

    /// <summary>struct sockaddr_nl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Address
    {
        public ushort Family;
        public ushort Padding;
        public uint PortId;
        public uint Groups;
    }

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
