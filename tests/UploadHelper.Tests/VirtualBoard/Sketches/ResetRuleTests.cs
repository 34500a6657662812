using System.Text;
using UploadHelper.VirtualBoard.Sketches;

namespace UploadHelper.Tests.VirtualBoard.Sketches;

/// <summary>The cores' rules, word for word: "D" raises DTR, "d" drops it, "1200" sets the line speed, "R" resets the port, anything else is a packet.</summary>
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
    [InlineData("stm32generic", "D d D d wxyz 1EAF", false)]
    [InlineData("stm32generic", "D d D d x 1EAF", true)]
    [InlineData("stm32core", "D d D 1EAF", false)]
    [InlineData("stm32core", "D d D d 1EAF", true)]
    [InlineData("stm32core", "D d D d x 1EAF", false)]
    [InlineData("stm32core", "D d D d 1EAFxyz", true)]
    [InlineData("rom-magic", "D d D 1EAF", false)]
    [InlineData("rom-magic", "D d D d 1EAF", true)]
    [InlineData("rom-magic", "D d D d D 1EAF", true)]
    [InlineData("rom-magic", "D d D d x 1EAF", false)]
    [InlineData("rom-magic", "1200 D d", false)]
    [InlineData("rom-touch", "1200 D d", true)]
    [InlineData("rom-touch", "D 1200 d", true)]
    [InlineData("rom-touch", "1200 d", false)]
    [InlineData("rom-touch", "D d 1200", false)]
    [InlineData("rom-touch", "D d D d 1EAF", false)]
    [InlineData("stm32core-plain", "D d D d 1EAF 1200 D d", false)]
    [InlineData("usbcomposite", "D d 1EAF", true)]
    [InlineData("usbcomposite", "D d xyz1EAF", true)]
    [InlineData("usbcomposite", "D d x 1EAF", false)]
    [InlineData("usbcomposite", "D 1EAF", false)]
    [InlineData("usbcomposite", "1200 D d", true)]
    [InlineData("usbcomposite", "1200 D", false)]
    [InlineData("usbcomposite", "D d 1200", false)]
    [InlineData("touch1200", "1200 D d", true)]
    [InlineData("touch1200", "D d", false)]
    [InlineData("touch1200", "D d D d 1EAF", false)]
    [InlineData("libmaple-f1", "1200 D d", false)]
    [InlineData("libmaple-f1", "D d 1EAF", true)]
    [InlineData("libmaple-f1", "D d xyz1EAF", true)]
    [InlineData("libmaple-f1", "D 1EAF", false)]
    [InlineData("libmaple-f1", "D d D 1EAF", false)]
    [InlineData("libmaple-f1", "D d d 1EAF", false)]
    [InlineData("libmaple-f1", "D d x 1EAF", true)]
    [InlineData("libmaple-f1", "D d wxyz 1EAF", false)]
    [InlineData("libmaple-f1-old", "D d 1EAF", true)]
    [InlineData("libmaple-f1-old", "D d 1E AF", true)]
    [InlineData("libmaple-f1-old", "D 1EAF", false)]
    [InlineData("libmaple-f1-old", "D x d 1EAF", false)]
    [InlineData("libmaple-f1-old", "D d x1EAF", false)]
    [InlineData("libmaple-f1-old", "D 1EAF d 1EAF", false)]
    [InlineData("libmaple-f1-old", "D x R d 1EAF", true)]
    public void A_core_resets_only_by_its_own_rule(string core, string script, bool resets) => Assert.Equal(resets, Run(core, script).Reset);

    [Fact]
    public void A_packet_with_dtr_low_wedges_the_f4_core_for_good()
    {
        Assert.True(Run("libmaple-f4", "D d x").Wedged);
        Assert.False(Run("libmaple-f4", "D x").Wedged);
    }

    [Theory]
    [InlineData("D xxxx d 1EAF", false)]
    [InlineData("D xxxxx 1EAF", false)]
    [InlineData("D xxxxx d 1EAF", true)]
    [InlineData("D 1EAF d 1EAF D d 1EAF", true)]
    public void An_old_f1_core_crashes_on_the_magic_behind_more_than_four_unread_bytes(string script, bool crashes) =>
        Assert.Equal(crashes, Run("libmaple-f1-old", script).Crashed);

    [Fact]
    public void An_old_f1_core_takes_no_packet_that_might_not_fit_into_its_buffer()
    {
        Assert.False(Run("libmaple-f1-old", new string('x', 191)).Wedged);
        Assert.True(Run("libmaple-f1-old", new string('x', 192)).Wedged);
    }

    private static (bool Reset, bool Wedged, bool Crashed) Run(string core, string script)
    {
        var baudRate = 9600;
        IResetRule rule = SketchCore.All.Single(k => k.Name == core).CreateRule();
        var reset = false;
        foreach (var word in script.Split(' '))
        {
            if (word == "1200")
            {
                baudRate = 1200;
            }
            else if (word == "R")
            {
                rule.BusReset();
            }
            else if (word is "D" or "d")
            {
                reset |= rule.Lines(word == "D", baudRate);
            }
            else
            {
                reset |= rule.Packet(Encoding.ASCII.GetBytes(word));
            }
        }

        return (reset, rule.IsWedged, rule.HasCrashed);
    }
}
