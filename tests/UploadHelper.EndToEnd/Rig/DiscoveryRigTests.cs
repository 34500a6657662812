using System.Text.Json;
using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>The discovery on a real USB stack, and an upload beside it.</summary>
[Collection(RigCollection.Name)]
public sealed class DiscoveryRigTests(DiscoveryRigTests.Run rig) : IClassFixture<DiscoveryRigTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "discovery");

    [RigFact]
    public void A_board_that_comes_and_goes_is_told_with_its_place_on_the_bus()
    {
        Assert.Equal(0, rig.Status("discovery"));
        Assert.Equal("", rig.Text("discovery.err"));
        var messages = rig.Text("discovery.out").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        var types = messages.Select(m => m.GetProperty("eventType").GetString()).ToList();
        Assert.Equal(["hello", "start_sync", "add", "remove"], types[..4]);
        Assert.Equal("quit", types[^1]);
        var port = messages[2].GetProperty("port");
        Assert.Matches(@"^\d+-\d+$", port.GetProperty("address").GetString());
        Assert.Equal("0xDF11", port.GetProperty("properties").GetProperty("pid").GetString());
        Assert.Equal("315A34663432", port.GetProperty("properties").GetProperty("serial").GetString());
        Assert.Equal("0", rig.Summary("come-and-go")["dfu_requests"]);
    }

    [RigFact]
    public void An_upload_beside_it_goes_on_undisturbed() => UploadChecks.SketchRuns(rig, "beside", 0x4000, "blink-08004000");
}
