using UploadHelper.Core.Chips;
using UploadHelper.Output;

namespace UploadHelper.Tests.Output;

public class SectorTextTests
{
    [Fact]
    public void Sectors_in_a_row_are_one_line()
    {
        var map = MemoryMap.Parse("@Internal Flash   /0x08000000/04*016Kg,01*064Kg,02*128Kg");

        var lines = SectorText.Of(map.Groups.SelectMany(g => Enumerable.Range(0, g.Count).Select(i => map.SectorAt(g.Address + i * g.SectorSize)!.Value)));

        Assert.Equal(
            [
                "sectors 0x08000000 to 0x0800FFFF, 4 of 16384 bytes",
                "sector 0x08010000 to 0x0801FFFF",
                "sectors 0x08020000 to 0x0805FFFF, 2 of 131072 bytes",
            ],
            lines);
    }
}
