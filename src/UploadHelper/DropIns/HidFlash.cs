using UploadHelper.CommandLine;
using UploadHelper.Core.Connecting;

namespace UploadHelper.DropIns;

/// <summary>
/// hid-flash 2.2.1 of Serasidis/STM32_HID_Bootloader (its cli/main.c). The bootloader determines where the file goes. DELAY is a pause of
/// at most 255 microseconds there, and has no effect here. hid-flash exits with 0 if it cannot open the file or does not like the
/// bootloader's version; this does not.
/// </summary>
internal static class HidFlash
{
    public static DropIn Tool { get; } = new("hid-flash", "hid-flash FILE [PORT] [DELAY]")
    {
        Aliases = ["hid-flash.sh"],
        Rewrite = Rewrite,
        Help = """
            Uploads a sketch through the HID bootloader (1209:BEBA), as hid-flash does: resets the sketch on PORT into its bootloader, writes
            FILE to the address from which this bootloader writes, and starts it. DELAY has no effect.
            Options of `upload-helper upload` may follow.
            """,
    };

    private static string[] Rewrite(IReadOnlyList<string> arguments)
    {
        var words = arguments.TakeWhile(a => !a.StartsWith('-')).ToList();
        if (words.Count == 0 || words[0].Length == 0)
        {
            throw Tool!.Error("FILE is missing.");
        }

        if (words.Count > 3)
        {
            throw Tool!.Error($"Unexpected argument \"{words[3]}\".");
        }

        if (words.Count == 3 && !words[2].All(char.IsAsciiDigit))
        {
            throw Tool!.Error($"Invalid DELAY \"{words[2]}\". Expected a number.");
        }

        IEnumerable<string> port = words.Count > 1 && !Placeholder.IsEmpty(words[1]) ? [$"--port={words[1]}"] : [];
        return ["upload", words[0], .. port, $"--usb-id={DeviceFilter.Hid}", .. arguments.Skip(words.Count)];
    }
}
