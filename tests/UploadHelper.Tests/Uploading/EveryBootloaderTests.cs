using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Uploading;

/// <summary>What holds for every DfuSe bootloader, from DFU mode to the running sketch.</summary>
public class EveryBootloaderTests
{
    private const uint Base = 0x0800_0000;

    public static TheoryData<string, uint> Boards() => new()
    {
        { "f4boot", 0x0800_4000 },
        { "f4boot-old", 0x0801_0000 },
        { "f4rom", Base },
        { "h0wch33", Base },
        { "dsonano", 0x0800_4000 },
        { "l496", Base },
        { "blackpill-f411", Base },
        { "blackpill-f401", Base },
        { "l476-rom", Base },
        { "f072-rom", Base },
        { "f072-rom,chip=l083", Base },
        { "g431-rom", Base },
        { "g431-rom,chip=g0b1", Base },
        { "g431-rom,chip=c562", Base },
        { "gd32vf103", Base },
        { "gd32vf103,rom=0100", Base },
        { "at32f415", Base },
        { "h747", Base },
        { "h747", 0x0810_0000 },
        { "h747,rom=9.1", 0x0810_0000 },
        { "h747,boot=arduino", 0x0804_0000 },
    };

    public static TheoryData<string, uint, int> BoardsAndSizes()
    {
        var data = new TheoryData<string, uint, int>();
        foreach (var row in Boards())
        {
            foreach (var size in (int[])[600, 1_024, 4_004, 16_384, 45_003])
            {
                data.Add((string)row[0], (uint)row[1], size);
            }
        }

        return data;
    }

    public static TheoryData<string, uint, bool> ReadableBoards()
    {
        var data = new TheoryData<string, uint, bool>();
        foreach (var row in Boards().Where(row => (string)row[0] != "h0wch33"))
        {
            data.Add((string)row[0], (uint)row[1], true);
            data.Add((string)row[0], (uint)row[1], false);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(BoardsAndSizes))]
    public void Upload_verify_read_back_with_a_length_and_leave(string board, uint address, int size)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var before = bench.Board.Flash.Bytes.ToArray();
        var request = bench.Request(address, size) with { Port = null, Leave = false };

        var result = bench.Upload(request);

        Assert.Equal(result.Device.Functional.CanUpload, result.Verified);
        Assert.Equal(Expected(bench.Board, before, address, request.File.Content.ToArray()), bench.Board.Flash.Bytes.ToArray());
        if (result.Verified)
        {
            AssertReads(bench, request, address, request.File);
        }

        bench.Work(request, session => session.Select(session.Memories[0]).Leave(address));
        bench.Wait(TimeSpan.FromSeconds(15));
        Assert.Equal((address, bench.IsRiscV ? 0 : bench.Board.StackPointer), (bench.Board.RunningSketch!.Address, bench.Board.RunningSketch.StackPointer));
        Assert.Empty(bench.Board.Violations);
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void Unplugged_at_any_transfer_no_half_sketch_starts_and_the_same_upload_succeeds_afterwards(string board, uint address)
    {
        const int Size = 3_000;
        var transfers = Transfers(board, address, Size);
        Assert.InRange(transfers, 20, 10_000);

        // An erase that never ends is asked for a thousand times.
        var step = transfers > 300 ? 97 : 1;
        var lost = 0;
        for (var at = 0; at < transfers; at += step)
        {
            var bench = new Bench(board, StartState.Bootloader);
            var before = bench.Board.Flash.Bytes.ToArray();
            bench.Bus.BeforeTransfer = n =>
            {
                if (n == at)
                {
                    bench.Board.Unplug();
                }
            };
            var request = bench.Request(address, Size) with { Port = null, Timeout = TimeSpan.FromSeconds(1) };
            var expected = Expected(bench.Board, before, address, request.File.Content.ToArray());
            var first = Record.Exception(() => bench.Upload(request));
            Assert.True(first is null or UploadException { Error: UploadError.DeviceLost or UploadError.NoDevice }, $"at transfer {at}: {first}");

            bench.Bus.BeforeTransfer = _ => { };
            bench.Board.Plug();
            bench.Wait(TimeSpan.FromSeconds(15));
            if (bench.Board.RunningSketch?.Address == address)
            {
                var flash = bench.Board.Flash.Bytes.ToArray();
                Assert.True(flash.AsSpan().SequenceEqual(before) || flash.AsSpan().SequenceEqual(expected), $"at transfer {at}: a half-written sketch runs");
            }

            if (IsLost(bench))
            {
                // Told before anything was written; from the next transfer on it is safe again.
                Assert.Contains(bench.Events, e => e is UploadWarning { Code: WarningCode.DeviceLimit });
                lost++;
                continue;
            }

            bench.Board.Reset("a button is held", BootCause.ByHand);
            bench.Upload(request with { Timeout = TimeSpan.FromSeconds(15) });
            Assert.Equal(expected, bench.Board.Flash.Bytes.ToArray());
        }

        Assert.Equal(board == "h0wch33" ? 2 : 0, lost);
    }

    [Theory]
    [MemberData(nameof(ReadableBoards))]
    public void One_stall_while_it_flashes_is_got_over_whether_the_device_had_done_it_or_not(string board, uint address, bool done)
    {
        const int Size = 3_000;
        var transfers = Transfers(board, address, Size);
        var step = transfers > 300 ? 97 : 1;
        var survived = 0;
        for (var at = 0; at < transfers; at += step)
        {
            var bench = new Bench(board, StartState.Bootloader);
            var flashing = false;
            void Stall(int n)
            {
                if (n == at && bench.Events.LastOrDefault() is FlashProgress { Phase: not FlashPhase.Compare })
                {
                    flashing = true;
                    throw new UsbException(UsbFault.Stall, "stall");
                }
            }

            bench.Bus.BeforeTransfer = done ? _ => { } : Stall;
            bench.Bus.AfterTransfer = done ? Stall : _ => { };
            var request = bench.Request(address, Size) with { Port = null };

            Assert.True(bench.Upload(request).Verified);
            Assert.Equal(request.File.Content.ToArray(), bench.Flash(address, Size));
            survived += flashing ? 1 : 0;
        }

        Assert.InRange(survived, step == 1 ? 20 : 3, transfers);
    }

    // A bootloader that rewrites its own vectors while the power fails.
    private static bool IsLost(Bench bench) => bench.Board.Name == "h0wch33" && bench.Board.Flash.IsErased(Base, 8);

    private static int Transfers(string board, uint address, int size)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var count = 0;
        bench.Bus.BeforeTransfer = n => count = n + 1;
        bench.Upload(bench.Request(address, size) with { Port = null });
        return count;
    }

    private static void AssertReads(Bench bench, BootloaderRequest request, uint address, ImageFile file) => bench.Work(request, session =>
    {
        Assert.Equal(file.Content.ToArray(), new FlashReader(session, _ => { }).Read(address, file.Content.Length, null).Data.ToArray());
        new ImageVerifier(session, _ => { }).Verify(new FirmwareImage(file.Name, [new Segment(address, file.Content)]), null);
    });

    /// <summary>The image, erased flash up to the ends of its sectors, and all else as it was.</summary>
    private static byte[] Expected(Board board, byte[] before, uint address, byte[] image)
    {
        var sectors = board.Flash.Part.Sectors.Where(s => s.Address < address + image.Length && s.End > address).ToList();
        var (from, to) = ((int)(address - Base), (int)(sectors[^1].End - Base));
        var expected = before.ToArray();
        expected.AsSpan(from, to - from).Fill(board.Flash.Part.Erased);
        image.CopyTo(expected, from);
        if (board.Name == "h0wch33")
        {
            // The sketch's stack pointer and reset vector stand where it keeps them, its own in their place.
            before.AsSpan(0, 8).CopyTo(expected);
            image.AsSpan(0, 8).CopyTo(expected.AsSpan(0x1C));
        }

        return expected;
    }
}
