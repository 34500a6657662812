using System.Text;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// Which bootloader someone has written to the start of a flash. The model executes no machine code: it looks for what every build has in
/// it, its USB device descriptor and its strings, and then behaves as the bootloader of that kind. So it does with the published files of those
/// below (each was tried); a file that has nothing but these bytes is taken for the bootloader as well, and a build that behaves otherwise than
/// the known ones is not noticed. h0wch33's, which moves itself, and dapboot's high-memory builds are not recognised.
/// </summary>
internal static class WrittenBootloader
{
    // The largest is F4Bootloader.
    private const int SearchedSize = 0x4000;
    private const int DescriptorSize = 18;

    /// <summary>The kind of board that a chip has become by what is in its flash; null if no bootloader is there that is modelled.</summary>
    /// <param name="flash">Its flash.</param>
    public static IBoardKind? In(FlashMemory flash)
    {
        var isF4 = flash.Part.Name.Contains("F4", StringComparison.Ordinal);
        if (!isF4 && !flash.Part.Name.Contains("F103", StringComparison.Ordinal))
        {
            return null;
        }

        var code = flash.Read(flash.Base, SearchedSize);
        if (!flash.Part.HasStackAt(BitConverter.ToUInt32(code)) || DescriptorIn(code) is not var (id, release))
        {
            return null;
        }

        return id switch
        {
            0x1EAF_0003 when !isF4 && Has(code, "STM32duino bootloader") =>
                new MapleBoard("maple20", MapleBuild.Stm32duino((int)flash.Part.Sectors[0].Size), flash.Part) { Ghost = GhostKind.Unpowered },
            0x1EAF_0003 when !isF4 && Has(code, "DFU Program FLASH") => new MapleBoard("maple-orig", MapleBuild.LeafLabs(), flash.Part) { Ghost = GhostKind.TakesOneRequest },
            0x1209_BEBA when isF4 => HidBoard.F4 with { IsWritten = true },
            0x1209_BEBA => HidBoard.F1With(BuildOf(release, flash)) with { IsWritten = true },
            0x1209_DB42 when !isF4 && Has(code, DapbootBuild.BluePill.Product) => new DapbootBoard(DapbootBuild.BluePill, flash.Part),
            0x0483_DF11 when isF4 && Has(code, "DFU in FS Mode") => new F4BootloaderBoard("f4boot", F4Bootloader.Build.Fixed),
            _ => null,
        };
    }

    // Its descriptors do not tell 2.1 from 2.2, so that it is the one whose binaries are in the repository.
    private static HidBuild BuildOf(ushort release, FlashMemory flash) =>
        release >= HidBuild.V21.Release ? HidBuild.V21
        : flash.IsErased(HidBuild.January2019.SketchAddress, (int)(HidBuild.V20.SketchAddress - HidBuild.January2019.SketchAddress)) ? HidBuild.January2019
        : HidBuild.V20;

    // USB 2.0, table 9-8: bLength, bDescriptorType, bcdUSB, ..., bMaxPacketSize0 at 7, idVendor, idProduct, bcdDevice, ..., bNumConfigurations.
    private static (uint Id, ushort Release)? DescriptorIn(ReadOnlySpan<byte> code)
    {
        for (var at = 0; at + DescriptorSize <= code.Length; at++)
        {
            var d = code.Slice(at, DescriptorSize);
            if (d is [DescriptorSize, 1, <= 0x10, 1 or 2, ..] && d[7] is 8 or 64 && d[17] == 1)
            {
                return ((uint)(d[9] << 24 | d[8] << 16 | d[11] << 8 | d[10]), (ushort)(d[13] << 8 | d[12]));
            }
        }

        return null;
    }

    private static bool Has(ReadOnlySpan<byte> code, string text) =>
        code.IndexOf(Encoding.Unicode.GetBytes(text)) >= 0 || code.IndexOf(Encoding.ASCII.GetBytes(text)) >= 0;
}
