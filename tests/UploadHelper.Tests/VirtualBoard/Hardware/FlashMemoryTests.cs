using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.VirtualBoard.Hardware;

public class FlashMemoryTests
{
    public static TheoryData<Part, byte[], byte[], byte[], bool> TwiceProgrammed() => new()
    {
        // What stands there, what is programmed over it, what stands there then, and whether it can be read.
        { Part.Stm32F103(64), [0x0F, 0xFF], [0xF0, 0xFF], [0x0F, 0xFF], true },
        { Part.Stm32F103(64), [0x0F, 0xFF], [0x00, 0x00], [0x00, 0x00], true },
        { Part.Stm32F405(), [0x0F, 0xFF, 0xFF, 0xFF], [0xF0, 0xFF, 0xFF, 0xFF], [0x00, 0xFF, 0xFF, 0xFF], true },
        { Part.Stm32L496(), [1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [1, 1, 1, 1, 1, 1, 1, 1], [1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], true },
        { Part.Stm32L496(), [1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], new byte[8], new byte[8], true },
        { Part.Stm32H743(), [.. Enumerable.Repeat((byte)0x0F, 32)], [.. Enumerable.Repeat((byte)0xF0, 32)], new byte[32], false },
        { Part.Stm32H743(), [.. Enumerable.Repeat((byte)0x0F, 32)], [.. Enumerable.Repeat((byte)0x0F, 32)], [.. Enumerable.Repeat((byte)0x0F, 32)], true },
    };

    [Theory]
    [MemberData(nameof(TwiceProgrammed))]
    public void A_unit_that_is_programmed_twice_becomes_what_the_part_makes_of_it(Part part, byte[] first, byte[] second, byte[] after, bool readable)
    {
        var flash = new FlashMemory(part);
        Assert.True(flash.Accepts(flash.Base, first));
        flash.Program(flash.Base, first);

        flash.Program(flash.Base, second);

        Assert.Equal(after, flash.Read(flash.Base, after.Length).ToArray());
        Assert.Equal(readable, flash.IsReadable(flash.Base, 1));
        Assert.True(flash.IsReadable(flash.Base + (uint)part.ProgramUnit, 64));
        flash.Erase(0);
        Assert.True(flash.IsReadable(flash.Base, 64));
    }

    private const uint Sector1 = 0x0800_4000;
    private readonly FlashMemory _flash = new(Part.Stm32F405());

    [Fact]
    public void Programming_only_clears_bits()
    {
        _flash.Program(Sector1, [0b1100_1100]);
        _flash.Program(Sector1, [0b1010_1010]);

        Assert.Equal(0b1000_1000, _flash.Read(Sector1, 1)[0]);
    }

    [Fact]
    public void Erasing_sets_the_bits_of_one_sector()
    {
        _flash.Preload(_flash.Base, new byte[_flash.Bytes.Length]);

        _flash.Erase(1);

        Assert.True(_flash.IsErased(Sector1, 0x4000));
        Assert.False(_flash.IsErased(Sector1 - 1, 1));
        Assert.False(_flash.IsErased(Sector1 + 0x4000, 1));
        Assert.Equal([0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], _flash.Erases);
    }

    [Theory]
    [InlineData(0, 250)]
    [InlineData(4, 550)]
    [InlineData(11, 1000)]
    public void Erasing_takes_as_long_as_the_sector_is_large(int sector, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), _flash.Erase(sector));

    // DS8626, table 40.
    [Fact]
    public void The_longest_times_are_those_of_the_data_sheet()
    {
        _flash.IsSlow = true;

        Assert.Equal(TimeSpan.FromMilliseconds(2000), _flash.Erase(11));
        Assert.Equal(TimeSpan.FromMicroseconds(200), _flash.Program(Sector1, new byte[8]));
    }

    [Theory]
    [InlineData(4, 16)]
    [InlineData(5, 32)]
    [InlineData(1024, 4096)]
    public void Programming_takes_16_us_for_each_word_that_is_touched(int bytes, int microseconds)
    {
        Assert.Equal(TimeSpan.FromMicroseconds(microseconds), _flash.Program(Sector1, new byte[bytes]));
        Assert.Equal(bytes, _flash.BytesProgrammed);
    }

    [Theory]
    [InlineData(0x0800_0000, 1, true)]
    [InlineData(0x07FF_FFFF, 2, false)]
    [InlineData(0x080F_FFFF, 1, true)]
    [InlineData(0x080F_FFFF, 2, false)]
    [InlineData(0xFFFF_FFFF, 2, false)]
    public void A_range_lies_in_it_whole_or_not_at_all(uint address, int length, bool contained) =>
        Assert.Equal(contained, _flash.Contains(address, length));
}
