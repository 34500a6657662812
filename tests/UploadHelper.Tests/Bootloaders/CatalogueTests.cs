using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Protocols.Dfu11;
using UploadHelper.Core.Protocols.Hid;
using UploadHelper.Core.Protocols.Maple;
using UploadHelper.Core.Usb;
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
        "f4boot", "f4boot-old", "f4rom", "h0wch33", "dsonano", "h747", "h747,boot=arduino", "l496", "blackpill-f411", "blackpill-f401", "f407-rom", "l476-rom", "f072-rom", "f072-rom,chip=l083", "g431-rom", "g431-rom,chip=g0b1", "hid-f1", "hid-f1,size=512", "hid-f4", "maple20", "maple20,size=512", "maple-orig", "maple-f4", "dapboot", "dapboot,boot=tolerant", "dapboot,boot=high", "dapboot,boot=high-128", "dapboot,boot=skr", "dapboot,boot=skr-high",
    ];

    // Without a rule for the stack pointer.
    private static readonly IReadOnlyList<string> Clones = ["gd32vf103", "gd32vf103,rom=0100", "at32f415", "at32f415,chip=f437", "f072-rom,chip=apm32"];

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
    [InlineData("f072-rom", "ST system bootloader, STM32F0/F1/F3 with pages of 2 KiB", false)]
    [InlineData("f072-rom,chip=l083", "ST system bootloader, STM32L0", false)]
    [InlineData("g431-rom", "ST system bootloader, STM32C0/G0/G4", false)]
    [InlineData("g431-rom,chip=g0b1", "ST system bootloader, STM32G0B1/G0C1", false)]
    [InlineData("g431-rom,chip=h563", "ST system bootloader, STM32C5/H5/H7RS", false)]
    [InlineData("g431-rom,chip=c562", "ST system bootloader, STM32C5/H5/H7RS", false)]
    [InlineData("gd32vf103", "GigaDevice GD32VF103 bootloader", false)]
    [InlineData("gd32vf103,rom=0100", "GigaDevice GD32VF103 bootloader", false)]
    [InlineData("f072-rom,chip=apm32", "Geehy APM32 bootloader", false)]
    [InlineData("at32f415", "Artery AT32 bootloader", false)]
    [InlineData("at32f415,chip=f437", "Artery AT32 bootloader", false)]
    [InlineData("hid-f1", "HID bootloader 2.1 or 2.2", false)]
    [InlineData("hid-f1,generation=2.1", "HID bootloader 2.1 or 2.2", false)]
    [InlineData("hid-f1,generation=2.0", "HID bootloader 2.0, or of January 2019", false)]
    [InlineData("hid-f1,generation=2019", "HID bootloader 2.0, or of January 2019", false)]
    [InlineData("hid-f4", "HID bootloader for F4", false)]
    [InlineData("maple20", "STM32duino bootloader 2.0", false)]
    [InlineData("maple-orig", "LeafLabs Maple bootloader", true)]
    [InlineData("maple-f4", "Maple bootloader, F4 port", true)]
    [InlineData("dapboot", "dapboot", true)]
    [InlineData("dapboot,boot=tolerant", "dapboot", true)]
    [InlineData("dapboot,boot=skr", "dapboot with pages of 2 KiB", true)]
    [InlineData("dapboot,boot=high", "dapboot, high-memory build", true)]
    [InlineData("dapboot,boot=high-128", "dapboot, high-memory build", true)]
    [InlineData("dapboot,boot=skr-high", "dapboot, high-memory build with pages of 2 KiB", true)]
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

    // Recorded from devices; none of them is a virtual board.
    [Theory]
    [InlineData("STM32  BOOTLOADER", 2048, "ST system bootloader, STM32F7", "@Internal Flash  /0x08000000/04*016Kg,01*64Kg,03*128Kg", "@Option Bytes  /0x1FFF0000/01*048 e", "@OTP Memory /0x1FF07800/01*528e")]
    [InlineData("STM32  BOOTLOADER", 2048, "ST system bootloader, STM32L4", "@Internal Flash  /0x08000000/0256*0002Kg", "@Option Bytes  /0x1FFF7800/01*040 e")]
    [InlineData("STM32  BOOTLOADER", 2048, "ST system bootloader, STM32L4", "@Internal Flash  /0x08000000/512*0004Kg", "@Option Bytes  /0x1FF00000/01*040 e/0x1FF01000/01*040 e")]
    [InlineData("STM32  BOOTLOADER", 2048, "ST system bootloader, STM32F0 with pages of 1 KiB", "@Internal Flash  /0x08000000/032*0001Kg", "@Option Bytes  /0x1FFFF800/01*016 e")]
    [InlineData("STM32  BOOTLOADER", 2048, "ST system bootloader, STM32F0/F1/F3 with pages of 2 KiB", "@Internal Flash  /0x08000000/128*0002Kg", "@Option Bytes  /0x1FFFF800/01*016 e")]
    [InlineData("STM32  BOOTLOADER", 2048, "ST system bootloader, STM32L1", "@Internal Flash  /0x08000000/1024*256 g", "@Option Bytes  /0x1FF80000/01*032 e")]
    [InlineData("DFU in FS Mode", 1024, "ST system bootloader, STM32C0/G0/G4", "@Internal Flash   /0x08000000/256*02Kg", "@Option Bytes   /0x1FFF7800/01*048 e/0x1FFFF800/01*048 e")]
    [InlineData("DFU in FS Mode", 1024, "ST system bootloader, STM32U5", "@Internal Flash   /0x08000000/256*08Kg", "@Option Bytes   /0x40022040/01*64 e", "@OTP Memory   /0x0BFA0000/01*512 e")]
    [InlineData("DFU in FS Mode", 1024, "ST system bootloader, STM32L5", "@Internal Flash   /0x08000000/256*02Kg", "@Option Bytes   /0x40022040/01*48 e")]
    [InlineData("DFU in FS Mode", 1024, "ST system bootloader, STM32H7", "@Internal Flash   /0x08000000/256*08Kg", "@Option Bytes   /0x5200201C/01*297 e", "@OTP Memory   /0x08FFF000/01*1024 e")]
    [InlineData("DFU in FS Mode", 1024, "ST system bootloader, STM32WB", "@Internal Flash   /0x08000000/256*04Kg", "@Option Bytes   /0x1FFF8000/01*128 e")]
    [InlineData("DFU in FS Mode", 1024, "ST system bootloader, STM32U0", "@Internal Flash    /0x08000000/128*02Kg", "@OB Bytes          /0x40022020/01*136 e")]
    [InlineData("DFU in FS Mode", 1024, "ST system bootloader on ST's middleware", "@Internal Flash   /0x08000000/64*02Kg", "@Option Bytes   /0x12345678/01*48 e")]
    public void A_ROM_is_known_by_its_strings_and_the_address_of_its_option_bytes(string product, ushort block, string name, params string[] alternates)
    {
        var device = Device(new(0x0483, 0xDF11), "STMicroelectronics", product, block, "", alternates);

        var info = BootloaderCatalogue.For(device, MemoryMap.Parse(alternates[0]));

        Assert.Equal((name, true), (info.Name, info.IsInRom));
    }

    // UM3234, 3.7.5; AN5275.
    [Theory]
    [InlineData("DFU in HS mode @Device ID /0x486, @Revision ID /0x1000", 0x0110)]
    [InlineData("DFU in HS Mode @Device ID /0x500, @Revision ID /0x0000", 0x0110)]
    [InlineData("DFU in FS mode @Device ID /0x486, @Revision ID /0x1000", 0x011A)]
    public void The_boot_ROM_of_an_N6_or_MP1_is_refused_by_name(string product, ushort version)
    {
        var device = Device(new(0x0483, 0xDF11), "STMicroelectronics", product, 1024, "", "@FSBL /0x01/1*1Me", "@virtual /0xF1/1*512Ba");
        var image = ImageInspection.Of(new ImageFile("x.bin", SketchImage.Bytes(0x0800_0000, 2_000)), 0x0800_0000).Image;

        var refusal = ImageInspection.RefusalBy(image, device with { Functional = device.Functional with { DfuVersion = version } }, null);

        Assert.Contains("boot ROM of an STM32N6 or STM32MP1", refusal, StringComparison.Ordinal);
    }

    // CubeMX's DFU example on the same middleware: what it writes to is flash, and unprotect must not touch it.
    [Theory]
    [InlineData("@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg")]
    [InlineData("@Internal Flash   /0x08000000/8*02Ka,248*02Kg")]
    [InlineData("@Internal Flash   /0x08000000/256*02Kg")]
    public void A_bootloader_in_flash_on_the_same_middleware_is_no_ROM(string map)
    {
        var device = Device(new(0x0483, 0xDF11), "STMicroelectronics", "DFU in FS Mode", 1024, "", map);

        Assert.False(BootloaderCatalogue.For(device, MemoryMap.Parse(map)).IsInRom);
    }

    [Theory]
    [InlineData("3CBJ", "16*1Kg", "128*001Kg")] // as the serial number says, whatever the map does
    [InlineData("3C4J", "512*002Kg", "16*001Kg")]
    public void The_serial_number_of_a_GD32VF103_tells_its_pages(string serial, string map, string expected)
    {
        var reported = MemoryMap.Parse($"@Internal Flash  /0x08000000/{map}");
        var device = Device(new(0x28E9, 0x0189), "GDMicroelectronics", "GD32", 2048, serial, reported.ToString());

        var corrected = BootloaderCatalogue.For(device, reported).CorrectMap!(device, reported);

        Assert.Equal($"@Internal Flash /0x08000000/{expected}", corrected.ToString());
    }

    // GigaDevice's example of a bootloader in flash has the same ids.
    [Theory]
    [InlineData("3CBJ", "16*001Ka,48*001Kg")]
    [InlineData("5C8G", "64*001Kg")] // a GD32F350, with an ARM
    public void What_else_has_the_ids_of_GigaDevice_keeps_its_map(string serial, string map)
    {
        var reported = MemoryMap.Parse($"@Internal Flash  /0x08000000/{map}");
        var device = Device(new(0x28E9, 0x0189), "GigaDevice", "GD32 USB DFU in FS Mode", 2048, serial, reported.ToString());

        var info = BootloaderCatalogue.For(device, reported);

        Assert.Equal(("GigaDevice GD32 bootloader", false), (info.Name, info.IsInRom));
        Assert.Null(info.CorrectMap);
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
        Assert.Equal("F4Bootloader or DSO Nano bootloader or HID bootloader for F4", BootloaderCatalogue.NamesAt(0x0800_4000));
        Assert.Null(BootloaderCatalogue.NamesAt(0x0800_8000));
    }

    [Fact]
    public void Every_virtual_board_is_a_device_of_the_catalogue_to_the_letter() =>
        Assert.All([.. Boards, .. Clones], board => Assert.NotEmpty(PlacesOf(Connected(board).Description)));

    // What `image` says without a board, and what an upload to that board does, come from one set of checks; this holds them
    // to the board's own behaviour: what fits is written and started, what does not is refused before the first erase.
    [Theory]
    [MemberData(nameof(EveryBoard))]
    public void An_image_fits_exactly_if_an_upload_is_not_refused(string board)
    {
        var (_, description) = Connected(board);
        var flashSize = (uint)new Bench(board).Board.Flash.Bytes.Length;
        var (fitting, refused) = (0, 0);
        foreach (var (info, place) in PlacesOf(description))
        {
            foreach (var image in Images(place, MapOf(description, place.Address, flashSize).EndOfRegion(place.Address)))
            {
                var file = new ImageFile("x.bin", image);
                var inspected = ImageInspection.Of(file, place.Address);
                var fits = inspected.Defect is null && ImageInspection.RefusalBy(inspected.Image, description, place.Alternate, flashSize) is null;
                var told = inspected.Bootloaders.FirstOrDefault(b => b.Name == info.Family && b.Options == place.Options);

                var bench = new Bench(board, StartState.Bootloader);
                var before = bench.Board.Flash.Bytes.ToArray();
                var request = new UploadRequest(file, place.Address, new DeviceFilter(DeviceFilter.KnownIds)) { Alternate = place.Alternate, WaitPort = WaitPort.No };
                var outcome = Record.Exception(() => bench.Upload(request));
                bench.Settle();

                var what = $"{info.Name}, {image.Length} bytes, stack pointer 0x{BinaryPrimitives.ReadUInt32LittleEndian(image):X8}: fits {fits}, but {outcome?.Message ?? "it was uploaded"}";
                Assert.True(fits == outcome is null, what);
                Assert.True(place.FlashSizes.Count == 0 || fits == (told is { Refusal: null } && (told.SmallestFlash ?? 0) <= flashSize), $"{what}; told: {told}");
                Assert.True(outcome is null or UploadException, what);
                Assert.True(fits || bench.Board.Flash.Bytes.SequenceEqual(before), what);
                Assert.True(!fits || bench.Board.Flash.Read(place.Address, image.Length)[4..].SequenceEqual(image.AsSpan()[4..]) || info.SharesVectorPage, what);
                (fitting, refused) = fits ? (fitting + 1, refused) : (fitting, refused + 1);
            }
        }

        // The HID bootloader for F4 starts whatever is there.
        Assert.True(fitting >= 3 && refused >= (board == "hid-f4" ? 1 : 3), $"{fitting} fitted, {refused} did not");
    }

    [Theory]
    [InlineData(0x0800_0000, "h0wch33/stm32f1_dfu (64 KiB part)")]
    [InlineData(0x0800_4000, "DSO Nano bootloader (library)")]
    public void A_stack_in_CCM_fits_no_F103(uint address, string name)
    {
        var inspection = ImageInspection.Of(new ImageFile("x.bin", SketchImage.Bytes(address, 4_000, 0x1000_0000 + 0x1000)), address);

        Assert.Contains("0x10001000", inspection.Bootloaders.Single(b => b.Name == name).Refusal, StringComparison.Ordinal);
    }

    private static DfuDescription Device(UsbId id, string manufacturer, string product, ushort block, string serial, params string[] alternates) => new(
        new UsbDeviceInfo(0, 0, "", id.Vendor, id.Product, 0, []),
        0x0100,
        manufacturer,
        product,
        serial,
        new DfuFunctionalDescriptor(0x0B, block, DfuFunctionalDescriptor.DfuSeVersion),
        [.. alternates.Select((name, setting) => new DfuAlternate(0, (byte)setting, name))]);

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

    private static MemoryMap MapOf(DfuDescription device, uint address, uint? flashSize = null) => device.IsHid
        ? HidMemories.Of(device).First(m => m.FixedStart == address).Map
        : device.IsMaple ? MapleMemories.Of(device).First(m => m.FixedStart == address).Map
        : device.IsPlainDfu ? Dfu11Memories.Of(device, BootloaderCatalogue.AreaOf(device, flashSize), null).Map
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
