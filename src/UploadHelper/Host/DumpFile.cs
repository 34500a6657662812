using System.Text;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Firmware.Formats;

namespace UploadHelper.Host;

/// <summary>
/// A file for what is read from a board: raw binary or Intel HEX, by its name. It is written beside its place and moved
/// there once it is complete, so that an earlier file of that name outlives a failure.
/// </summary>
internal sealed class DumpFile : IDisposable
{
    private readonly string _path;
    private readonly string _partial;
    private readonly FileStream _stream;

    /// <summary>Makes room for the file, before anything is asked of a board.</summary>
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
                UploadError.Usage, $"It is not known in which format {path} is wanted: its name tells.", "Name it .bin (bytes alone) or .hex (Intel HEX, with addresses)."),
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
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the disk does not take it.</exception>
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
        UploadError.Configuration, $"{_path} cannot be written: {e.Message}", "Check the path, its permissions and the room on the disk.", e);
}
