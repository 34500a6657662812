using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Faults;

namespace UploadHelper.Tests.VirtualBoard.Faults;

public class FaultTests
{
    [Theory]
    [InlineData("stall@12", FaultKind.Stall, 12, DfuStatusCode.Ok)]
    [InlineData("cut-erase@0", FaultKind.CutErase, 0, DfuStatusCode.Ok)]
    [InlineData("status-15@7", FaultKind.Status, 7, DfuStatusCode.ErrStalledPacket)]
    public void A_fault_is_read_and_written(string text, FaultKind kind, int index, DfuStatusCode status)
    {
        Assert.Equal(new Fault(kind, index, status), Fault.Parse(text));
        Assert.Equal(text, Fault.Parse(text).ToString());
    }

    [Fact]
    public void Every_kind_can_be_written()
    {
        foreach (var name in Fault.Names)
        {
            var text = $"{name.Replace("-N", "-1", StringComparison.Ordinal)}@3";
            Assert.Equal(text, Fault.Parse(text).ToString());
        }

        Assert.Equal(Enum.GetValues<FaultKind>().Length, Fault.Names.Distinct().Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("stall")]
    [InlineData("@3")]
    [InlineData("Stall@3")]
    [InlineData("stall@-3")]
    [InlineData("stall@x")]
    [InlineData("status-N@3")]
    [InlineData("status-0@3")]
    [InlineData("status-16@3")]
    public void What_is_none_is_answered_with_all_there_are(string text) =>
        Assert.Contains("stall, silent, late, gone", Assert.Throws<FormatException>(() => SimulationOptions.Parse("f4rom,fault=" + text)).Message, StringComparison.Ordinal);
}
