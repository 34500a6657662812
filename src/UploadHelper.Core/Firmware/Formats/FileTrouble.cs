using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>Words for what is wrong with a file, and where: at a line of a text, at a byte of anything else.</summary>
/// <param name="name">The file's name.</param>
/// <param name="format">What the file is, with its article, for example "an Intel HEX file".</param>
/// <param name="isText">Whether positions are lines.</param>
internal sealed class FileTrouble(string name, string format, bool isText)
{
    /// <summary>A position in words.</summary>
    public string Position(int position) => isText ? $"line {position}" : $"byte 0x{position:X}";

    /// <summary>The failure that names a position and what is wrong there.</summary>
    /// <param name="position">Line, from 1; or offset from the start of the file, in bytes.</param>
    /// <param name="what">What is wrong, and what was expected; without a full stop.</param>
    public UploadException At(int position, string what) => new(
        UploadError.ImageUnreadable,
        $"{name} is {format}, and broken at {Position(position)}: {what}.",
        "Was the file cut short, edited or joined from two? Compile the sketch again.");

    /// <summary>The failure of a sound file that is not for an STM32.</summary>
    /// <param name="what">What it is.</param>
    /// <param name="wanted">What an STM32 needs instead.</param>
    public UploadException Foreign(string what, string wanted) => new(
        UploadError.ImageUnreadable,
        $"{name} is {format}, but not for an STM32: {what}. An STM32 needs {wanted}.",
        "Is this the file that was compiled for the board? Give the sketch's own .elf, .bin or .hex.");
}
