using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>
/// Standard requests as the published binaries answer them (generic_boot20_pc13.bin, maple_mini_original_small.bin and stm32f1_dfu.bin
/// on an emulated STM32F103): "TYPE REQUEST VALUE INDEX LENGTH" in hexadecimal, and the answer; null for STALL.
/// </summary>
public class StandardRequestTests
{
    [Theory]
    [InlineData("80 00 0000 0000 2", "0100")]
    [InlineData("80 00 0000 0000 1", null)]
    [InlineData("80 00 0001 0000 2", null)]
    [InlineData("81 00 0000 0003 2", "0000")]
    [InlineData("81 00 0000 0004 2", null)]
    [InlineData("82 00 0000 0080 2", "0000")]
    [InlineData("82 00 0000 0001 2", null)]
    [InlineData("00 03 0001 0000 0", null)]
    [InlineData("00 01 0001 0000 0", null)]
    [InlineData("02 03 0000 0080 0", "")]
    [InlineData("02 01 0000 0100 0", null)]
    [InlineData("00 05 0007 0000 0", null)]
    [InlineData("80 06 0203 0000 9", "09022d000101008032")]
    [InlineData("80 06 0105 0000 4", "12010001")]
    [InlineData("80 06 2100 0000 9", "092103ff0000041001")]
    [InlineData("80 06 0308 0409 ff", null)]
    [InlineData("80 06 0302 0000 ff", "14034d00610070006c0065002000300030003300")]
    [InlineData("81 06 0200 0000 9", null)]
    [InlineData("80 06 0100 0000 0", null)]
    [InlineData("80 08 0000 0000 8", "01")]
    [InlineData("80 08 0000 0000 0", null)]
    [InlineData("00 09 0001 0000 0", "")]
    [InlineData("00 09 0002 0000 0", null)]
    [InlineData("00 09 0101 0000 0", null)]
    [InlineData("81 0a 0000 0000 1", "00")]
    [InlineData("81 0a 0000 0000 2", null)]
    [InlineData("01 0b 0007 0003 0", "")]
    [InlineData("01 0b 0001 0004 0", null)]
    [InlineData("01 0b 0101 0000 0", null)]
    [InlineData("80 0c 0000 0000 2", null)]
    public void Of_the_stm32duino_bootloader(string request, string? answer) => Assert.Equal(answer, Send(Configured("maple20"), request));

    [Theory]
    [InlineData("maple20", "81 00 0000 0000 2")]
    [InlineData("maple20", "81 0a 0000 0000 1")]
    [InlineData("maple20", "01 0b 0001 0000 0")]
    [InlineData("maple20", "02 01 0000 0000 0")]
    [InlineData("h0wch33", "81 0a 0000 0000 1")]
    [InlineData("h0wch33", "01 0b 0000 0000 0")]
    public void A_bootloader_that_is_not_configured_stalls(string board, string request)
    {
        var wire = Configured(board);
        Assert.Equal("", Send(wire, "00 09 0000 0000 0"));
        Assert.Equal("00", Send(wire, "80 08 0000 0000 1"));

        Assert.Null(Send(wire, request));
    }

    [Fact]
    public void Neither_a_configuration_nor_a_bus_reset_changes_the_alternate_setting_of_a_maple_bootloader()
    {
        var wire = Configured("maple20");
        Send(wire, "01 0b 0002 0000 0");

        wire.Board.BusReset();
        Send(wire, "00 09 0001 0000 0");

        Assert.Equal("02", Send(wire, "81 0a 0000 0000 1"));
    }

    [Fact]
    public void The_originals_product_is_longer_than_it_says() =>
        Assert.Equal("14034d00610070006c0065002000300030003300360344004600550020005000", Send(Configured("maple-orig"), "80 06 0302 0409 ff"));

    [Theory]
    [InlineData("80 00 0000 0000 1", "00")]
    [InlineData("81 00 0000 0009 2", "0000")]
    [InlineData("80 00 0000 0000 0", "")]
    [InlineData("83 00 0000 0000 2", null)]
    [InlineData("00 03 0001 0000 0", null)]
    [InlineData("01 01 0000 0000 0", null)]
    [InlineData("02 01 0000 0080 0", "")]
    [InlineData("80 06 0300 0000 4", "04030904")]
    [InlineData("80 06 0301 0407 8", null)]
    [InlineData("80 06 0301 0409 2", "0c03")]
    [InlineData("80 06 2100 0000 9", null)]
    [InlineData("80 08 0001 0001 2", "01")]
    [InlineData("00 09 0002 0000 0", null)]
    [InlineData("00 09 0101 0000 0", null)]
    [InlineData("81 0a 0001 0000 2", "00")]
    [InlineData("81 0a 0000 0001 1", null)]
    [InlineData("01 0b 0000 0000 0", "")]
    [InlineData("01 0b 0001 0000 0", null)]
    public void Of_stm32f1_dfu(string request, string? answer) => Assert.Equal(answer, Send(Configured("h0wch33"), request));

    [Fact]
    public void Stm32f1_dfu_answers_the_status_after_which_it_hangs()
    {
        var wire = Configured("h0wch33");
        wire.SetAddress(0x2000_0000);
        wire.Download(2, new byte[64]);

        Assert.Equal(ControlOutcome.Done, wire.GetStatus().Outcome);
        Assert.Equal(ControlOutcome.Silent, wire.GetStatus().Outcome);
    }

    private static DfuWire Configured(string board)
    {
        var wire = new DfuWire($"{board},start=bootloader");
        Assert.Equal("", Send(wire, "00 09 0001 0000 0"));
        return wire;
    }

    private static string? Send(DfuWire wire, string request)
    {
        var words = request.Split(' ').Select(w => Convert.ToUInt16(w, 16)).ToArray();
        var reply = wire.Board.Control(new UsbSetup((byte)words[0], (byte)words[1], words[2], words[3], words[4]), []);
        return reply.Outcome == ControlOutcome.Done ? Convert.ToHexStringLower(reply.Data.Span) : null;
    }
}
