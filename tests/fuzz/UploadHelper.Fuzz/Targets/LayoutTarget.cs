using UploadHelper.Core.Chips;

namespace UploadHelper.Fuzz.Targets;

/// <summary>The interface strings in which DfuSe devices tell their sectors.</summary>
internal static class LayoutTarget
{
    public static FuzzTarget Target { get; } = new(
        "layout",
        ["UploadHelper.Core.Chips.Memory"],
        () => AllTargets.Bytes(
            "@Internal Flash   /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg",
            "@Internal Flash /0x08000000/04*016Kg,01*064Kg,07*128Kg",
            "@Option Bytes  /0x1FFFC000/01*016 g",
            "@OTP Memory /0x1FFF7800/01*512 g,01*016 g",
            "@SPI Flash : M25P64/0x00000000/64*064Kg,64*064Kg",
            "@Two /0x08000000/50*001Kg,14*001Ka/0x90000000/4096*4Kg",
            "@MCUboot        v.%02d   /0x00000000/0*4Kg",
            "@Long /0x08000000/04*016Kg,07*128Kg\u00cc\u0090@Two /0x1FFFC000/01*016 e",
            "@Cut /0x08000000/04*016Kg,01*0"),
        AllTargets.Bytes("/0x", "/0xFFFFFFFF/", "/0x08000000/", ",", "*", "Kg", "Mg", " g", "Ba", "U", "9999999", "0", "1*1 g", "\0", " "),
        Run);

    private static string Run(byte[] bytes)
    {
        var text = AllTargets.Text(bytes);
        MemoryLayout layout;
        try
        {
            layout = MemoryLayout.Parse(text);
        }
        catch (MemoryMapException e)
        {
            return e.Message;
        }

        Check(layout.Ignored.All(i => text.Substring(i.At, i.Text.Length) == i.Text), "ignored text from elsewhere");
        layout.Maps.ToList().ForEach(CheckMap);
        return $"{layout.Maps.Count} maps {(char)('a' + Math.Min(layout.Maps[0].Groups.Count, 16))}, {layout.Ignored.Count}";
    }

    private static void CheckMap(MemoryMap map)
    {
        foreach (var group in map.Groups)
        {
            Check(group.SectorSize > 0 && group.Count >= 0 && group.End <= 1L << 32, "a group outside of the address space");
            if (group.Count > 0)
            {
                Check(map.SectorAt(group.Address) is { Size: > 0 }, "a group without a sector at its start");
                Check(map.EndOfRegion(group.Address) > group.Address, "a region without an end");
            }
        }

        // What is shown to the user is a map that means the same.
        var again = MemoryMap.Parse(map.ToString());
        Check(again.Groups.SequenceEqual(map.Groups), $"shown as {map}");
    }

    private static void Check(bool holds, string what)
    {
        if (!holds)
        {
            throw new UnsoundException(what);
        }
    }
}
