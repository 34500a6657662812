using System.Xml.Linq;
using UploadHelper.EndToEnd.Support;
using Xunit.Abstractions;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>The default device layer keeps the contracts over the kernel's own USB stack and serial driver.</summary>
[Collection(RigCollection.Name)]
public sealed class ContractTests(ContractTests.Run rig, ITestOutputHelper output) : IClassFixture<ContractTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(
        machine, "contracts", "contracts", Repository.PathOf("tests", "UploadHelper.Tests", "bin", "Debug", "net10.0", "UploadHelper.Tests.dll"));

    [RigFact]
    public void Each_rule_holds_as_it_does_in_process() => Contracts.Check(rig, "libusb-1.0 and cdc_acm", output);
}

internal static class Contracts
{
    private const string Passed = "Passed";

    /// <summary>All passed, and each rule of the bus and of serial ports was among them.</summary>
    public static void Check(RigRun rig, string layer, ITestOutputHelper output)
    {
        Assert.True(rig.Status("contracts") == 0, rig.Text("contracts.out"));
        var results = XDocument.Parse(rig.Text("results.trx"))
            .Descendants()
            .Where(e => e.Name.LocalName == "UnitTestResult")
            .Select(e => (Name: ((string)e.Attribute("testName")!).Split('.'), Outcome: (string)e.Attribute("outcome")!))
            .ToLookup(r => r.Name[^2], r => (Rule: r.Name[^1], r.Outcome));
        foreach (var (contract, system) in ((string, string)[])[("Usb", "SystemUsb"), ("Serial", "SystemSerial"), ("Serial", "SystemTerminalSerial"), ("Uart", "SystemUart")])
        {
            var expected = results["InProcess" + contract].Order().ToArray();
            var actual = results[system].Order().ToArray();
            Assert.NotEmpty(expected);
            Assert.Equal(expected, actual);
            Assert.All(actual, r => Assert.Equal(Passed, r.Outcome));
            output.WriteLine($"{layer}: {actual.Length} rules of {system} hold in the rig");
        }
    }
}
