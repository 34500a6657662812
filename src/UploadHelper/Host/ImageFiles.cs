using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Host;

/// <summary>Accepts image files from the disk.</summary>
internal static class ImageFiles
{
    /// <summary>Reads a file as it lies there.</summary>
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
            throw new UploadException(UploadError.ImageMissing, $"There is no file {path}.", "Was the sketch compiled? Check the path.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UploadException(UploadError.ImageUnreadable, $"{path} cannot be read: {e.Message}", "Check the path and its permissions.", e);
        }
    }
}
