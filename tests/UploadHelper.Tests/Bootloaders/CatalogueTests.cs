using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Protocols.Dfu11;
using UploadHelper.Core.Protocols.Maple;
using UploadHelper.Tests.Support;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Bootloaders;

/// <summary>The catalogue of bootloaders: what it recognizes, and that its answers without a board are those of a board.</summary>
public class CatalogueTests
{
    // Around the borders of all stack rules, and of the RAM of the parts.
    private static readonly uint[] Stacks =
    [
        0x2000_0000, 0x2000_0400, 0x2000_5000, 0x2000_5004, 0x2000_8000, 0x2000_F000, 0x2001_0000, 0x2001_8000, 0x2001_8004, 0x2001_FFFC, 0x2002_0000,
        0x2002_8000, 0x2003_0000, 0x2004_0000, 0x2005_0000, 0x2008_0000, 0x1000_0000, 0x1000_0400, 0x1001_0000, 0x1004_0000, 0x2408_0000, 0x3000_8000,
    ];

    private static readonly IReadOnlyList<string> Boards =
    [
        "f4boot", "f4boot-old", "f4rom", "h0wch33", "dsonano", "h747", "h747,boot=arduino", "l496", "blackpill-f411", "blackpill-f401", "f407-rom", "l476-rom", "maple20", "maple20,size=512", "maple-orig", "maple-f4", "dapboot", "dapboot,boot=tolerant", "dapboot,boot=high", "dapboot,boot=skr",
    ];

    public static TheoryData<string> EveryBoard => [.. Boards];

    [Theory]
    [InlineData("f4boot", "F4Bootloader", true)]
    [InlineData("f4boot-old", "F4Bootloader (old build)", true)]
    [InlineData("f4rom", "ST system bootloader, STM32F2/F4/F7", true)]
    [InlineData("blackpill-f411", "ST system bootloader, STM32F2/F4/F7", true)]
    [InlineData("blackpill-f401", "ST system bootloader, STM32F2/F4/F7", true)]
    [InlineData("l476-rom", "ST system bootloader, STM32L4", true)]
    [InlineData("h0wch33", "h0wch33/stm32f1_dfu", true)]
    [InlineData("dsonano", "DSO Nano bootloader", true)]
    [InlineData("h747", "ST system bootloader, STM32H7", true)] // which calls itself "DFU in FS Mode", as F4Bootloader does
    [InlineData("h747,boot=arduino", "Arduino bootloader (Portenta H7, GIGA R1, Nicla Vision, Opta)", false)]
    [InlineData("l496", "ST system bootloader, STM32L4", true)]
    [InlineData("maple20", "STM32duino bootloader 2.0", false)]
    [InlineData("maple-orig", "LeafLabs Maple bootloader", true)]
    [InlineData("maple-f4", "Maple bootloader, F4 port", true)]
    [InlineData("dapboot", "dapboot", true)]
    [InlineData("dapboot,boot=tolerant", "dapboot", true)]
    [InlineData("dapboot,boot=skr", "dapboot with pages of 2 KiB", true)]
    [InlineData("dapboot,boot=high", "dapboot, high-memory build", true)]
    [InlineData("dapboot,boot=high-128", "dapboot, high-memory build", true)]
    public void A_board_is_recognized_by_its_descriptors(string board, string name, bool pollsEarly)
    {
        var info = Connected(board).Info;

        Assert.Equal((name, pollsEarly), (info.Name, info.PollsEarly is not null));
    }

    [Fact]
    public void Every_entry_has_a_source_and_recognizes_its_own_devices()
    {
        Assert.All(BootloaderCatalogue.All, b => Assert.NotEmpty(b.Source));
        Assert.All(
            BootloaderCatalogue.All.SelectMany(b => b.Places.SelectMany(p => p.Devices.Select(d => (b, p, d)))),
            e => Assert.Equal(e.b.Name, BootloaderCatalogue.For(e.d, MapOf(e.d, e.p.Address)).Name));
        Assert.Equal(BootloaderCatalogue.All.Count, BootloaderCatalogue.All.Select(b => b.Name).Distinct().Count());
    }

    [Fact]
    public void Each_place_is_one_that_its_options_name()
    {
        var places = BootloaderCatalogue.All.SelectMany(b => b.Places).ToList();

        Assert.All(places, p => Assert.Equal(p.Address, FlashAddress.Parse($"0x{p.Address:X8}")));
        Assert.All(
            places.Where(p => p.Options.StartsWith("--offset ", StringComparison.Ordinal)),
            p => Assert.Equal(p.Address, FlashAddress.Parse(p.Options["--offset ".Length..])));
        Assert.All(
            places.Where(p => p.Alternate is not null),
            p => Assert.EndsWith($"--alt {p.Alternate}", p.Options, StringComparison.Ordinal));
        Assert.Equal("F4Bootloader or DSO Nano bootloader", BootloaderCatalogue.NamesAt(0x0800_4000));
        Assert.Null(BootloaderCatalogue.NamesAt(0x0800_8000));
    }

    [Fact]
    public void Every_virtual_board_is_a_device_of_the_catalogue_to_the_letter() =>
        Assert.All(Boards, board => Assert.NotEmpty(PlacesOf(Connected(board).Description)));

    // What `image` says without a board, and what an upload to that board does, come from one set of checks; this holds them
    // to the board's own behaviour: what fits is written and started, what does not is refused before the first erase.
    [Theory]
    [MemberData(nameof(EveryBoard))]
    public void An_image_fits_exactly_if_an_upload_is_not_refused(string board)
    {
        var (_, description) = Connected(board);
        var (fitting, refused) = (0, 0);
        foreach (var (info, place) in PlacesOf(description))
        {
            foreach (var image in Images(place, MapOf(description, place.Address).EndOfRegion(place.Address)))
            {
                var file = new ImageFile("x.bin", image);
                var inspected = ImageInspection.Of(file, place.Address);
                var fits = inspected.Defect is null && ImageInspection.RefusalBy(inspected.Image, description, place.Alternate) is null;

                var bench = new Bench(board, StartState.Bootloader);
                var before = bench.Board.Flash.Bytes.ToArray();
                var request = new UploadRequest(file, place.Address, new DeviceFilter(DeviceFilter.KnownIds)) { Alternate = place.Alternate, WaitPort = WaitPort.No };
                var outcome = Record.Exception(() => bench.Upload(request));
                bench.Settle();

                var what = $"{info.Name}, {image.Length} bytes, stack pointer 0x{BinaryPrimitives.ReadUInt32LittleEndian(image):X8}: fits {fits}, but {outcome?.Message ?? "it was uploaded"}";
                Assert.True(fits == outcome is null, what);
                Assert.True(outcome is null or UploadException, what);
                Assert.True(fits || bench.Board.Flash.Bytes.SequenceEqual(before), what);
                Assert.True(!fits || bench.Board.Flash.Read(place.Address, image.Length)[4..].SequenceEqual(image.AsSpan()[4..]) || info.SharesVectorPage, what);
                (fitting, refused) = fits ? (fitting + 1, refused) : (fitting, refused + 1);
            }
        }

        Assert.True(fitting >= 3 && refused >= 3, $"{fitting} fitted, {refused} did not");
    }

    [Theory]
    [InlineData(0x0800_0000, "h0wch33/stm32f1_dfu (64 KiB part)")]
    [InlineData(0x0800_4000, "DSO Nano bootloader (library)")]
    public void A_stack_in_CCM_fits_no_F103(uint address, string name)
    {
        var inspection = ImageInspection.Of(new ImageFile("x.bin", SketchImage.Bytes(address, 4_000, 0x1000_0000 + 0x1000)), address);

        Assert.Contains("0x10001000", inspection.Bootloaders.Single(b => b.Name == name).Refusal, StringComparison.Ordinal);
    }

    private static (BootloaderInfo Info, DfuDescription Description) Connected(string board)
    {
        (BootloaderInfo, DfuDescription)? found = null;
        new Bench(board, StartState.Bootloader).Work(
            new BootloaderRequest(new DeviceFilter(DeviceFilter.KnownIds)), session => found = (session.Info, session.Description));
        return found!.Value;
    }

    private static IEnumerable<(BootloaderInfo Info, SketchPlace Place)> PlacesOf(DfuDescription device) =>
        from b in BootloaderCatalogue.All
        from p in b.Places
        where p.Devices.Any(d => d.Device.Id == device.Device.Id
            && (d.Manufacturer, d.Product, d.Functional) == (device.Manufacturer, device.Product, device.Functional)
            && d.Alternates.SequenceEqual(device.Alternates))
        select (b, p);

    private static MemoryMap MapOf(DfuDescription device, uint address) => device.IsMaple
        ? MapleMemories.Of(device).First(m => m.FixedStart == address).Map
        : device.IsPlainDfu ? Dfu11Memories.Of(device, BootloaderCatalogue.AreaOf(device), null).Map
        : MemoryMap.Parse(device.Alternates.First(a => a.Name.StartsWith('@')).Name) is { } map && map.Contains(address) ? map : throw new InvalidOperationException();

    // Every stack pointer with a small image, sizes around the end of each device's memory, and a taken reserved vector.
    private static IEnumerable<byte[]> Images(SketchPlace place, long end)
    {
        yield return SketchImage.Bytes(place.Address, (int)(end - place.Address) + 4, 0x2000_5000);
        foreach (var stack in Stacks)
        {
            yield return SketchImage.Bytes(place.Address, 2_000, stack);
        }

        const uint Stack = 0x2000_5000;
        var taken = SketchImage.Bytes(place.Address, 2_000, Stack);
        BinaryPrimitives.WriteUInt32LittleEndian(taken.AsSpan(0x20), place.Address + 0x401);
        yield return taken;
        foreach (var size in (int[])[0xC800, 0xD000, 0x1_0000])
        {
            yield return SketchImage.Bytes(place.Address, size, Stack);
            var behind = size - (int)(place.Address - FlashAddress.FlashBase) + 4;
            if (behind > 1_000)
            {
                yield return SketchImage.Bytes(place.Address, behind, Stack);
            }
        }

        yield return SketchImage.Bytes(place.Address, 0x1_E000, Stack);
        yield return SketchImage.Bytes(place.Address, 0x1_E004, Stack);
    }
}
