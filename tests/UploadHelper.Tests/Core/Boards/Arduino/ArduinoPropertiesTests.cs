using FsCheck;
using FsCheck.Fluent;
using UploadHelper.Core.Arduino;

namespace UploadHelper.Tests.Core.Boards.Arduino;

public class ArduinoPropertiesTests
{
    [Fact]
    public void Lines_are_keys_and_values_in_the_order_of_the_file()
    {
        var properties = Parse("# comment\r\n\r\n b = 1 \r\nno line\n  # another\na.x=2=3\n=4\nb=5\nempty=\n");

        Assert.Equal(["b", "a.x", "empty"], properties.Keys);
        Assert.Equal("5", properties["b"]);
        Assert.Equal("2=3", properties["a.x"]);
        Assert.Equal("", properties["empty"]);
        Assert.Null(properties["c"]);
    }

    [Theory]
    [InlineData(ArduinoSystem.Linux, "plain")]
    [InlineData(ArduinoSystem.Windows, "for Windows")]
    [InlineData(ArduinoSystem.MacOsX, "for macOS")]
    public void A_suffix_counts_on_its_system_only(ArduinoSystem system, string expected)
    {
        var properties = ArduinoProperties.Parse("cmd=plain\ncmd.windows=for Windows\ncmd.macosx=for macOS\npath.linux64=x\n", system);

        Assert.Equal(expected, properties["cmd"]);
        Assert.Equal(["cmd", "path.linux64"], properties.Keys);
    }

    [Fact]
    public void What_is_laid_over_wins_at_the_old_place()
    {
        var properties = Parse("menu.a=A\nx.menu.a.one=1\nx.menu.a.two=2").With(Parse("x.menu.a.three=3\nx.menu.a.one=uno"));

        Assert.Equal(["menu.a", "x.menu.a.one", "x.menu.a.two", "x.menu.a.three"], properties.Keys);
        Assert.Equal("uno", properties["x.menu.a.one"]);
    }

    [Fact]
    public void Branches_are_what_is_below_each_first_part()
    {
        var properties = Parse("a=0\na.x=1\nb.y.z=2\na.w=3");

        Assert.Equal(["a", "b"], properties.FirstLevel());
        Assert.All(properties.Branches(), b => Assert.Equal(properties.Below(b.Key).Keys, b.Value.Keys));
        Assert.Equal(["x", "w"], properties.Branches()["a"].Keys);
        Assert.Equal(["a", "a.x", "a.w"], properties.Without("b").Keys);
    }

    [Theory]
    [InlineData("{one}", "1")]
    [InlineData("{deep}", "<1>")]
    [InlineData("{missing}", "{missing}")]
    [InlineData("{missing {one}}", "{missing 1}")]
    [InlineData("{{one}", "{1")]
    [InlineData("a{", "a{")]
    [InlineData("{}", "{}")]
    [InlineData("{o{n}}", "1")]
    [InlineData("{empty}x", "x")]
    public void Keys_in_braces_are_expanded(string text, string expected) =>
        Assert.Equal(expected, Parse("one=1\ndeep=<{deeper}>\ndeeper={one}\nn=ne\nempty=").Expand(text));

    [Fact]
    public void A_key_within_itself_ends() =>
        Assert.StartsWith("x", Parse("a=x{a}{a}{a}{a}").Expand("{a}"), StringComparison.Ordinal);

    [Fact]
    public void Any_text_is_read()
    {
        Prop.ForAll<NonNull<string>>(text =>
        {
            var properties = Parse(text.Get);
            return properties.Keys.All(k => k.Length > 0 && properties[k] is not null && properties.Expanded(k) is not null);
        }).QuickCheckThrowOnFailure();
    }

    private static ArduinoProperties Parse(string text) => ArduinoProperties.Parse(text, ArduinoSystem.Linux);
}
