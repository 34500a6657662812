using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>
/// Each board is taken from a running sketch to a new one when the executable is called as maple_loader and the
/// maple_upload scripts were: four and five arguments, the IDE's path and a DfuSe address behind them, the port with
/// and without /dev/, the ids with and without 0x. Here each kind of board and each kind of shape once.
/// </summary>
[Collection(RigCollection.Name)]
public sealed class ShapesTests(ShapesTests.Run rig) : IClassFixture<ShapesTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "shapes");

    [RigTheory]
    [InlineData("f4boot-six", 0x4000, "blink-08004000")]
    [InlineData("f4rom-five-0x", 0, "blink-08000000")]
    [InlineData("maple20-alt2-ide", 0x2000, "blink-08002000")]
    [InlineData("maple20-alt2-by-hand", 0x2000, "blink-08002000")]
    [InlineData("maple20-alt1-four", 0x5000, "blink-08005000")]
    [InlineData("maple-orig-five", 0x5000, "blink-08005000")]
    [InlineData("maple-f4-six", 0x1_0000, "blink-maple-f4")]
    public void The_new_sketch_runs_and_the_port_is_back(string step, int offset, string firmware) =>
        UploadChecks.SketchRuns(rig, step, offset, firmware);
}

/// <summary>The others: the command line is taken apart before the board has a part in it, and that is tried in process for each.</summary>
[Collection(RigCollection.Name)]
public sealed class MoreShapesTests(MoreShapesTests.Run rig) : IClassFixture<MoreShapesTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "more-shapes", "shapes", "more");

    [LongRigTheory]
    [InlineData("f4boot-by-hand", 0x4000, "blink-08004000")]
    [InlineData("f4rom-five", 0, "blink-08000000")]
    [InlineData("f4rom-four", 0, "blink-08000000")]
    [InlineData("f4rom-ide", 0, "blink-08000000")]
    [InlineData("f4rom-six", 0, "blink-08000000")]
    [InlineData("f4rom-new", 0, "blink-08000000")]
    [InlineData("maple20-alt2-four", 0x2000, "blink-08002000")]
    [InlineData("maple20-alt2-five", 0x2000, "blink-08002000")]
    [InlineData("maple20-alt1-five", 0x5000, "blink-08005000")]
    [InlineData("maple-orig-four", 0x5000, "blink-08005000")]
    [InlineData("maple-orig-new", 0x5000, "blink-08005000")]
    [InlineData("maple-f4-five", 0x1_0000, "blink-maple-f4")]
    [InlineData("maple-f4-new", 0x1_0000, "blink-maple-f4")]
    public void The_new_sketch_runs_and_the_port_is_back(string step, int offset, string firmware) =>
        UploadChecks.SketchRuns(rig, step, offset, firmware);
}
