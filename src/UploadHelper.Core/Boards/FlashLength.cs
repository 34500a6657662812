using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Boards;

/// <summary>Reads the lengths that users write, in the number forms of <see cref="FlashAddress"/>.</summary>
public static class FlashLength
{
    /// <summary>Reads a number of bytes; "0x" hexadecimal or decimal.</summary>
    /// <param name="text">As the user wrote it, for example "0x4000", "16384".</param>
    /// <returns>The number of bytes; above zero.</returns>
    /// <exception cref="UploadException"><see cref="UploadError.LengthInvalid"/>: not a number of these forms, or 0.</exception>
    public static uint Parse(string text)
    {
        if (NumberForms.TryRead(text, out var value) && value > 0)
        {
            return value;
        }

        throw new UploadException(
            UploadError.LengthInvalid,
            $"\"{text}\" is not a length." + (NumberForms.TryGuess(text, out var meant) && meant > 0 ? $" Did you mean 0x{meant:X}?" : ""),
            "Write a number of bytes: 16384, or 0x4000; 0x makes it hexadecimal.");
    }
}
