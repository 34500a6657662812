using FsCheck;
using FsCheck.Fluent;
using UploadHelper.Core.Chips;

namespace UploadHelper.Tests.Core.Dfu;

public class MemoryMapTests
{
    [Theory]
    [InlineData("@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg", "Internal Flash", 12, 0x10_0000)]
    [InlineData("@Internal Flash  /0x08000000/04*032Kg,01*128Kg,03*256Kg", "Internal Flash", 8, 0x10_0000)]
    [InlineData("@Internal Flash  /0x08000000/128*0002Kg", "Internal Flash", 128, 0x4_0000)]
    [InlineData("@Internal Flash  /0x08000000/0256*0002Kg", "Internal Flash", 256, 0x8_0000)]
    [InlineData("@Internal Flash  /0x08000000/16*128Kg", "Internal Flash", 16, 0x20_0000)]
    [InlineData("@Internal Flash   /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg", "Internal Flash", 12, 0x10_0000)]
    [InlineData("@Internal Flash  /0x08000000/12*001Ka,116*001Kg", "Internal Flash", 128, 0x2_0000)]
    [InlineData("@Internal Flash  /0x08000000/50*001Kg,14*001Ka", "Internal Flash", 64, 0x1_0000)]
    [InlineData("@Internal Flash  /0x08000000/8*001Ka,56*001Kg", "Internal Flash", 64, 0x1_0000)]
    [InlineData("@Flash/0x8000000/1*4Ka/0xE000/1*4Kg/0x8000/2*24Kg", "Flash", 4, 0xE000)]
    [InlineData("@Option Bytes  /0x1FFFC000/01*016 e", "Option Bytes", 1, 16)]
    [InlineData("@Option Bytes   /0x5200201C/01*128 e", "Option Bytes", 1, 128)]
    [InlineData("@Option Bytes /0x1FFF7800/01*048 e/0x1FFFF800/01*048 e", "Option Bytes", 2, 96)]
    [InlineData("@Option byte   /0x1FFFC000/01*4096 g", "Option byte", 1, 4096)]
    [InlineData("@OTP Memory /0x1FFF7800/01*512 g,01*016 g", "OTP Memory", 2, 528)]
    [InlineData("@OTP Memory /0x1FFF7800/01*0001Ke", "OTP Memory", 1, 1024)]
    [InlineData("@Device Feature/0xFFFF0000/01*004 g", "Device Feature", 1, 4)]
    [InlineData("@SPI Flash : M25P64/0x00000000/64*064Kg,64*064Kg", "SPI Flash : M25P64", 128, 0x80_0000)]
    [InlineData("@Ext File Flash 16MB   /0xA0000000/4096*4Kg", "Ext File Flash 16MB", 4096, 0x100_0000)]
    [InlineData("@MCUboot        v.%02d   /0x00000000/0*4Kg", "MCUboot        v.%02d", 0, 0)]
    [InlineData("@Option Bytes /0x1FFFF800/01*016Be", "Option Bytes", 1, 16)]
    [InlineData("@Flash /0x08000000U/04*016Kg", "Flash", 4, 0x1_0000)]
    [InlineData("@Flash /0x08000000/04*016Kg,01*064g", "Flash", 5, 0x1_0040)]
    [InlineData("@Internal Flash  /0x08000000/04*016Kg,01*064Kg\0", "Internal Flash", 5, 0x2_0000)]
    [InlineData("@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*12", "Internal Flash", 5, 0x2_0000)]
    [InlineData("@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128K", "Internal Flash", 5, 0x2_0000)]
    [InlineData("@Internal Flash  /0x08000000/04*016Kg,01*064Kg,", "Internal Flash", 5, 0x2_0000)]
    [InlineData("@Internal Flash  /0x08000000/04*016Kg/0x0810", "Internal Flash", 4, 0x1_0000)]
    public void Every_string_that_devices_send_is_read(string text, string name, int sectors, long bytes)
    {
        var map = MemoryMap.Parse(text);

        Assert.Equal(name, map.Name);
        Assert.Equal(sectors, map.Groups.Sum(g => g.Count));
        Assert.Equal(bytes, map.Groups.Sum(g => (long)g.Count * g.SectorSize));
    }

    [Theory]
    [InlineData("", "does not begin with '@'")]
    [InlineData("LeafLabs", "does not begin with '@'")]
    [InlineData("@Internal Flash", "has no address")]
    [InlineData("@Internal Flash /08000000/04*016Kg", "must begin with 0x")]
    [InlineData("@Internal Flash /0x/04*016Kg", "hexadecimal digits")]
    [InlineData("@Internal Flash /0x08000000", "ends where '/' is expected")]
    [InlineData("@Internal Flash /0x08000000/", "names no sectors")]
    [InlineData("@Internal Flash /0x08000000/04x016Kg", "'x' instead of '*'")]
    [InlineData("@Internal Flash /0x08000000/04*016Kz", "'z' is not a sector type")]
    [InlineData("@Internal Flash /0x08000000/04*000Kg", "has size 0")]
    [InlineData("@Internal Flash /0xFFFF0000/04*128Kg", "beyond the 32-bit address space")]
    [InlineData("@Internal Flash /0xFFFFFFFF/2*1 g", "beyond the 32-bit address space")]
    [InlineData("Flash @Internal Flash /0x08000000/04*016Kg", "does not begin with '@'")]
    [InlineData("@Internal Flash /0x08000000/04*99999999Kg", "one to seven digits")]
    [InlineData("@Internal Flash /0x08000000/04*9999999Mg", "too large")]
    public void A_string_that_is_no_map_is_refused_with_the_place_where_it_breaks(string text, string why)
    {
        var e = Assert.Throws<MemoryMapException>(() => MemoryMap.Parse(text));

        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Contains("at character", e.Message, StringComparison.Ordinal);
    }

    /// <summary>What can be read is kept; what cannot be is told with its place.</summary>
    [Theory]

    // The ROM of an STM32F429, as lsusb shows it.
    [InlineData("@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg\uCC50\u01A8\u2E54", 0x10_0000, 55, "\\uCC50\\u01A8\\u2E54")]

    // Without the letter, nobody knows whether the last group can be written.
    [InlineData("@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128K\uCC50\u01A8", 0x2_0000, 46, ",07*128K\\uCC50\\u01A8")]
    [InlineData("@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*12", 0x2_0000, 46, ",07*12")]
    [InlineData("@Flash /0x08000000/04*016Kg,01*064Kz,07*128Kg", 0x1_0000, 27, ",01*064Kz,07*128Kg")]
    [InlineData("@Flash /0x08000000/04*016Kg,01*000Kg", 0x1_0000, 27, ",01*000Kg")]
    [InlineData("@Flash /0x08000000/04*016Kg,9999999*9999Kg", 0x1_0000, 27, ",9999999*9999Kg")]
    [InlineData("@Flash /0xFFFFFFFF/1*1 g,1*1 g", 1, 24, ",1*1 g")]
    [InlineData("@Flash /0x08000000/04*016Kg/0x1FFF", 0x1_0000, 27, "/0x1FFF")]
    [InlineData("@Flash /0x08000000/04*016Kg\0\0g", 0x1_0000, 27, "\\u0000\\u0000g")]
    [InlineData("@Flash /0x08000000/04*016Kg @ home", 0x1_0000, 27, " |@ home")]
    public void A_map_ends_at_the_first_character_that_does_not_fit(string text, long bytes, int at, string ignored)
    {
        var layout = MemoryLayout.Parse(text);

        Assert.Equal(bytes, Assert.Single(layout.Maps).Groups.Sum(g => (long)g.Count * g.SectorSize));
        Assert.Equal((at, ignored), (layout.Ignored[0].At, string.Join('|', layout.Ignored.Select(i => i.Printable))));
    }

    [Theory]
    [InlineData("@Flash /0x08000000/04*016Kg@Option Bytes /0x1FFFC000/01*016 e", "")]
    [InlineData("@Flash /0x08000000/04*016Kg, @Option Bytes /0x1FFFC000/01*016 e\0", ", ")]
    [InlineData("@Flash /0x08000000/04*016Kg\uCC50@nothing@Option Bytes /0x1FFFC000/01*016 e/", "\\uCC50|@nothing|/")]
    public void The_next_at_sign_begins_another_map(string text, string ignored)
    {
        var layout = MemoryLayout.Parse(text);

        Assert.Equal([("Flash", 0x0800_0000u, 4), ("Option Bytes", 0x1FFF_C000u, 1)], layout.Maps.Select(m => (m.Name, m.Groups[0].Address, m.Groups[0].Count)));
        Assert.Equal(ignored, string.Join('|', layout.Ignored.Select(i => i.Printable)));
        Assert.Equal("Flash", MemoryMap.Parse(text).Name);
    }

    [Fact]
    public void Groups_without_sectors_are_no_memory()
    {
        Assert.Null(MemoryMap.Parse("@Arduino  boot  v.25   /0x00000000/0*4Kg").WithoutEmptyGroups());
        Assert.Equal(0x0800_1000u, Assert.Single(MemoryMap.Parse("@F /0x08001000/0*1Ka,4*1Kg").WithoutEmptyGroups()!.Groups).Address);
        var map = MemoryMap.Parse("@F /0x08001000/4*1Kg");
        Assert.Same(map, map.WithoutEmptyGroups());
    }

    [Fact]
    public void Sector_letters_say_what_is_allowed()
    {
        var map = MemoryMap.Parse("@X /0x0/1*1Ka,1*1Kb,1*1Kc,1*1Kd,1*1Ke,1*1Kf,1*1Kg");

        Assert.Equal(
            [
                SectorAccess.Read,
                SectorAccess.Erase,
                SectorAccess.Read | SectorAccess.Erase,
                SectorAccess.Write,
                SectorAccess.Read | SectorAccess.Write,
                SectorAccess.Erase | SectorAccess.Write,
                SectorAccess.Read | SectorAccess.Erase | SectorAccess.Write,
            ],
            map.Groups.Select(g => g.Access));
    }

    [Fact]
    public void Sectors_are_found_by_address()
    {
        var map = MemoryMap.Parse("@Internal Flash   /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg");

        Assert.Equal(new Sector(0x0800_0000, 0x4000, SectorAccess.Read), map.SectorAt(0x0800_3FFF));
        Assert.Equal(0x0800_8000u, map.SectorAt(0x0800_BFFF)!.Value.Address);
        Assert.Equal(new Sector(0x080E_0000, 0x2_0000, (SectorAccess)7), map.SectorAt(0x080F_FFFF));
        Assert.Null(map.SectorAt(0x0810_0000));
        Assert.Equal(0x0810_0000, map.EndOfRegion(0x0800_4000));
    }

    [Fact]
    public void Any_string_is_read_or_refused_and_nothing_else_is_thrown()
    {
        Prop.ForAll<string>(tail =>
        {
            foreach (var text in (string[])[tail ?? "", "@" + tail, "@F/0x08000000/" + tail, "@F/0x08000000/04*016Kg" + tail])
            {
                try
                {
                    var layout = MemoryLayout.Parse(text);
                    Assert.All(layout.Maps, m => Assert.NotEmpty(m.Groups));
                    Assert.All(layout.Ignored, i => Assert.Equal(i.Text, text.Substring(i.At, i.Text.Length)));
                }
                catch (MemoryMapException)
                {
                }
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var groups =
            from count in Gen.Choose(1, 512)
            from size in Gen.Choose(1, 999)
            from unit in Gen.Elements(1u, 1u << 10)
            from access in Gen.Choose(1, 7)
            select (count, size: (uint)size * unit, access: (SectorAccess)access);
        var maps =
            from start in Gen.Choose(0, 0x2000_0000)
            from parts in Gen.NonEmptyListOf(groups)
            select Build((uint)start, parts.Take(5));

        Prop.ForAll(maps.ToArbitrary(), map =>
        {
            var again = MemoryMap.Parse(map.ToString());
            Assert.Equal(map.Name, again.Name);
            Assert.Equal(map.Groups, again.Groups);
        }).QuickCheckThrowOnFailure();
    }

    private static MemoryMap Build(uint start, IEnumerable<(int Count, uint Size, SectorAccess Access)> parts)
    {
        var groups = new List<SectorGroup>();
        foreach (var (count, size, access) in parts)
        {
            groups.Add(new SectorGroup(start, count, size, access));
            start = (uint)groups[^1].End;
        }

        return new MemoryMap("Internal Flash", groups);
    }
}
