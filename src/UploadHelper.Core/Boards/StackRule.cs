namespace UploadHelper.Core.Boards;

/// <summary>By which initial stack pointers a bootloader tells a sketch from empty flash.</summary>
/// <param name="Takes">Whether it takes one.</param>
/// <param name="Text">Which it takes, for people.</param>
public sealed record StackRule(Func<uint, bool> Takes, string Text)
{
    /// <summary>victorpv/F4Bootloader at bcf6ae4, main.c, userAppExists().</summary>
    public static readonly StackRule F4Bootloader = new(
        stack => (stack & 0xFFFC_0000) is 0x2000_0000 or 0x1000_0000,
        "0x20000000 to 0x2003FFFF and 0x10000000 to 0x1003FFFF");

    /// <summary>victorpv/F4Bootloader at 54c6ba5, main.c.</summary>
    public static readonly StackRule OldF4Bootloader = new(
        stack => (stack & 0xFFFD_0FFF) == 0x2000_0000,
        "0x20000000 to 0x2000F000 and 0x20020000 to 0x2002F000, in steps of 4 KiB");

    /// <summary>h0wch33/stm32f1_dfu, main.c, main().</summary>
    public static readonly StackRule H0wch33 = new(
        stack => stack is >= 0x2000_0000 and <= 0x2001_8000,
        "0x20000000 to 0x20018000, the end of 96 KiB of RAM");

    /// <summary>leaflabs/maple-bootloader and rogerclarkmelbourne/STM32duino-bootloader, hardware.c, checkUserCode().</summary>
    public static readonly StackRule Maple = new(
        stack => (stack & 0x2FFE_0000) == 0x2000_0000,
        "0x20000000 to 0x2001FFFF");

    /// <summary>gbulmer/openstm32sw, stm32f4/maple-bootloader hardware.c, checkUserCode().</summary>
    public static readonly StackRule MapleF4 = new(
        stack => (stack & 0xFFFE_7FFF) == 0x2000_0000,
        "0x20000000 to 0x20018000, in steps of 32 KiB");

    /// <summary>cyberwasp/dso-nano-dfu, main.c.</summary>
    public static readonly StackRule DsoNano = new(
        stack => (stack & 0x2FFF_0000) == 0x2000_0000,
        "0x20000000 to 0x2000FFFF");
}
