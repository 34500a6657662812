using UploadHelper.Core.Arduino;

namespace UploadHelper.Tests.Core.Boards.Arduino;

public class BoardUploadTests
{
    /// <summary>The keys in which the cores say where a sketch begins, and which comes first.</summary>
    [Theory]
    [InlineData("upload.offset=0x4000", 0x0800_4000)]
    [InlineData("build.flash_offset=0x10000", 0x0801_0000)]
    [InlineData("build.flash_offset=16384", 0x0800_4000)]
    [InlineData("build.vect=VECT_TAB_ADDR=0x8002000", 0x0800_2000)]
    [InlineData("build.vect_flags=-DUSER_ADDR_ROM=0x08004000", 0x0800_4000)]
    [InlineData("build.vect_flags=-DVECT_TAB_FLASH -DUSER_ADDR_ROM=(uint32)0x08004000", 0x0800_4000)]
    [InlineData("build.extra_flags=-DSTM32F103CB -DVECT_TAB_OFFSET=0x5000 -DUSB_DISC_PIN=PB9", 0x0800_5000)]
    [InlineData("build.extra_flags={build.more}\nbuild.more=-DVECT_TAB_OFFSET=0x2000", 0x0800_2000)]
    [InlineData("upload.dfuse_addr=0x8000000", 0x0800_0000)]
    [InlineData("upload.dfuse_addr=0x08004000\nbuild.vect_flags=-DUSER_ADDR_ROM=0x08000000", 0x0800_0000)]
    [InlineData("upload.offset={build.flash_offset}\nbuild.flash_offset=0x0", 0x0800_0000)]
    [InlineData("upload.address=0x08040000", 0x0804_0000)]
    [InlineData("upload.address={upload.address_m4}\nupload.address_m4=0x08100000", 0x0810_0000)]
    [InlineData("upload.address=0xA0000000", 0xA000_0000)]
    [InlineData("upload.address=0x08000000\nbuild.flash_offset=0x4000", 0x0800_4000)]
    [InlineData("upload.address=", null)]
    [InlineData("build.vect=VECT_TAB_BASE", null)]
    [InlineData("upload.offset={build.flash_offset}", null)]
    [InlineData("", null)]
    public void The_offset(string properties, object? expected) =>
        Assert.Equal(expected is null ? null : Convert.ToUInt32(expected, null), Of(properties).Address);

    [Theory]
    [InlineData("upload.tool=maple_upload\nupload.usbID=1EAF:0003\nupload.altID=2", "1EAF:0003", 2)]
    [InlineData("upload.tool=maple_upload\nupload.vid=0x1EAF\nupload.pid={p}\np=0x0003\nupload.altID=1", "1EAF:0003", 1)]
    [InlineData("upload.tool=upload_helper\nupload.usbID=0483:DF11\nupload.altID=", "0483:DF11", null)]
    [InlineData("upload.tool=stm32CubeProg\nupload.protocol=dfu\nupload.vid=0x0483\nupload.pid=0xdf11", "0483:DF11", null)]
    [InlineData("upload.tool=stm32CubeProg\nupload.protocol=swd\nupload.vid=0x0483\nupload.pid=0xdf11", null, null)]
    [InlineData("upload.tool=stlink_upload\nupload.protocol=maple_dfu\nupload.usbID=1EAF:0003\nupload.altID=1", null, null)]
    [InlineData("upload.tool=maple_upload\nupload.usbID=unknown\nupload.altID=unknown", null, null)]
    [InlineData("upload.tool=upload_helper\nupload.usbID=0483:DF11,1eaf:0003\nupload.altID=1", "0483:DF11,1EAF:0003", 1)]
    [InlineData("upload.tool=dfu-util\nupload.vid=0x2341\nupload.pid=0x0366\nupload.interface=2", "2341:0366", 2)]
    [InlineData("upload.tool=dfu-util\nupload.protocol=\nupload.vid=0x2341\nupload.pid=0x0366\nupload.interface=", "2341:0366", null)]
    [InlineData("upload.tool=maple_upload\nupload.usbID=1EAF:0003\nupload.interface=2", "1EAF:0003", null)]
    public void The_bootloader(string properties, string? ids, int? alternate)
    {
        var upload = Of(properties);

        Assert.Equal(ids, upload.Ids is null ? null : string.Join(',', upload.Ids));
        Assert.Equal(alternate, upload.Alternate);
    }

    /// <summary>Cores leave it at the whole flash, bootloader included, or give the sketch's own part.</summary>
    [Theory]
    [InlineData("upload.maximum_size=131072\nupload.offset=0x2000", 122_880)]
    [InlineData("upload.maximum_size=122880\nupload.offset=0x2000", 122_880)]
    [InlineData("upload.maximum_size=108000\nupload.offset=0x5000", 108_000)]
    [InlineData("upload.maximum_size=514288\nupload.offset=0x4000", 514_288)]
    [InlineData("upload.maximum_size=524288\nupload.offset=0x4000", 507_904)]
    [InlineData("upload.maximum_size=524288", 524_288)]
    [InlineData("upload.maximum_size=65536\nupload.offset=0x10000", null)]
    [InlineData("upload.tool=dfu-util\nupload.maximum_size=786432\nupload.address=0x08040000", 786_432)]
    [InlineData("upload.tool=dfu-util\nupload.maximum_size=1048576\nupload.address=0x08100000", 1_048_576)]
    [InlineData("upload.maximum_size=65536\nupload.reserved_size=14336", 51_200)]
    [InlineData("upload.maximum_size=131072\nupload.offset=0x2000\nupload.reserved_size=0x3800", 108_544)]
    [InlineData("upload.maximum_size=8192\nupload.reserved_size=14336", null)]
    [InlineData("upload.maximum_size=0", null)]
    [InlineData("upload.maximum_size=large", null)]
    public void The_largest_sketch(string properties, int? expected) => Assert.Equal(expected, (int?)Of(properties).MaximumSize);

    private static BoardUpload Of(string properties) => BoardUpload.Of(ArduinoProperties.Parse(properties, ArduinoSystem.Linux));
}
