using UploadHelper.EndToEnd.Support;
using Xunit.Abstractions;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>A build on LibUsbDotNet does what the default build does: the same uploads, in turns.</summary>
[Collection(RigCollection.Name)]
public sealed class LibUsbDotNetTests(LibUsbDotNetTests.Run rig) : IClassFixture<LibUsbDotNetTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "libusbdotnet", "libusbdotnet", LibUsbDotNetBuild.Executable);

    [LibUsbDotNetTheory]
    [InlineData("libmaple-f4", 1)]
    [InlineData("libmaple-f4", 2)]
    [InlineData("stm32generic", 1)]
    [InlineData("stm32generic", 2)]
    public void It_takes_the_same_sketch_to_the_same_flash_with_the_same_requests(string sketch, int round)
    {
        var (own, package) = ($"libusb-{sketch}-{round}", $"libusbdotnet-{sketch}-{round}");
        UploadChecks.SketchRuns(rig, own, 0x4000, "blink-08004000");
        UploadChecks.SketchRuns(rig, package, 0x4000, "blink-08004000");
        Assert.Equal(rig.Bytes(own + ".flash"), rig.Bytes(package + ".flash"));
        Assert.Equal(rig.Summary(own)["dfu_requests"], rig.Summary(package)["dfu_requests"]);
    }
}

/// <summary>And keeps the same contracts.</summary>
[Collection(RigCollection.Name)]
public sealed class LibUsbDotNetContractTests(LibUsbDotNetContractTests.Run rig, ITestOutputHelper output)
    : IClassFixture<LibUsbDotNetContractTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "libusbdotnet-contracts", "contracts", LibUsbDotNetBuild.Tests);

    [LibUsbDotNetFact]
    public void Each_rule_holds_as_it_does_in_process() => Contracts.Check(rig, "LibUsbDotNet and cdc_acm", output);
}
