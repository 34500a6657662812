using System.Text;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Flashing;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Output;

/// <summary>Makes arduino/TROUBLESHOOTING.md from the tables of errors and warnings, with the lines that the program prints.</summary>
internal static class TroubleshootingPage
{
    private const string Introduction = """
        # When an upload fails

        upload-helper says in its last lines what happened. They look like this in the black box of the Arduino IDE:

            hint: Press RESET on the board and run the command again at once.
            error: No bootloader came in 15 s: 0483:DF11 or 1EAF:0003 was not found. The board is as it was. [no-device]

        The `error:` line says what happened and how the board is, the `hint:` above it what to do next. **The word in brackets
        at the end is the one to search this page for.** Lines that begin with `warning:` do not end an upload. The IDE may add
        lines of its own below, such as "Failed uploading: uploading error: exit status 6".

        Words that come up again and again:

        - **Bootloader**: a small program on the board that takes new sketches over USB. It runs for a moment after a reset, then
          starts the sketch. While it runs, the board is "in DFU mode", and the computer sees it as the USB device 0483:DF11
          (F4Bootloader, ST's own) or 1EAF:0003 (Maple, STM32duino).
        - **RESET, BOOT0**: RESET is the button that starts the board anew. BOOT0 is a jumper or button: held high during a
          reset, it starts ST's own bootloader in the chip, on chips that have one for USB. In daily use it is low (0).
        - **Offset**: where a sketch begins in the flash, above the bootloader. A sketch is compiled for one offset, and the choice of
          the bootloader in the Tools menu decides which.
        - **Sector**: the smallest piece of flash that can be erased.

        ## How is my board now?

        Nothing is erased before the sketch, the address and the board are known to fit together, and the bootloader is never
        erased. Each `error:` line says how the board is:

        """;

    private const string Cancelled = "error: cancelled";

    public static string Text()
    {
        var page = new StringBuilder(Introduction.ReplaceLineEndings("\n"));
        page.Append($"""

            - "{ErrorMessages.Unchanged}", "{ErrorMessages.NothingErased}": the sketch that was on it is still there.
            - "{InterruptedUpload.Incomplete}" Upload again. A half-written sketch is no hindrance.
            - "{InterruptedUpload.IncompleteMayStart}" Press RESET, and upload again at once.
            - "{ErrorMessages.Written}" The upload itself went well.

            ## Errors


            """.ReplaceLineEndings("\n"));
        foreach (var error in ErrorTable.Entries)
        {
            Entry(page, error.Text, Printed(Messages.Errors, "error", error.Text.Code), error.ExitStatus);
        }

        Entry(page, ErrorTable.Cancelled, Cancelled, UploadErrors.Cancelled);
        page.Append("## Warnings\n\nThe upload goes on after them.\n\n");
        foreach (var warning in WarningTable.Entries)
        {
            Entry(page, warning, Printed(Messages.Warnings, "warning", warning.Code), null);
        }

        page.Append("## Exit statuses\n\nFor scripts; 0 is success.\n\n| status | errors |\n|---|---|\n");
        foreach (var status in ErrorTable.Entries.GroupBy(e => e.ExitStatus).OrderBy(g => g.Key))
        {
            page.Append($"| {status.Key} | {string.Join(", ", status.Select(e => $"[{e.Text.Code}](#{e.Text.Code})"))} |\n");
        }

        return page.Append($"| {UploadErrors.Cancelled} | [cancelled](#cancelled) |\n").ToString();
    }

    private static string? Printed(IReadOnlyList<Message> messages, string kind, string code) =>
        messages.FirstOrDefault(m => m.Code == code)?.Run().Coded().LastOrDefault(l => l.Kind == kind && l.Code == code)?.Text;

    private static void Entry(StringBuilder page, Explanation text, string? printed, int? exitStatus)
    {
        page.Append($"### {text.Code}\n\n**{text.Title}**{(exitStatus is { } status ? $" (exit status {status})" : "")}\n\n");
        foreach (var line in printed?.Split('\n') ?? [])
        {
            page.Append($"    {line}\n");
        }

        page.Append($"\n{text.Happened}\n\n*Your board:* {text.Board}\n\n");
        foreach (var step in text.Cure)
        {
            page.Append($"- {step}\n");
        }

        page.Append('\n');
    }
}
