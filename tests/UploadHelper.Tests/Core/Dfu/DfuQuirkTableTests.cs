using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Core.Dfu;

public class DfuQuirkTableTests
{
    [Theory]
    [InlineData("f4boot", "F4Bootloader", true)]
    [InlineData("f4boot-old", "F4Bootloader (old build)", true)]
    [InlineData("f4rom", "ST system bootloader, STM32F2/F4/F7", true)]
    [InlineData("h0wch33", "h0wch33/stm32f1_dfu", true)]
    [InlineData("dsonano", "DSO Nano bootloader", true)]
    [InlineData("h747", "ST system bootloader, STM32H7", true)] // which calls itself "DFU in FS Mode", as F4Bootloader does
    [InlineData("l496", "ST system bootloader, STM32L4", true)]
    public void A_board_is_known_by_what_it_says_of_itself(string board, string name, bool pollsEarly)
    {
        BootloaderInfo? quirks = null;
        new Bench(board, StartState.Bootloader).Work(
            new BootloaderRequest(new DeviceFilter([DeviceFilter.StDfu])), session => quirks = session.Info);

        Assert.Equal((name, pollsEarly), (quirks!.Name, quirks.PollsEarly is not null));
        Assert.NotEmpty(quirks.Source);
    }
}
