using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Uploading;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Uploading;

/// <summary>What holds for every DfuSe bootloader, from DFU mode to the running sketch.</summary>
public class EveryBootloaderTests
{
    private const uint Base = 0x0800_0000;

    public static TheoryData<string, uint, uint, int> Boards()
    {
        var data = new TheoryData<string, uint, uint, int>();
        foreach (var size in (int[])[600, 1_024, 4_004, 16_384, 45_003])
        {
            data.Add("f4boot", 0x0800_4000, 0x2002_0000, size);
            data.Add("f4boot-old", 0x0801_0000, 0x2002_0000, size);
            data.Add("f4rom", Base, 0x2002_0000, size);
            data.Add("h0wch33", Base, 0x2000_5000, size);
            data.Add("dsonano", 0x0800_4000, 0x2000_5000, size);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void Upload_verify_read_back_with_a_length_and_leave(string board, uint address, uint stack, int size)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var before = bench.Board.Flash.Bytes.ToArray();
        var file = SketchImage.File(address, size, stack);
        var request = new UploadRequest(file, address, new DeviceFilter([DeviceFilter.StDfu])) { Leave = false };

        var result = bench.Upload(request);

        Assert.Equal(result.Device.Functional.CanUpload, result.Verified);
        AssertFlash(bench.Board, before, address, file.Content.ToArray());
        if (result.Verified)
        {
            AssertReads(bench, request, address, file);
        }

        bench.Work(request, session => session.Select(session.Memories[0]).Leave(address));
        bench.System.Clock.Advance(TimeSpan.FromSeconds(15));
        bench.Board.AdvanceTo(bench.System.Clock.Now);
        Assert.Equal((address, stack), (bench.Board.RunningSketch!.Address, bench.Board.RunningSketch.StackPointer));
        Assert.Empty(bench.Board.Violations);
    }

    private static void AssertReads(Bench bench, BootloaderRequest request, uint address, ImageFile file) => bench.Work(request, session =>
    {
        Assert.Equal(file.Content.ToArray(), new FlashReader(session, _ => { }).Read(address, file.Content.Length, null).Data.ToArray());
        new ImageVerifier(session, _ => { }).Verify(new FirmwareImage(file.Name, [new Segment(address, file.Content)]), null);
    });

    /// <summary>The image, erased flash up to the ends of its sectors, and all else as it was.</summary>
    private static void AssertFlash(Board board, byte[] before, uint address, byte[] image)
    {
        var sectors = board.Flash.Part.Sectors.Where(s => s.Address < address + image.Length && s.End > address).ToList();
        var (from, to) = ((int)(address - Base), (int)(sectors[^1].End - Base));
        var expected = before.ToArray();
        expected.AsSpan(from, to - from).Fill(0xFF);
        image.CopyTo(expected, from);
        if (board.Name == "h0wch33")
        {
            // The sketch's stack pointer and reset vector stand where it keeps them, its own in their place.
            before.AsSpan(0, 8).CopyTo(expected);
            image.AsSpan(0, 8).CopyTo(expected.AsSpan(0x1C));
        }

        Assert.Equal(expected, board.Flash.Bytes.ToArray());
    }
}
