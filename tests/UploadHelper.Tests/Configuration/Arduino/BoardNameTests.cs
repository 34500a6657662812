using UploadHelper.Configuration.Arduino;
using UploadHelper.Core.Errors;

namespace UploadHelper.Tests.Configuration.Arduino;

public class BoardNameTests
{
    private static readonly string[] Files = ["boards.txt", @"C:\Program Files\core\boards.txt", "/a:b/boards.txt", "/boards"];

    [Theory]
    [InlineData("boards.txt:uno", "boards.txt", "uno", "")]
    [InlineData(@"C:\Program Files\core\boards.txt:uno", @"C:\Program Files\core\boards.txt", "uno", "")]
    [InlineData(@"C:\Program Files\core\boards.txt:uno:a=b,c=d", @"C:\Program Files\core\boards.txt", "uno", "a=b c=d")]
    [InlineData("/a:b/boards.txt:uno:a=b", "/a:b/boards.txt", "uno", "a=b")]
    [InlineData("/boards:uno", "/boards", "uno", "")]
    [InlineData("boards.txt:uno:", "boards.txt", "uno", "")]
    public void A_board_of_a_file(string text, string file, string id, string options)
    {
        var name = Assert.IsType<BoardName.InFile>(Parse(text));

        Assert.Equal((file, id, options), (name.File, name.Id, Listed(name)));
    }

    [Theory]
    [InlineData("Arduino_STM32:STM32F4:generic_f407v", "generic_f407v", "")]
    [InlineData("Arduino_STM32:STM32F4:generic_f407v:upload_method=F4BootMethod,opt=osstd", "generic_f407v", "opt=osstd upload_method=F4BootMethod")]
    public void A_fully_qualified_name(string text, string id, string options)
    {
        var name = Assert.IsType<BoardName.Qualified>(Parse(text));

        Assert.Equal(("Arduino_STM32", "STM32F4", id, options), (name.Vendor, name.Architecture, name.Id, Listed(name)));
    }

    [Fact]
    public void Without_a_colon_it_is_an_entry_of_the_configuration_file() => Assert.Null(Parse("black"));

    [Theory]
    [InlineData("other/boards.txt:uno", "other/boards.txt")]
    [InlineData(@"C:\other\BOARDS.TXT:uno", @"C:\other\BOARDS.TXT")]
    [InlineData("boards.txt:", "\"boards.txt:\" for --board")]
    [InlineData("boards.txt:uno:a=b:c", "\"boards.txt:uno:a=b:c\" for --board")]
    [InlineData("arduino:uno", "\"arduino:uno\" for --board")]
    [InlineData("a:b:c:d:e", "\"a:b:c:d:e\" for --board")]
    [InlineData("a::c", "\"a::c\" for --board")]
    [InlineData("boards.txt:uno:fast", "\"fast\". Expected menu=option")]
    [InlineData("boards.txt:uno:a=b=c", "\"a=b=c\". Expected menu=option")]
    public void Anything_else_is_refused(string text, string message)
    {
        var e = Assert.Throws<UploadException>(() => Parse(text));

        Assert.Equal(UploadError.Configuration, e.Error);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    private static BoardName? Parse(string text) => BoardName.Parse(text, Files.Contains);

    private static string Listed(BoardName name) => string.Join(' ', name.Options.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => $"{o.Key}={o.Value}"));
}
