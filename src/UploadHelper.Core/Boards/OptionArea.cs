using UploadHelper.Core.Dfu;

namespace UploadHelper.Core.Boards;

/// <summary>
/// The memories of an STM32 that decide how the chip behaves or can be written only once: option bytes, OTP, device
/// features. A wrong byte there can lock a chip for ever, so that an upload never writes them.
/// </summary>
public static class OptionArea
{
    // AN2606 and the reference manuals: OTP and option bytes of F0 to G4 at 0x1FFFxxxx, option bytes of H7 in the
    // flash controller's registers, "Device Feature" of the ROMs at 0xFFFF0000.
    private static readonly (uint From, uint To)[] Ranges =
    [
        (0x1FF0_0000, 0x1FFF_FFFF),
        (0x4002_2000, 0x4002_23FF),
        (0x5200_2000, 0x5200_2FFF),
        (0x08FF_F000, 0x08FF_FFFF),
        (0xFFFF_0000, 0xFFFF_FFFF),
    ];

    private static readonly string[] Names = ["Option", "OTP", "Device Feature"];

    /// <summary>Whether a memory is one of them, by its name; or an address in it, where the name says otherwise (STM32G0C1).</summary>
    public static bool Holds(DfuMemory memory, uint address) =>
        Names.Any(n => memory.Map.Name.Contains(n, StringComparison.OrdinalIgnoreCase))
        || Contains(address);

    /// <summary>Whether an address lies in one of them on some STM32.</summary>
    public static bool Contains(uint address) => Ranges.Any(r => address >= r.From && address <= r.To);
}
