using System.Text;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Firmware.Formats;

namespace UploadHelper.Host;

/// <summary>Reads image files from the disk.</summary>
internal static class ImageFiles
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="UploadException"><see cref="UploadError.ImageMissing"/> or <see cref="UploadError.ImageUnreadable"/>.</exception>
    public static ImageFile Read(string path)
    {
        try
        {
            return new ImageFile(Path.GetFileName(path), File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UploadException(UploadError.ImageMissing, $"File {path} not found.", "Check the path, and whether the sketch was compiled.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UploadException(UploadError.ImageUnreadable, $"Cannot read {path}: {e.Message}", "Check the path and its permissions.", e);
        }
    }
}

/// <summary>
/// A file for data read from a board: raw binary or Intel HEX, by its name. It is written under another name and renamed
/// when it is complete, so that a failure leaves an earlier file of that name as it was.
/// </summary>
internal sealed class DumpFile : IDisposable
{
    private readonly string _path;
    private readonly string _partial;
    private readonly FileStream _stream;

    /// <summary>Creates the file, before the board is opened.</summary>
    /// <param name="path">Its path; ends with .bin or .hex.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/> or <see cref="UploadError.Configuration"/>.</exception>
    public DumpFile(string path)
    {
        (_path, _partial) = (path, path + ".part");
        IsHex = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".bin" => false,
            ".hex" => true,
            _ => throw new UploadException(
                UploadError.Usage, $"Unknown output format for \"{path}\": the name must end in .bin or .hex.", "A .bin file holds bytes only; a .hex file (Intel HEX) also holds their addresses."),
        };
        try
        {
            _stream = new FileStream(_partial, FileMode.Create, FileAccess.Write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(e);
        }
    }

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
                using var text = new StreamWriter(_stream, Encoding.ASCII, leaveOpen: true);
                IntelHexWriter.Write(text, [segment]);
            }
            else
            {
                _stream.Write(segment.Data.Span);
            }

            _stream.Dispose();
            File.Move(_partial, _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(e);
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        File.Delete(_partial);
    }

    private UploadException NotWritten(Exception e) => new(
        UploadError.Configuration, $"Cannot write {_path}: {e.Message}", "Check the path, its permissions and the free space on the disk.", e);
}
