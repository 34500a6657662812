using UploadHelper.Configuration;
using UploadHelper.Core.Errors;
using UploadHelper.Tests.Arduino;

namespace UploadHelper.Tests.Configuration.Arduino;

/// <summary>Boards of Arduino cores as a layer of settings.</summary>
public class ArduinoBoardTests
{
    [Theory]
    [InlineData("Arduino_STM32-F1", "mapleMini", "1EAF:0003", "1", 0x0800_5000, 110_592)]
    [InlineData("Arduino_STM32-F1", "mapleMini:bootloader_version=bootloader20", "1EAF:0003", "2", 0x0800_2000, 122_880)]
    [InlineData("Arduino_STM32-F1", "genericSTM32F103C:device_variant=CB", "1EAF:0003", "2", 0x0800_2000, 122_880)]
    [InlineData("Arduino_STM32-F1", "mapleRET6", "1EAF:0003", "1", 0x0800_5000, 241_664)]
    [InlineData("Arduino_STM32-F4", "netduino2plus", "0483:DF11", "0", 0x0800_0000, 514_288)]
    [InlineData("STM32GENERIC", "MapleMini_F103CB", "1EAF:0003", "2", 0x0800_2000, 122_880)]
    [InlineData("Arduino_Core_STM32", "GenF1:pnum=LARGE,upload_method=dfu2Method", "1EAF:0003", "2", 0x0800_2000, 516_096)]
    [InlineData("Arduino_Core_STM32", "GenF4:upload_method=dfuMethod,pnum=LARGE", "0483:DF11", null, 0x0800_0000, 524_288)]
    [InlineData("ArduinoCore-mbed", "envie_m7", "2341:035B", "0", 0x0804_0000, 786_432)]
    [InlineData("ArduinoCore-mbed", "envie_m7:security=sien,split=100_0", "2341:035B", "2", 0xA000_0000, 1_966_080)]
    [InlineData("ArduinoCore-mbed", "envie_m4:split=75_25", "2341:035B", "0", 0x0818_0000, 524_288)]
    [InlineData("ArduinoCore-mbed", "giga", "2341:0366", "0", 0x0804_0000, 1_966_080)]
    [InlineData("ArduinoCore-mbed", "giga:target_core=cm4,split=50_50", "2341:0366", "0", 0x0810_0000, 1_966_080)]
    [InlineData("ArduinoCore-mbed", "opta:security=sien", "2341:0364", "2", 0xA000_0000, 1_966_080)]
    [InlineData("ArduinoCore-mbed", "nicla_vision", "2341:035F", "0", 0x0804_0000, 1_966_080)]
    public void Of_cores_as_they_are(string core, string board, string ids, string? alternate, uint address, int size)
    {
        using var bare = new InstalledCore(core, withOverlay: false);

        var settings = Load($"{bare.Boards}:{board}");

        Assert.Equal(ids, string.Join(',', settings.Ids(SettingKeys.UsbId)!));
        Assert.Equal(alternate, settings.Text(SettingKeys.Alternate));
        Assert.Equal(address, settings.Address(SettingKeys.Offset));
        Assert.Equal(size, settings.Size(SettingKeys.MaximumSize));
    }

    /// <summary>The sketch of the second core, where the core has no place for it: the sketch must be told one.</summary>
    [Theory]
    [InlineData("envie_m4:split=100_0")]
    [InlineData("giga:target_core=cm4")]
    public void Of_a_board_without_an_address(string board)
    {
        using var bare = new InstalledCore("ArduinoCore-mbed", withOverlay: false);

        var settings = Load($"{bare.Boards}:{board}");

        Assert.NotNull(settings.Ids(SettingKeys.UsbId));
        Assert.Null(settings.Address(SettingKeys.Offset));
    }

    [Theory]
    [InlineData("Arduino_STM32-F4", "generic_f407v:upload_method=F4BootMethod", "0483:DF11", 0x0800_4000)]
    [InlineData("STM32GENERIC", "BLACK_F407XX:upload_method=F4BootOldMethod", "0483:DF11", 0x0801_0000)]
    [InlineData("Arduino_Core_STM32", "GenF4:upload_method=f4bootMethod", "0483:DF11", 0x0800_4000)]
    [InlineData("Arduino_Core_STM32", "GenF1:upload_method=dfuoMethod", "1EAF:0003", 0x0800_5000)]
    public void Of_cores_with_an_overlay(string core, string board, string ids, uint address)
    {
        using var installed = new InstalledCore(core);

        var settings = Load($"{installed.Boards}:{board}");

        Assert.Equal(ids, string.Join(',', settings.Ids(SettingKeys.UsbId)!));
        Assert.Equal(address, settings.Address(SettingKeys.Offset));
    }

    [Fact]
    public void By_the_name_that_the_ides_use()
    {
        using var core = new InstalledCore("Arduino_STM32-F4");

        Assert.Equal(0x0800_4000u, Load("vendor:arch:generic_f407v:upload_method=F4BootMethod", core.Hardware).Address(SettingKeys.Offset));
        Assert.Contains("--hardware", Refusal("vendor:arch:generic_f407v").Hint, StringComparison.Ordinal);
        Assert.Contains("vendor:other", Refusal("vendor:other:generic_f407v", core.Hardware).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_several_versions_of_the_boards_manager_the_highest_counts()
    {
        using var core = new InstalledCore("Arduino_STM32-F4", withOverlay: false);
        foreach (var (version, offset) in new[] { ("2.9.0", "0x1000"), ("2.10.1", "0x2000"), ("other", "0x3000") })
        {
            var folder = Directory.CreateDirectory(Path.Combine(core.Hardware, "ST", "hardware", "stm32", version));
            File.WriteAllText(Path.Combine(folder.FullName, "boards.txt"), $"uno.name=x\nuno.upload.offset={offset}\n");
        }

        Assert.Equal(0x0800_2000u, Load("ST:stm32:uno", core.Hardware).Address(SettingKeys.Offset));
    }

    [Theory]
    [InlineData("nano", "There is no board \"nano\"", "discovery_f407, disco_f411")]
    [InlineData("generic_f407v:speed=fast", "has no menu \"speed\"", "usb_cfg, upload_method")]
    [InlineData("generic_f407v:upload_method=Fax", "has no option \"Fax\"", "It has STLinkMethod.")]
    public void What_is_not_there_is_refused_with_what_is(string board, string message, string hint)
    {
        using var bare = new InstalledCore("Arduino_STM32-F4", withOverlay: false);

        var e = Refusal($"{bare.Boards}:{board}");

        Assert.Equal(UploadError.Configuration, e.Error);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains(hint, e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_typed_wins_over_the_board()
    {
        using var core = new InstalledCore("Arduino_STM32-F4");

        var settings = SettingsLoader.Load(
            new Dictionary<string, string?> { ["board"] = $"{core.Boards}:generic_f407v:upload_method=F4BootMethod", ["offset"] = "0x8000" },
            null,
            new Dictionary<string, string>());

        Assert.Equal(0x0800_8000u, settings.Address(SettingKeys.Offset));
    }

    private static Settings Load(string board, string? hardware = null) => SettingsLoader.Load(
        new Dictionary<string, string?> { [SettingKeys.Board] = board, [SettingKeys.Hardware] = hardware }, null, new Dictionary<string, string>());

    private static UploadException Refusal(string board, string? hardware = null) => Assert.Throws<UploadException>(() => Load(board, hardware));
}
