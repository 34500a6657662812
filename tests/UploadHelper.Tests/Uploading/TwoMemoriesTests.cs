using UploadHelper.Core.Connecting;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Uploading;

/// <summary>A DSO Nano: an internal flash and one on SPI, and firmware that comes as two files.</summary>
public class TwoMemoriesTests
{
    private const uint Library = 0x0800_4000;
    private const uint Application = 0x0800_C000;
    private readonly Bench _bench = new("dsonano", StartState.Empty);

    [Fact]
    public void The_library_and_the_application_come_as_two_files_and_neither_hurts_the_other()
    {
        foreach (var file in (string[])["dsonano-lib.dfu", "dsonano-app.dfu", "dsonano-lib.dfu"])
        {
            Assert.True(Upload(TestFiles.Firmware(file)).Verified);
            _bench.Board.Reset("a button is held", BootCause.ByHand);
            _bench.System.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        var library = TestFiles.Firmware("dsonano-lib.bin").Content.ToArray();
        var application = TestFiles.Firmware("dsonano-app.bin").Content.ToArray();
        Assert.Equal(library, _bench.Flash(Library, library.Length));
        Assert.Equal(application, _bench.Flash(Application, application.Length));
        Assert.Empty(_bench.Board.Violations);

        _bench.Board.PressReset();
        _bench.System.Clock.Advance(TimeSpan.FromSeconds(1));
        _bench.Board.AdvanceTo(_bench.System.Clock.Now);
        Assert.Equal("lib", _bench.Board.RunningSketch?.Name);
    }

    [Theory]
    [InlineData(0x0000_0000, 1_000, 1)]
    [InlineData(0x0001_0000, 0x1_0000, 1)]
    [InlineData(0x0001_FF80, 0x100, 2)] // over the border between two sectors
    [InlineData(0x0002_0081, 5, 1)] // inside a page
    [InlineData(0x007F_FFFF, 1, 1)]
    public void Each_target_of_a_file_goes_to_its_memory(uint address, int size, int sectors)
    {
        var program = SketchImage.Bytes(Library, 3_000, 0x2000_5000);
        var data = SketchImage.Noise(size, size);

        Assert.True(Upload(File((0, Library, program), (1, address, data))).Verified);

        Assert.Equal(program, _bench.Flash(Library, program.Length));
        Assert.Equal(data, _bench.Board.SpiFlash!.Read(address, size).ToArray());
        Assert.Equal((3, sectors), (_bench.Board.Flash.Erases.Sum(), _bench.Board.SpiFlash.Erases.Sum()));
        Assert.Empty(_bench.Board.Violations);
    }

    [Fact]
    public void Data_for_the_spi_flash_alone_leaves_the_program_as_it_is()
    {
        Upload(TestFiles.Firmware("dsonano-lib.dfu"));
        _bench.Board.Reset("a button is held", BootCause.ByHand);
        _bench.System.Clock.Advance(TimeSpan.FromSeconds(1));
        var before = _bench.Board.Flash.Bytes.ToArray();
        var data = SketchImage.Noise(3, 5_000);

        Assert.True(Upload(File((1, 0x0010_0000, data))).Verified);

        Assert.Equal(data, _bench.Board.SpiFlash!.Read(0x0010_0000, data.Length).ToArray());
        Assert.Equal(before, _bench.Board.Flash.Bytes.ToArray());
    }

    [Fact]
    public void After_data_alone_it_is_the_program_on_the_board_that_is_started()
    {
        // The data's own address holds no vector table: a bootloader that jumps to where it is told would crash there.
        Upload(File((1, 0x0010_0000, SketchImage.Noise(3, 500))));

        Assert.Equal(Library, Assert.Single(_bench.Events.OfType<LeavingBootloader>()).Address);
    }

    [Fact]
    public void Data_that_crosses_from_one_page_into_the_next_erases_both()
    {
        var program = SketchImage.Bytes(Library, 1_024, 0x2000_5000);
        var data = SketchImage.Noise(4, 8);
        _bench.Board.Flash.Preload(0x0800_7800, new byte[3 * 1024]);

        Assert.True(Upload(File((0, Library, program), (0, 0x0800_7BFC, data))).Verified);

        Assert.Equal(data, _bench.Flash(0x0800_7BFC, data.Length));
        Assert.Equal([1, 1, 1, 0], new[] { 16, 30, 31, 32 }.Select(page => _bench.Board.Flash.Erases[page]));
        Assert.Empty(_bench.Board.Violations);
    }

    private static ImageFile File(params (byte Alternate, uint Address, byte[] Data)[] elements) => new(
        "two.dfu",
        DfuFileWriter.Write([
            .. elements.GroupBy(e => e.Alternate).Select(g => new ImageTarget(g.Key, null, [.. g.Select(e => new Segment(e.Address, e.Data))])),
        ]));

    private UploadResult Upload(ImageFile file) => _bench.Upload(new UploadRequest(file, null, new DeviceFilter([DeviceFilter.StDfu])));
}
