using System.Globalization;
using System.Text.RegularExpressions;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.VirtualBoard.Hardware;

/// <summary>The parts state their sectors and RAM themselves; here they are compared with what the boards announce and start.</summary>
public partial class PartsTests
{
    public static TheoryData<string> Boards() => new(BoardFactory.Names);

    public static TheoryData<string> UsbBoards() => new(BoardFactory.UsbNames);

    [Theory]
    [MemberData(nameof(UsbBoards))]
    public void The_map_that_a_bootloader_announces_has_the_sectors_of_its_part(string name)
    {
        var board = BoardFactory.Create(SimulationOptions.Parse(name, StartState.Bootloader), _ => { });
        if (board.Function!.Identity.Strings.FirstOrDefault(s => s.StartsWith("@Internal Flash", StringComparison.Ordinal)) is not { } map)
        {
            Assert.Matches("^(maple|hid|dapboot)", name);
            return;
        }

        var announced = SectorGroup().Matches(map)
            .SelectMany(m => Enumerable.Repeat((uint)Number(m.Groups[2]) * 1024, Number(m.Groups[1]))).ToList();

        // The map of a GD32VF103 is wrong.
        if (name == "gd32vf103")
        {
            Assert.Equal((512, 128), (announced.Count, board.Flash.Part.Sectors.Count));
            return;
        }

        // The old F4Bootloader names only the first half of the flash.
        Assert.Equal(name == "f4boot-old" ? 8 : board.Flash.Part.Sectors.Count, announced.Count);
        Assert.Equal(board.Flash.Part.Sectors.Take(announced.Count).Select(s => s.Size), announced);
        Assert.Contains($"/0x{board.Flash.Base:X8}/", map, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void A_stack_must_be_in_the_RAM_of_the_part(string name)
    {
        var board = BoardFactory.Create(SimulationOptions.Parse(name, StartState.Bootloader), _ => { });
        var part = board.Flash.Part;

        Assert.True(part.HasStackAt(board.StackPointer));
        Assert.False(part.HasStackAt(board.StackPointer - 2));
        Assert.All(part.Rams, r =>
        {
            Assert.False(part.HasStackAt(r.Start));
            Assert.True(part.HasStackAt(r.Start + 4));
            Assert.True(part.HasStackAt(r.End));
            Assert.False(part.HasStackAt(r.End + 4));
        });
    }

    private static int Number(Group digits) => int.Parse(digits.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+)\*(\d+)K")]
    private static partial Regex SectorGroup();
}
