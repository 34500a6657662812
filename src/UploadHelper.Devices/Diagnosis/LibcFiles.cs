using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace UploadHelper.Devices.Diagnosis;

/// <summary>Linux's own answers, by its C library.</summary>
internal sealed partial class LibcFiles : ILinuxFiles
{
    private const string Library = "libc";
    private const int ReadAndWrite = 4 | 2; // R_OK, W_OK
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint GroupWanted = 0x10; // STATX_GID

    // struct statx (linux/stat.h) is the same on every processor: stx_gid stands behind mask, block size, attributes,
    // links and user.
    private const int StatxSize = 256;
    private const int GroupAt = 24;

    /// <inheritdoc/>
    public bool MayOpen(string path) => Access(path, ReadAndWrite) == 0;

    /// <inheritdoc/>
    public uint? GroupOf(string path)
    {
        var found = new byte[StatxSize];
        return Statx(CurrentFolder, path, 0, GroupWanted, found) == 0 ? BinaryPrimitives.ReadUInt32LittleEndian(found.AsSpan(GroupAt)) : null;
    }

    /// <summary>Who runs this process.</summary>
    /// <param name="environment">Its variables.</param>
    public static LinuxAccount Account(IReadOnlyDictionary<string, string> environment)
    {
        var groups = new uint[GetGroups(0, null)];
        var count = GetGroups(groups.Length, groups);
        return new LinuxAccount(
            Environment.UserName, EffectiveUser(), [.. groups.Take(count).Append(EffectiveGroup()).Distinct()], environment.ContainsKey("SSH_CONNECTION"));
    }

    [LibraryImport(Library, EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);

    [LibraryImport(Library, EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, [Out] byte[] found);

    [LibraryImport(Library, EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport(Library, EntryPoint = "getegid")]
    private static partial uint EffectiveGroup();

    [LibraryImport(Library, EntryPoint = "getgroups")]
    private static partial int GetGroups(int room, [Out] uint[]? groups);
}
