using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Linux;

/// <summary>Collects what decides on access to boards on Linux, without opening any device.</summary>
/// <param name="root">The root of the file system.</param>
/// <param name="account">The user of this process.</param>
/// <param name="files">The access rights of files.</param>
/// <param name="kernelLog">Reads the kernel's log; returns null if this user may not.</param>
internal sealed class LinuxInspection(string root, LinuxAccount account, IFileRights files, Func<string?> kernelLog)
{
    private const string RulesFile = "60-upload-helper.rules";

    // Where udev reads rules (udev(7)), in order of precedence: of two files with one name only the first counts.
    private static readonly string[] RulesFolders = ["etc/udev/rules.d", "run/udev/rules.d", "usr/local/lib/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d"];

    /// <summary>Collects it.</summary>
    /// <param name="library">The state of libusb.</param>
    /// <param name="rules">The udev rules of this version.</param>
    public Situation Inspect(UsbLibraryState library, string rules)
    {
        var sysfs = new Sysfs(At("sys"));
        var processes = new LinuxProcesses(At("proc"));
        var groups = new LinuxGroups(At("etc/group"));
        var log = kernelLog();
        return new Situation(library)
        {
            Devices = [.. sysfs.DevicesWithDrivers().Select(d => With(d, processes))],
            Silent = log is null ? [] : [.. KernelLog.Silent(log, Uptime()).Where(s => !Path.Exists(At($"sys/bus/usb/devices/{s.Path}")))],
            Ports = [.. sysfs.SerialPorts().Select(p => With(p, processes, groups))],
            Linux = new LinuxState(account.User, account.UserId == 0, InstalledRules(rules))
            {
                IsRemote = account.IsRemote,
                HasUsb = sysfs.HasUsb,
                UdevRuns = Path.Exists(At("run/udev/control")),
                KernelLog = log is null ? Access.Denied : Access.Granted,
                ModemManagerRuns = processes.Runs("ModemManager"),
                SessionGroups = [.. account.Groups.Select(groups.NameOf)],
                MemberOf = groups.Of(account.User),
            },
        };
    }

    private SeenDevice With(SeenDevice device, LinuxProcesses processes) => device with
    {
        Access = device.Node is { } node ? AccessTo(node) : Access.Unknown,
        Holders = device.Node is { } file ? processes.HoldersOf(file) : [],
    };

    private SeenPort With(SerialPortInfo port, LinuxProcesses processes, LinuxGroups groups) => new(port)
    {
        Access = AccessTo(port.Name),
        Group = files.GroupOf(At(port.Name)) is { } group ? groups.NameOf(group) : null,
        Holders = processes.HoldersOf(port.Name),
    };

    private Access AccessTo(string file) => !Path.Exists(At(file)) ? Access.Unknown : files.MayOpen(At(file)) ? Access.Granted : Access.Denied;

    private UdevRulesState InstalledRules(string rules)
    {
        var file = RulesFolders.Select(f => Path.Combine(root, f, RulesFile)).FirstOrDefault(File.Exists);
        return file is null ? UdevRulesState.Missing
            : Sysfs.IfReadable(() => File.ReadAllText(file))?.ReplaceLineEndings() == rules.ReplaceLineEndings() ? UdevRulesState.Installed
            : UdevRulesState.Other;
    }

    // The seconds since the start of the system; 0 where proc(5) does not tell.
    private double Uptime() => Sysfs.IfReadable(() => File.ReadAllText(At("proc/uptime"))) is { } text
        && double.TryParse(text.Split(' ')[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;

    private string At(string path) => Path.Combine(root, path.TrimStart('/'));
}

/// <summary>What the kernel's log says about devices that did not answer (drivers/usb/core/hub.c, hub_port_init).</summary>
internal static partial class KernelLog
{
    /// <summary>The devices that did not answer, and have not been found since.</summary>
    /// <param name="log">The log, in the form of syslog(2).</param>
    /// <param name="uptime">The seconds since the start of the system, from which the times of the log count.</param>
    public static IEnumerable<SilentDevice> Silent(string log, double uptime)
    {
        var silent = new SortedDictionary<string, SilentDevice>(StringComparer.Ordinal);
        foreach (Match line in UsbLine().Matches(log))
        {
            var (path, text) = (line.Groups["path"].Value, line.Groups["text"].Value.TrimEnd());
            if (Failed().IsMatch(text))
            {
                var at = double.Parse(line.Groups["at"].Value, CultureInfo.InvariantCulture);
                silent[path] = new SilentDevice(path, text, TimeSpan.FromSeconds(Math.Max(0, uptime - at)));
            }
            else if (text.StartsWith("New USB device found", StringComparison.Ordinal))
            {
                silent.Remove(path);
            }
        }

        return silent.Values;
    }

    // "<3>[  123.456789] usb 1-1.2: device descriptor read/64, error -71"; behind the time there may be the number of a task.
    [GeneratedRegex(@"^(?:<\d+>)?\[ *(?<at>\d+\.\d+)\](?:\[[^\]]*\])? usb (?<path>\d+-[\d.]+): (?<text>.*)$", RegexOptions.Multiline)]
    private static partial Regex UsbLine();

    [GeneratedRegex(@"^device (?:descriptor read/\w+|not accepting address \d+), error -\d+$")]
    private static partial Regex Failed();
}

/// <summary>The user of this process.</summary>
/// <param name="User">Name of the user.</param>
/// <param name="UserId">Number of the user; 0 is root.</param>
/// <param name="Groups">The numbers of the groups that the process has.</param>
/// <param name="IsRemote">Whether the user is logged in over the network.</param>
internal sealed record LinuxAccount(string User, uint UserId, IReadOnlyList<uint> Groups, bool IsRemote);

/// <summary>The access rights of files.</summary>
internal interface IFileRights
{
    /// <summary>Whether this process may read and write a file.</summary>
    bool MayOpen(string path);

    /// <summary>The group that owns a file, or null if that cannot be read.</summary>
    uint? GroupOf(string path);
}

/// <summary>The account and the file rights of this process, from the C library of Linux.</summary>
internal sealed partial class LinuxRights : IFileRights
{
    private const string Library = "libc";
    private const int ReadAndWrite = 4 | 2; // R_OK, W_OK
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint GroupField = 0x10; // STATX_GID

    // struct statx (linux/stat.h) is the same on every processor: stx_gid follows mask, block size, attributes, links and user.
    private const int StatxSize = 256;
    private const int GroupAt = 24;

    /// <inheritdoc/>
    public bool MayOpen(string path) => Access(path, ReadAndWrite) == 0;

    /// <inheritdoc/>
    public uint? GroupOf(string path)
    {
        var found = new byte[StatxSize];
        return Statx(CurrentFolder, path, 0, GroupField, found) == 0 ? BinaryPrimitives.ReadUInt32LittleEndian(found.AsSpan(GroupAt)) : null;
    }

    /// <summary>The kernel's log, or null if this user may not read it. (syslog(2) returns what there is; /dev/kmsg would wait at its end.)</summary>
    public static string? KernelLog()
    {
        const int ReadAll = 3; // SYSLOG_ACTION_READ_ALL
        const int SizeOfBuffer = 10; // SYSLOG_ACTION_SIZE_BUFFER
        var buffer = new byte[Math.Max(0, Klogctl(SizeOfBuffer, null, 0))];
        return buffer.Length > 0 && Klogctl(ReadAll, buffer, buffer.Length) is >= 0 and var length ? Encoding.UTF8.GetString(buffer, 0, length) : null;
    }

    /// <summary>The user of this process.</summary>
    /// <param name="environment">Its environment variables.</param>
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

    [LibraryImport(Library, EntryPoint = "klogctl")]
    private static partial int Klogctl(int action, [Out] byte[]? buffer, int length);

    [LibraryImport(Library, EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport(Library, EntryPoint = "getegid")]
    private static partial uint EffectiveGroup();

    [LibraryImport(Library, EntryPoint = "getgroups")]
    private static partial int GetGroups(int room, [Out] uint[]? groups);
}

/// <summary>The groups of a system, from /etc/group (group(5)).</summary>
internal sealed class LinuxGroups
{
    private readonly List<(string Name, uint Id, string[] Members)> _groups = [];

    /// <summary>Reads the file. Lines in another format, and a missing file, give no groups.</summary>
    public LinuxGroups(string file)
    {
        foreach (var line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            if (line.Split(':') is [var name, _, var number, var members] && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                _groups.Add((name, id, members.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));
            }
        }
    }

    /// <summary>The name of a group, or its number if it has no name.</summary>
    public string NameOf(uint id) => _groups.FirstOrDefault(g => g.Id == id).Name ?? id.ToString(CultureInfo.InvariantCulture);

    /// <summary>The groups that list a user as a member.</summary>
    public IReadOnlyList<string> Of(string user) => [.. _groups.Where(g => g.Members.Contains(user)).Select(g => g.Name)];
}

/// <summary>The processes of a system, from proc(5). Only root sees which files the processes of other users have open.</summary>
/// <param name="proc">Where proc is mounted.</param>
internal sealed class LinuxProcesses(string proc)
{
    private readonly IReadOnlyList<(Holder Process, IReadOnlyList<string> Open)> _processes = List(proc);

    /// <summary>Whether a program of that name is running.</summary>
    public bool Runs(string name) => _processes.Any(p => p.Process.Name == name);

    /// <summary>The processes, except this one, that have a file open.</summary>
    public IReadOnlyList<Holder> HoldersOf(string file) =>
        [.. _processes.Where(p => p.Process.Id != Environment.ProcessId && p.Open.Contains(file)).Select(p => p.Process)];

    private static List<(Holder Process, IReadOnlyList<string> Open)> List(string proc)
    {
        var processes = new List<(Holder, IReadOnlyList<string>)>();
        foreach (var folder in Sysfs.IfReadable(() => Directory.GetDirectories(proc)) ?? [])
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                var name = Sysfs.IfReadable(() => File.ReadAllText(Path.Combine(folder, "comm")).Trim());
                var open = Sysfs.IfReadable(() => Directory.EnumerateFileSystemEntries(Path.Combine(folder, "fd")).Select(l => new FileInfo(l).LinkTarget).OfType<string>().ToList());
                processes.Add((new Holder(id, name ?? ""), open ?? []));
            }
        }

        return processes;
    }
}
