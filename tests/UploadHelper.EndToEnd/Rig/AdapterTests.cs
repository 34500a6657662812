using System.Globalization;
using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>
/// Uploads through a serial adapter behind the kernel's own driver, which carries speed, parity and modem lines: by Debian's stm32flash, and
/// by ours through System.IO.Ports.
/// </summary>
[Collection(RigCollection.Name)]
public sealed class AdapterTests(AdapterTests.Run rig) : IClassFixture<AdapterTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "adapter");

    [Stm32flashRigTheory]
    [InlineData("theirs-fast", 115_200)]
    [InlineData("theirs-slow", 57_600)]
    [InlineData("theirs-late", 115_200)]
    [InlineData("ours-fast", 115_200)]
    [InlineData("ours-slow", 57_600)]
    [InlineData("ours-late", 115_200)]
    public void The_lines_start_the_ROM_and_the_sketch_is_written_and_runs(string step, int baudRate)
    {
        Assert.True(rig.Status(step) == 0, rig.Text(step + ".out"));
        var sketch = rig.Bytes("sketch.bin");
        Assert.Equal(sketch, rig.Bytes(step + ".flash")[..sketch.Length]);
        var log = rig.Text(step + ".board");
        Assert.Contains($"adapter: {baudRate} baud, 8 data bits, parity 2, stop bits 0", log, StringComparison.Ordinal);
        Assert.Contains($"the ROM has measured {baudRate} baud", log, StringComparison.Ordinal);
        Assert.Equal(("0", "sketch"), (rig.Summary(step)["violations"], rig.Summary(step)["running"].Split(':')[0]));
    }

    [Stm32flashRigFact]
    public void Without_parity_the_ROM_does_not_answer()
    {
        Assert.NotEqual(0, rig.Status("without-parity"));
        Assert.Contains("0x7F at 115200 baud, no parity: the ROM measures a wrong speed", rig.Text("without-parity.board"), StringComparison.Ordinal);
    }

    [Stm32flashRigFact]
    public void Ours_waits_less_often_for_an_adapter_that_keeps_what_it_received() =>
        Assert.True(Seconds("theirs-late") / Seconds("ours-late") >= 1.2, $"theirs {Seconds("theirs-late")}, ours {Seconds("ours-late")}");

    private double Seconds(string step) => double.Parse(rig.Text(step + ".seconds"), CultureInfo.InvariantCulture);
}
