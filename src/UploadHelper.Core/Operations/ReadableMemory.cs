using UploadHelper.Core.Dfu;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Operations;

/// <summary>For the work that cannot do without reading.</summary>
internal static class ReadableMemory
{
    /// <summary>The bootloader with a memory selected, if it can be read.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.NotSupported"/>.</exception>
    public static IBootloader Readable(this BootloaderSession session, DfuMemory memory)
    {
        var bootloader = session.Select(memory);
        return bootloader.CanRead
            ? bootloader
            : throw new UploadException(
                UploadError.NotSupported,
                $"This bootloader ({session.Quirks.Name}) lets its flash not be read. {DeviceTrouble.Unchanged}",
                "The chip's own bootloader may read it (BOOT0), and a debug probe (ST-Link) always does.");
    }
}
