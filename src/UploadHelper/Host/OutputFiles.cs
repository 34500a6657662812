using System.Text;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Firmware.Formats;
using UploadHelper.Devices;

namespace UploadHelper.Host;

/// <summary>
/// A file that gets its name only when it is complete: it is written as NAME.part and renamed, so that a failure leaves an
/// earlier file of that name as it was. Devices and pipes are written directly.
/// </summary>
internal sealed class OutputFile : IDisposable
{
    private readonly string _path;
    private readonly string? _partial;
    private bool _isKept;

    /// <summary>Creates the file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="create">Creates a file on the disk.</param>
    /// <exception cref="IOException">It cannot be created; or another exception of <see cref="IsFault"/>.</exception>
    public OutputFile(string path, Func<string, Stream> create)
    {
        var isFile = SystemFiles.IsFileOrNothing(path);
        _path = isFile && File.Exists(path) && File.ResolveLinkTarget(path, returnFinalTarget: true) is { } target ? target.FullName : path;
        _partial = isFile ? _path + ".part" : null;
        Content = create(_partial ?? _path);
        KeepMode();
    }

    /// <summary>What is written to it.</summary>
    public Stream Content { get; }

    /// <summary>Creates a file on the disk; nothing is held back, so that a failed write cannot fail again when the file is closed.</summary>
    public static Stream OnDisk(string path) => new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);

    /// <summary>Whether an exception reports a fault of the disk or an invalid path. (A file that grows too large for a quota is an argument out of range.)</summary>
    public static bool IsFault(Exception e) => e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    /// <summary>What a fault is, without the name of the file at its end.</summary>
    public static string Reason(Exception e) => e.Message.Split(" : '")[0].TrimEnd('.');

    /// <summary>The file is complete: gives it its name.</summary>
    /// <exception cref="IOException">It cannot be written; or another exception of <see cref="IsFault"/>.</exception>
    public void Keep()
    {
        // Some disks, network disks above all, report only now that they are full.
        if (Content is FileStream file)
        {
            file.Flush(flushToDisk: true);
        }

        Content.Dispose();
        if (_partial is not null)
        {
            File.Move(_partial, _path, overwrite: true);
        }

        _isKept = true;
    }

    // A file that replaces another takes over its permissions, where the disk has any.
    private void KeepMode()
    {
        if (OperatingSystem.IsWindows() || _partial is null || Content is not FileStream file || !File.Exists(_path))
        {
            return;
        }

        try
        {
            File.SetUnixFileMode(file.SafeFileHandle, File.GetUnixFileMode(_path));
        }
        catch (Exception e) when (IsFault(e))
        {
            // It has those of a new file.
        }
    }

    /// <summary>Closes it. If it is not complete, nothing is left of it. Throws nothing.</summary>
    public void Dispose()
    {
        try
        {
            Content.Dispose();
            if (!_isKept && _partial is not null)
            {
                File.Delete(_partial);
            }
        }
        catch (Exception e) when (IsFault(e))
        {
            // What made it incomplete is already known.
        }
    }

    /// <summary>Writes a whole file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="create">Creates a file on the disk.</param>
    /// <exception cref="IOException">It cannot be written; or another exception of <see cref="IsFault"/>.</exception>
    public static void Write(string path, byte[] content, Func<string, Stream> create)
    {
        using var file = new OutputFile(path, create);
        file.Content.Write(content);
        file.Keep();
    }
}

/// <summary>A file for data read from a board: raw binary or Intel HEX, by its name.</summary>
internal sealed class DumpFile : IDisposable
{
    private readonly string _path;
    private readonly OutputFile _file;

    /// <summary>Creates the file, before the board is opened.</summary>
    /// <param name="path">Its path; ends with .bin or .hex.</param>
    /// <param name="create">Creates a file on the disk.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/> or <see cref="UploadError.Configuration"/>.</exception>
    public DumpFile(string path, Func<string, Stream> create)
        : this(
            path,
            create,
            Path.GetExtension(path).ToLowerInvariant() switch
            {
                ".bin" => false,
                ".hex" => true,
                _ => throw new UploadException(
                    UploadError.Usage, $"Unknown output format for \"{path}\": the name must end in .bin or .hex.", "A .bin file holds bytes only; a .hex file (Intel HEX) also holds their addresses."),
            })
    {
    }

    private DumpFile(string path, Func<string, Stream> create, bool isHex)
    {
        (_path, IsHex) = (path, isHex);
        try
        {
            _file = new OutputFile(path, create);
        }
        catch (Exception e) when (OutputFile.IsFault(e))
        {
            throw NotWritten(e);
        }
    }

    /// <summary>Creates a file for bytes only, whatever its name is.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="create">Creates a file on the disk.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>.</exception>
    public static DumpFile Raw(string path, Func<string, Stream> create) => new(path, create, isHex: false);

    /// <summary>Whether it is Intel HEX, else a raw binary.</summary>
    public bool IsHex { get; }

    /// <summary>Writes it.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: it cannot be written.</exception>
    public void Save(Segment segment)
    {
        try
        {
            if (IsHex)
            {
                var text = new StreamWriter(_file.Content, Encoding.ASCII);
                IntelHexWriter.Write(text, [segment]);
                text.Flush();
            }
            else
            {
                _file.Content.Write(segment.Data.Span);
            }

            _file.Keep();
        }
        catch (Exception e) when (OutputFile.IsFault(e))
        {
            throw NotWritten(e);
        }
    }

    public void Dispose() => _file.Dispose();

    private UploadException NotWritten(Exception e) => new(
        UploadError.Configuration,
        $"Cannot write {_path}: {OutputFile.Reason(e)}. {ErrorMessages.Unchanged}",
        "Check the path, its permissions and the free space on the disk.",
        e);
}
