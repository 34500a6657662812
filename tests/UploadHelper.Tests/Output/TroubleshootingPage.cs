using System.Text;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Flashing;

namespace UploadHelper.Tests.Output;

/// <summary>Generates arduino/TROUBLESHOOTING.md from the tables of errors and warnings, with examples of the lines that the program prints.</summary>
internal static class TroubleshootingPage
{
    private const string Introduction = """
        # When an upload fails

        The last lines of upload-helper's output say what happened. In the output window of the Arduino IDE they look like this:


        """;

    private const string Words = """

        - The `error:` line says what happened and in what state the board is.
        - The `hint:` line above it says what to do next.
        - **The word in brackets at the end is the error code. Search this page for it**, or run `upload-helper explain` with
          it, for example `upload-helper explain no-device`.

        An upload continues after a line that begins with `warning:`. The IDE may add lines of its own below, such as
        "Failed uploading: uploading error: exit status 6".

        ## Terms used on this page

        - **Bootloader**: a small program on the board that receives new sketches over USB. It runs for a moment after a reset,
          then starts the sketch. While it is running, the board is "in DFU mode", and the computer sees it as the USB device
          0483:DF11 (F4Bootloader, ST's own) or 1EAF:0003 (Maple, STM32duino).
        - **RESET**: the button that restarts the board.
        - **BOOT0**: a jumper or button. Held high during a reset, it starts ST's bootloader in the chip's ROM, which on many
          chips works over USB. In normal use it is low (0).
        - **Offset**: where a sketch begins, counted from the start of the flash. In most cases the bootloader is before it. Each
          sketch is compiled for one offset; the bootloader that you select in the Tools menu decides which.
        - **Sector**: the smallest part of the flash that can be erased.

        ## What state is my board in?

        upload-helper erases nothing until it has checked that sketch, address and board match, and it never erases the
        bootloader. Each `error:` line says what state the board is in:

        """;

    private const string Cancelled = "error: cancelled";

    public static string Text()
    {
        var page = new StringBuilder(Introduction.ReplaceLineEndings("\n"));
        Quote(page, Printed(Messages.Errors, "error", "no-device") is { } printed ? Again.InIde(printed) : null);
        page.Append(Words.ReplaceLineEndings("\n"));
        page.Append($"""

            - *{ErrorMessages.Unchanged}* or *{ErrorMessages.NothingErased}*
              The board contains what it contained before.
            - *{InterruptedUpload.EraseUnconfirmed}* or *{InterruptedUpload.OutsideUnconfirmed}*
              Upload again.
            - *{InterruptedUpload.FirstBlockUnconfirmed}*
              Press RESET, and upload again at once.
            - *{InterruptedUpload.Incomplete}* or *{InterruptedUpload.OutsideIncomplete}*
              Upload again. An incomplete sketch does not prevent the next upload.
            - *{InterruptedUpload.IncompleteMayStart}*
              Press RESET, and upload again at once.
            - *{InterruptedUpload.LastBlock}*
              Press RESET. If the sketch does not run, upload it again.
            - *{ErrorMessages.Written}* or *{InterruptedUpload.WrittenUnverified}*
              The upload itself succeeded.

            ## Errors


            """.ReplaceLineEndings("\n"));
        foreach (var error in ErrorTable.Entries)
        {
            Entry(page, error.Text, Printed(Messages.Errors, "error", error.Text.Code), error.ExitStatus);
        }

        Entry(page, ErrorTable.Cancelled, Cancelled, UploadErrors.Cancelled);
        page.Append("## Warnings\n\nThe upload continues after a warning.\n\n");
        foreach (var warning in WarningTable.Entries)
        {
            Entry(page, warning.Text, Printed(Messages.Warnings, "warning", warning.Text.Code), null);
        }

        page.Append("## Exit statuses\n\nFor scripts. 0 means success.\n\n| status | errors |\n|---|---|\n");
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
        Quote(page, printed);
        page.Append($"\n{text.Happened}\n\n**State of the board:** {text.Board}\n\n**What to do:**\n\n");
        foreach (var step in text.Cure)
        {
            page.Append($"- {step}\n");
        }

        page.Append('\n');
    }

    private static void Quote(StringBuilder page, string? printed)
    {
        foreach (var line in printed?.Split('\n') ?? [])
        {
            page.Append($"    {line}\n");
        }
    }
}
