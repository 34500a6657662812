namespace UploadHelper.Core.Uploading.Messages;

/// <summary>
/// A failure or a warning explained to someone who owns a board and has never heard of DFU: what arduino/TROUBLESHOOTING.md
/// says of it. Markdown in one line each, ASCII.
/// </summary>
/// <param name="Code">Stable code, as it stands at the end of the printed line.</param>
/// <param name="Title">What it is, in half a sentence.</param>
/// <param name="Happened">What happened.</param>
/// <param name="Board">In what state the board is.</param>
/// <param name="Cure">What to do, the likeliest first.</param>
public sealed record Explanation(string Code, string Title, string Happened, string Board, params IReadOnlyList<string> Cure);
