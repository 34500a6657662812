using UploadHelper.Core.Boards;
using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>Reads raw binaries, bytes without an address of their own; plain .dfu files are such ones with a suffix.</summary>
internal static class RawBinary
{
    private const int Smallest = 8;

    /// <summary>Places the bytes of a raw binary at an address.</summary>
    /// <param name="file">The file, without a suffix.</param>
    /// <param name="address">Where its first byte goes.</param>
    /// <param name="madeFor">The device that its suffix named, or null if it had none.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.AddressMissing"/>: no address. <see cref="UploadError.ImageUnreadable"/>: the file is too short for
    /// a vector table, or reaches beyond the address space. <see cref="UploadError.ImageTooLarge"/>: it reaches beyond all flash.
    /// </exception>
    public static FirmwareImage Read(ImageFile file, uint? address, DfuFileIds? madeFor)
    {
        var content = file.Content;
        if (address is not { } start)
        {
            throw new UploadException(
                UploadError.AddressMissing,
                $"It is not known where {file.Name} belongs: {(madeFor is null ? "a .bin" : "a plain .dfu file")} carries no address.",
                "Give the board's vector offset: --offset 0x4000");
        }

        if (content.Length < Smallest)
        {
            throw Unreadable(
                $"{file.Name} has {content.Length} bytes: too few for a stack pointer and a reset vector.",
                "Was the file cut short? Compile the sketch again.");
        }

        if (start + (long)content.Length > 1L << 32)
        {
            throw Unreadable(
                $"{file.Name} has {content.Length} bytes: from 0x{start:X8} they reach beyond the end of the address space.",
                "Check the offset.");
        }

        if (FlashAddress.IsInternalFlash(start) && !FlashAddress.IsInternalFlash(start + (uint)content.Length - 1))
        {
            throw new UploadException(
                UploadError.ImageTooLarge,
                $"{file.Name} has {content.Length} bytes: from 0x{start:X8} they reach beyond the flash of every STM32, to 0x{start + (uint)content.Length - 1:X8}. "
                    + "Something in RAM was put into the file, and what lies between was filled.",
                "Give the .hex or the .elf, from which RAM is left out; or mark that section NOLOAD in the linker script.");
        }

        var format = madeFor is null ? ImageFormat.RawBinary : ImageFormat.Dfu;
        return new FirmwareImage(file.Name, format, [new ImageTarget(null, null, [new Segment(start, content)])], [], madeFor);
    }

    private static UploadException Unreadable(string message, string hint) => new(UploadError.ImageUnreadable, message, hint);
}
