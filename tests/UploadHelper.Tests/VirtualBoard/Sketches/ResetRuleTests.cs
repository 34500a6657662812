using System.Text;
using UploadHelper.VirtualBoard.Sketches;

namespace UploadHelper.Tests.VirtualBoard.Sketches;

/// <summary>The cores' rules, word for word: "D" raises DTR, "d" drops it, anything else is a packet.</summary>
public class ResetRuleTests
{
    [Theory]
    [InlineData("libmaple-f4", "D 1EAF", true)]
    [InlineData("libmaple-f4", "D 1EAFxyz", true)]
    [InlineData("libmaple-f4", "D 1EA", false)]
    [InlineData("libmaple-f4", "D x1EAF", false)]
    [InlineData("libmaple-f4", "D d 1EAF", false)]
    [InlineData("stm32generic", "D d D 1EAF", false)]
    [InlineData("stm32generic", "D d D d 1EAF", true)]
    [InlineData("stm32generic", "D d D d x1EAF", false)]
    [InlineData("libmaple-f1", "D d 1EAF", true)]
    [InlineData("libmaple-f1", "D d xyz1EAF", true)]
    [InlineData("libmaple-f1", "D 1EAF", false)]
    [InlineData("libmaple-f1", "D d D 1EAF", false)]
    [InlineData("libmaple-f1", "D d d 1EAF", false)]
    [InlineData("libmaple-f1", "D d x 1EAF", true)]
    [InlineData("libmaple-f1", "D d wxyz 1EAF", false)]
    public void A_core_resets_only_by_its_own_rule(string core, string script, bool resets) => Assert.Equal(resets, Run(core, script).Reset);

    [Fact]
    public void A_packet_with_dtr_low_wedges_the_f4_core_for_good()
    {
        Assert.True(Run("libmaple-f4", "D d x").Wedged);
        Assert.False(Run("libmaple-f4", "D x").Wedged);
    }

    private static (bool Reset, bool Wedged) Run(string core, string script)
    {
        var rule = SketchKind.All.Single(k => k.Name == core).CreateRule();
        var reset = false;
        foreach (var word in script.Split(' '))
        {
            if (word is "D" or "d")
            {
                rule.Lines(word == "D");
            }
            else
            {
                reset = rule.Packet(Encoding.ASCII.GetBytes(word));
            }
        }

        return (reset, rule.IsWedged);
    }
}
