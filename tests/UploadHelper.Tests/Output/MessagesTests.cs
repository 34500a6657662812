using UploadHelper.Core.Errors;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Output;

/// <summary>
/// The tables of errors and warnings are whole, each entry is provoked once (<see cref="Messages"/>), and the page for
/// users is made from both. That a run prints no other code, <see cref="ProgramRun"/> sees to.
/// </summary>
public class MessagesTests
{
    private static readonly IReadOnlyList<string> Errors = [.. ErrorTable.Entries.Select(e => e.Text.Code)];
    private static readonly IReadOnlyList<string> Warnings = [.. WarningTable.Entries.Select(w => w.Text.Code)];

    public static TheoryData<string> ErrorCodes() => new(Errors);

    public static TheoryData<string> WarningCodes() => new(Warnings);

    [Theory]
    [MemberData(nameof(ErrorCodes))]
    public void Every_error_can_be_provoked(string code)
    {
        var message = Assert.Single(Messages.Errors, m => m.Code == code);

        message.Run().Fails(message.ExitStatus, code, message.Facts);

        Assert.Equal(message.ExitStatus, ErrorTable.Entries.Single(e => e.Text.Code == code).ExitStatus);
    }

    [Theory]
    [MemberData(nameof(WarningCodes))]
    public void Every_warning_can_be_provoked(string code)
    {
        var message = Assert.Single(Messages.Warnings, m => m.Code == code);

        message.Run().Exits(message.ExitStatus).Warns(code, message.Facts);
    }

    [Fact]
    public void Nothing_is_provoked_that_no_table_has()
    {
        Assert.Equal(Errors, Messages.Errors.Select(m => m.Code));
        Assert.Equal(Warnings, Messages.Warnings.Select(m => m.Code));
    }

    [Fact]
    public void The_page_is_made_from_the_tables() => Snapshot.MatchFile(
        TroubleshootingPage.Text(), Path.Combine(TestFiles.Repository, "arduino", "TROUBLESHOOTING.md"));

    [Fact]
    public void Every_error_and_warning_has_one_entry_and_every_code_means_one_thing()
    {
        Assert.Equal(Enum.GetValues<UploadError>().Order(), ErrorTable.Entries.Select(e => e.Error).Order());
        Assert.Equal(Errors.Count, Errors.Distinct().Count());
        Assert.Equal(Enum.GetValues<WarningCode>().Order(), WarningTable.Entries.Select(e => e.Warning).Order());
        Assert.Equal(Warnings.Count, Warnings.Distinct().Count());
        Assert.All(Errors.Concat(Warnings), code => Assert.Matches("^[a-z]+(-[a-z]+)*$", code));
    }

    [Fact]
    public void The_explanations_are_plain_ASCII_sentences()
    {
        foreach (var text in ErrorTable.Entries.Select(e => e.Text).Concat(WarningTable.Entries.Select(w => w.Text)).Append(ErrorTable.Cancelled))
        {
            Assert.NotEmpty(text.Cure);
            Assert.All([text.Happened, text.Board, .. text.Cure], t => Assert.Matches(@"^[ -~]*[.?)]$", t));
        }
    }
}
