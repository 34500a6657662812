using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Uploading;

/// <summary>Devices in DFU mode whose ids an upload does not expect.</summary>
public class OtherIdsTests
{
    private const uint Start = 0x0800_4000;
    private static readonly UsbId Unknown = new(0x1209, 0x4711);
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(1);

    public static TheoryData<string> KnownIds => [.. BootloaderCatalogue.Devices.Where(d => d.Program == BoardProgram.Bootloader && d.Id != new UsbId(0x1EAF, 0x0003) && d.Id != new UsbId(0x1209, 0xBEBA)).Select(d => d.Id.ToString())];

    [Theory]
    [MemberData(nameof(KnownIds))]
    public void An_upload_looks_for_every_id_of_the_catalogue(string id)
    {
        var bench = new Bench("f4boot", StartState.Bootloader);

        Assert.True(bench.Upload(DisguisedBus.WithIds(bench.System.Usb, UsbId.Parse(id)), bench.Request(Start) with { Port = null }).Verified);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("COM9")]
    public void A_device_with_unknown_ids_is_named_at_once_and_the_hint_selects_it(string? port)
    {
        var bench = new Bench("f4boot", StartState.Bootloader);
        var bus = DisguisedBus.WithIds(bench.System.Usb, Unknown);
        var request = bench.Request(Start) with { Port = port };
        var start = bench.System.Clock.Now;

        var e = Assert.Throws<UploadException>(() => bench.Upload(bus, request));

        Assert.Equal(UploadError.NoDevice, e.Error);
        Assert.InRange(bench.System.Clock.Now - start, TimeSpan.Zero, AtOnce);
        Assert.Contains("1209:4711 at 1-1", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("--usb-id 1209:4711", e.Hint, StringComparison.Ordinal);
        Assert.Equal(0, bench.Board.DfuRequests);
        Assert.True(bench.Upload(bus, request with { Filter = new DeviceFilter([Unknown]) }).Verified);
    }

    [Fact]
    public void One_that_appears_when_the_user_has_pressed_reset_is_named_then()
    {
        var bench = new Bench("f4boot");
        bench.Board.Unplug();
        var start = bench.System.Clock.Now;
        var bus = DisguisedBus.WithIds(bench.System.Usb, Unknown);
        bench.Board.Plug();

        var e = Assert.Throws<UploadException>(() => bench.Upload(bus, bench.Request(Start) with { Port = null }));

        Assert.Contains("--usb-id 1209:4711", e.Hint, StringComparison.Ordinal);
        Assert.InRange(bench.System.Clock.Now - start, TimeSpan.FromTicks(1), AtOnce);
    }

    [Fact]
    public void Several_boards_at_once_do_not_wait_for_it_either()
    {
        var bench = new Bench("f4boot", StartState.Bootloader);
        var bus = DisguisedBus.WithIds(bench.System.Usb, Unknown);
        var start = bench.System.Clock.Now;

        var e = Assert.Throws<UploadException>(() => new ParallelUploader(bus, bench.System.SerialPorts, bench.System.Clock, _ => { }, _ => _ => { })
            .Run(bench.Request(Start) with { Port = null }, null, default));

        Assert.Contains("1209:4711 at 1-1", e.Message, StringComparison.Ordinal);
        Assert.Contains("--usb-id 1209:4711", e.Hint, StringComparison.Ordinal);
        Assert.InRange(bench.System.Clock.Now - start, TimeSpan.Zero, AtOnce);
    }

    [Fact]
    public void A_sketch_that_is_being_reset_is_waited_for_and_the_other_device_is_only_named()
    {
        var bench = new TwoBoards("f4boot", "f4rom,start=bootloader");
        var bus = DisguisedBus.WithIds(bench.Bus, Unknown, "1-2");

        // A port that does not show which device it belongs to.
        var result = new Uploader(bus, new PlainPorts(bench.Ports), bench.Clock, bench.Events.Add).Run(bench.Request(Start), default);

        Assert.Equal("1-1", result.Device.Device.Path);
        var warning = Assert.Single(bench.Events.OfType<UploadWarning>(), w => w.Code == WarningCode.OtherDevice);
        Assert.Contains("1209:4711 at 1-2", warning.Message, StringComparison.Ordinal);
        Assert.Contains("--usb-id 1209:4711", warning.Hint, StringComparison.Ordinal);
        Assert.Equal(0, bench.Boards[1].DfuRequests);
    }

    [Fact]
    public void Who_names_ids_waits_for_them()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        var bus = DisguisedBus.WithIds(bench.System.Usb, Unknown);
        var request = bench.Request(Start) with { Port = null, Filter = new DeviceFilter([DeviceFilter.StDfu]) };
        var start = bench.System.Clock.Now;

        var e = Assert.Throws<UploadException>(() => bench.Upload(bus, request));

        Assert.True(bench.System.Clock.Now - start >= request.Timeout);
        Assert.Contains("1209:4711 at 1-1", e.Message, StringComparison.Ordinal);
        Assert.Contains("--usb-id 1209:4711", e.Hint, StringComparison.Ordinal);
        Assert.Single(bench.Events.OfType<UploadWarning>(), w => w.Code == WarningCode.OtherDevice);
    }

    [Theory]
    [InlineData(0x1209, 0x4711, "1-1")]
    [InlineData(0x0483, 0xDF11, "1-2")]
    public void A_file_that_names_ids_looks_for_those_first(ushort vendor, ushort product, string path)
    {
        var bench = new TwoBoards("f4boot,start=bootloader", "f4boot,start=bootloader");
        var bus = DisguisedBus.WithIds(bench.Bus, Unknown);
        var file = DfuFileWriter.WithSuffix(SketchImage.Bytes(Start, 4_000), new DfuFileIds(vendor, product, 0xFFFF));

        var result = new Uploader(bus, bench.Ports, bench.Clock, bench.Events.Add).Run(bench.Request(Start) with { Port = null, File = new ImageFile("blink.dfu", file) }, default);

        Assert.Equal(path, result.Device.Device.Path);
    }

    [Theory]
    [InlineData(0x0483, 0x0000)]
    [InlineData(0x0483, 0xFFFF)]
    [InlineData(0xFFFF, 0xFFFF)]
    public void Ids_that_stand_for_any_device_name_none(ushort vendor, ushort product) =>
        Assert.Null(new DeviceFilter(DeviceFilter.KnownIds).For(new DfuFileIds(vendor, product, 0xFFFF)).MadeFor);

    [Fact]
    public void A_device_that_no_upload_can_write_does_not_stand_in_the_way_of_one_that_can()
    {
        // By its descriptors it speaks plain DFU, but it does not say that it is in DFU mode (protocol 0).
        var bench = new TwoBoards("maple20,start=bootloader", "f4boot,start=bootloader");
        var bus = new DisguisedBus(bench.Bus, d => d.Path == "1-1" ? d with { VendorId = 0x1209, ProductId = 0xDB42, Interfaces = [.. d.Interfaces.Select(i => i with { Protocol = 0 })] } : d);
        var uploader = new Uploader(bus, bench.Ports, bench.Clock, bench.Events.Add);

        Assert.Equal("1-2", uploader.Run(bench.Request(Start) with { Port = null }, default).Device.Device.Path);
        bench.Boards[1].Unplug();
        var e = Assert.Throws<UploadException>(() => uploader.Run(bench.Request(Start) with { Port = null }, default));
        Assert.Equal(UploadError.NotSupported, e.Error);
    }

    [Fact]
    public void A_device_in_run_time_mode_is_named_as_such()
    {
        var bench = new Bench("f4boot", StartState.Bootloader);
        var bus = new DisguisedBus(bench.System.Usb, d => d with { VendorId = 0x1D50, ProductId = 0x6018, Interfaces = [new UsbInterfaceInfo(0, 0, 0xFE, 1, 1)] });
        const string Named = "1D50:6018 at 1-1 is in DFU run-time mode";

        Assert.Contains(Named, Assert.Throws<UploadException>(() => bench.Upload(bus, bench.Request(Start) with { Port = null })).Message, StringComparison.Ordinal);
        Assert.Contains(
            Named, Assert.Throws<UploadException>(() => new BootloaderInquiry(bus, bench.System.Clock, _ => { }).Choose(null, null)).Message, StringComparison.Ordinal);
    }

    private sealed class TwoBoards
    {
        public TwoBoards(params string[] boards)
        {
            Boards = [.. boards.Select(b => BoardFactory.Create(SimulationOptions.Parse(b), _ => { }))];
            Clock.Advance(TimeSpan.FromSeconds(1));
            Bus = new InProcessBus(Clock, Boards);
            Ports = new InProcessSerialPorts(Clock, Boards);
        }

        public VirtualClock Clock { get; } = new();

        public Board[] Boards { get; }

        public IUsbBus Bus { get; }

        public ISerialPorts Ports { get; }

        public List<UploadEvent> Events { get; } = [];

        public UploadRequest Request(uint address) => new(SketchImage.File(address, 4_000), address, new DeviceFilter(DeviceFilter.KnownIds)) { Port = InProcessSerialPorts.FirstName };
    }

    private sealed class PlainPorts(ISerialPorts ports) : ISerialPorts
    {
        public IReadOnlyList<SerialPortInfo> List() => [.. ports.List().Select(p => p with { UsbPath = null })];

        public ISerialLine Open(string name, int baudRate) => ports.Open(name, baudRate);
    }
}
