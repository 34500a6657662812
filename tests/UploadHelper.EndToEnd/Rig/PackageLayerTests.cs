using UploadHelper.EndToEnd.Support;
using Xunit.Abstractions;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>A build on LibUsbDotNet and System.IO.Ports does what the default build does: the same uploads, in turns.</summary>
[Collection(RigCollection.Name)]
public sealed class PackageLayerTests(PackageLayerTests.Run rig) : IClassFixture<PackageLayerTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "package-layer", "package-layer", PackageLayer.Executable);

    [PackageLayerTheory]
    [InlineData("libmaple-f4", 1)]
    [InlineData("libmaple-f4", 2)]
    [InlineData("stm32generic", 1)]
    [InlineData("stm32generic", 2)]
    public void It_takes_the_same_sketch_to_the_same_flash_with_the_same_requests(string sketch, int round)
    {
        var (native, packages) = ($"native-{sketch}-{round}", $"packages-{sketch}-{round}");
        UploadChecks.SketchRuns(rig, native, 0x4000, "blink-08004000");
        UploadChecks.SketchRuns(rig, packages, 0x4000, "blink-08004000");
        Assert.Equal(rig.Bytes(native + ".flash"), rig.Bytes(packages + ".flash"));
        Assert.Equal(rig.Summary(native)["dfu_requests"], rig.Summary(packages)["dfu_requests"]);
    }
}

/// <summary>And keeps the same contracts.</summary>
[Collection(RigCollection.Name)]
public sealed class PackageLayerContractTests(PackageLayerContractTests.Run rig, ITestOutputHelper output)
    : IClassFixture<PackageLayerContractTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "package-contracts", "contracts", PackageLayer.Tests);

    [PackageLayerFact]
    public void Each_rule_holds_as_it_does_in_process() => Contracts.Check(rig, "LibUsbDotNet and System.IO.Ports", output);
}
