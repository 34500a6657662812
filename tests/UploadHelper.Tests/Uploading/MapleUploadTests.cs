using System.Globalization;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Uploading;

/// <summary>Uploads through the Maple bootloaders.</summary>
public class MapleUploadTests
{
    private const uint Alt1 = 0x0800_5000;
    private const uint Alt2 = 0x0800_2000;
    private const uint F4 = 0x0801_0000;

    public static TheoryData<string, uint, int> Boards()
    {
        var data = new TheoryData<string, uint, int>();
        foreach (var size in (int[])[600, 1024, 2048, 4_004, 30_001, 100_000])
        {
            data.Add("maple20", Alt2, size);
            data.Add("maple20", Alt1, size);
            data.Add("maple20,size=512", Alt2, size);
            data.Add("maple20,chip=ch32", Alt2, size); // half a second a block
            data.Add("maple20,sketch=stm32generic", Alt2, size);
            data.Add("maple-orig", Alt1, size);
            data.Add("maple-f4", F4, size);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void From_a_running_sketch_to_the_new_one(string board, uint address, int size)
    {
        var bench = new Bench(board);
        var bootloader = bench.Flash(0x0800_0000, 0x2000);
        var request = bench.Request(address, size) with { WaitPort = WaitPort.Yes };

        var result = bench.Upload(request);

        Assert.Equal(request.File.Content.ToArray(), bench.Flash(address, size));
        Assert.Equal(bootloader, bench.Flash(0x0800_0000, 0x2000));
        Assert.Empty(bench.Board.Violations);
        Assert.Equal(board != "maple-f4", result.Verified);
        Assert.True(result.Left);
        Assert.Equal(InProcessSerialPorts.FirstName, result.Port);
        Assert.Equal(address, bench.Board.RunningSketch!.Address);
    }

    [Fact]
    public void The_first_page_is_sent_as_erased_at_first_and_for_real_at_last()
    {
        var bench = new Bench("maple20");

        bench.Upload(bench.Request(Alt2, 5_000));

        Assert.Equal(
            ["0x08002000", "0x08002400", "0x08002800", "0x08002C00", "0x08003000", "0x08002000"],
            bench.Log.Where(e => e.Text.StartsWith("program 1024 bytes", StringComparison.Ordinal)).Select(e => e.Text.Split(' ')[^1]));
        Assert.Equal([2, 1, 1, 1, 1], bench.Board.Flash.Erases.Skip(8).Take(5));
        Assert.Equal(6, bench.Board.Flash.Erases.Sum());
    }

    [Fact]
    public void A_block_takes_one_get_status()
    {
        var bench = new Bench("maple20", StartState.Bootloader);
        bench.Upload(bench.Request(Alt2, 10_000) with { Port = null, Verify = false });

        var requests = bench.Log.Where(e => e.Kind == BoardEventKind.Request).Select(e => e.Text).ToList();
        for (var i = 0; i < requests.Count; i++)
        {
            if (requests[i].StartsWith("DNLOAD block", StringComparison.Ordinal))
            {
                Assert.StartsWith("GETSTATUS", requests[i + 1], StringComparison.Ordinal);
                Assert.DoesNotContain("GETSTAT", requests.ElementAtOrDefault(i + 2) ?? "", StringComparison.Ordinal);
            }
        }
    }

    /// <summary>Its UPLOAD sends from flash, so that one transfer brings more than a block.</summary>
    [Theory]
    [InlineData("maple20", Alt2, 65_536)]
    [InlineData("maple20", Alt2, 30_001)]
    [InlineData("maple20,size=512", Alt2, 30_001)]
    [InlineData("maple-orig", Alt1, 30_001)]
    public void A_sketch_is_read_back_with_a_quarter_of_a_transfer_for_each_kib_and_not_past_its_end(string board, uint address, int size)
    {
        var (with, without) = (Uploads(verify: true), Uploads(verify: false));

        var reads = with.Take(with.Count - 1).Skip(without.Count).ToList();
        Assert.InRange(reads.Count, 1, 2 + size / 4096);

        // The first page is read by itself before the rest; the image ends with a whole program unit.
        Assert.InRange(reads.Sum(), size, size + 2048 + 32);

        // The last one only has the board leave.
        Assert.Equal(4, with[^1]);

        List<int> Uploads(bool verify)
        {
            var bench = new Bench(board);
            bench.Upload(bench.Request(address, size) with { Verify = verify });
            return [.. bench.Log.Where(e => e.Text.StartsWith("UPLOAD ", StringComparison.Ordinal)).Select(e => int.Parse(e.Text.Split(' ')[3], CultureInfo.InvariantCulture))];
        }
    }

    [Theory]
    [InlineData("maple20")]
    [InlineData("maple20,size=512")]
    public void One_that_returns_no_more_than_a_block_is_asked_for_more_only_once(string board)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var refused = 0;
        var bus = new DisguisedBus(bench.Bus, d => d)
        {
            Answer = (setup, _) =>
            {
                if (setup is { RequestType: 0xA1, Request: 2, Length: > 2048 })
                {
                    refused++;
                    throw new UsbException(UsbFault.Stall, "too much");
                }
            },
        };

        Assert.True(bench.Upload(bus, bench.Request(Alt2, 50_000) with { Port = null }).Verified);

        Assert.Equal(1, refused);
        Assert.Empty(bench.Board.Violations);
    }

    [Fact]
    public void The_first_alternate_setting_costs_the_sketch_below_it()
    {
        var bench = new Bench("maple20");

        bench.Upload(bench.Request(Alt1));

        Assert.True(bench.Board.Flash.IsErased(Alt2, 1024));
        Assert.Equal(Alt1, bench.Board.RunningSketch!.Address);
    }

    [Theory]
    [InlineData(Alt2, (byte)1, "--alt 2")]
    [InlineData(Alt1, (byte)2, "--alt 1")]
    public void An_alternate_setting_and_an_offset_that_disagree_are_refused_and_the_old_sketch_runs_again(uint address, byte alternate, string hint)
    {
        var bench = new Bench("maple20");

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(address) with { Alternate = alternate }));

        Assert.Equal(UploadError.NotWritable, e.Error);
        Assert.Contains(hint, e.Hint, StringComparison.Ordinal);
        Assert.Equal(0, bench.Board.Flash.Erases.Sum());
        bench.Settle();
        Assert.Equal("old", bench.Board.RunningSketch!.Name);
    }

    [Theory]
    [InlineData("maple20", (byte)0)]
    [InlineData("maple-orig", (byte)0)]
    public void Nothing_is_written_to_ram(string board, byte alternate)
    {
        var bench = new Bench(board);

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(Alt1) with { Alternate = alternate }));

        Assert.Equal(UploadError.NotWritable, e.Error);
        Assert.Equal(0, bench.Board.Flash.Erases.Sum());
    }

    [Fact]
    public void An_offset_that_no_alternate_setting_has_is_refused()
    {
        var bench = new Bench("maple20");

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(0x0800_3000)));

        Assert.Contains("--offset 0x5000", e.Hint, StringComparison.Ordinal);
        Assert.Contains("--offset 0x2000", e.Hint, StringComparison.Ordinal);
        Assert.Equal(0, bench.Board.Flash.Erases.Sum());
    }

    [Theory]
    [InlineData("maple20", (byte)2, Alt2)]
    [InlineData("maple20", (byte)1, Alt1)]
    [InlineData("maple-orig", (byte)1, Alt1)]
    public void An_alternate_setting_says_where_a_raw_binary_belongs(string board, byte alternate, uint address)
    {
        var bench = new Bench(board);
        var request = bench.Request(address) with { Address = null, Alternate = alternate };

        Assert.Equal(address, bench.Upload(request).Address);
        Assert.Equal(request.File.Content.ToArray(), bench.Flash(address, 20_000));
    }

    [Fact]
    public void A_raw_binary_for_another_alternate_setting_is_refused_by_its_own_vectors_and_the_old_sketch_runs_again()
    {
        var bench = new Bench("maple20");

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(Alt1) with { Address = null, Alternate = 2 }));

        Assert.Equal(UploadError.ImageLinkedElsewhere, e.Error);
        Assert.Equal(0, bench.Board.Flash.Erases.Sum());
        bench.Settle();
        Assert.Equal("old", bench.Board.RunningSketch!.Name);
    }

    [Fact]
    public void Two_maples_of_which_none_is_written_get_no_class_request()
    {
        var clock = new VirtualClock();
        var boards = Enumerable.Range(0, 2)
            .Select(_ => BoardFactory.Create(SimulationOptions.Parse("maple20,start=bootloader"), _ => { })).ToArray();
        var uploader = new Uploader(new InProcessBus(clock, boards), new InProcessSerialPorts(clock, boards), clock, _ => { });

        var e = Assert.Throws<UploadException>(() => uploader.Run(new UploadRequest(Bench.Sketch(Alt2), Alt2, new DeviceFilter(DeviceFilter.KnownIds)), default));

        Assert.Equal(UploadError.SeveralDevices, e.Error);
        Assert.All(boards, b => Assert.Equal(0, b.DfuRequests));
    }

    [Theory]
    [InlineData("maple20", Alt2)]
    [InlineData("maple20", Alt1)]
    [InlineData("maple20,size=512", Alt2)]
    [InlineData("maple-orig", Alt1)]
    public void Unplugged_at_any_transfer_no_half_written_sketch_runs_and_the_same_upload_succeeds_afterwards(string board, uint address)
    {
        const int Size = 5_000;
        var transfers = Transfers(board, address, Size);
        for (var at = 0; at < transfers; at++)
        {
            var bench = new Bench(board, StartState.Bootloader);
            bench.Bus.BeforeTransfer = n =>
            {
                if (n == at)
                {
                    bench.Board.Unplug();
                }
            };
            var request = bench.Request(address, Size) with { Port = null, Timeout = TimeSpan.FromSeconds(1) };
            var first = Record.Exception(() => bench.Upload(request));
            Assert.True(first is null or UploadException { Error: UploadError.DeviceLost or UploadError.NoDevice }, $"at transfer {at}: {first}");

            bench.Bus.BeforeTransfer = _ => { };
            bench.Board.Plug();
            bench.Settle();
            Assert.True(
                bench.Board.RunningSketch is not { } sketch || sketch.Name == "old" || bench.Flash(address, Size).SequenceEqual(request.File.Content.ToArray()),
                $"at transfer {at}: a half-written sketch runs");

            bench.Board.PressReset();
            Assert.True(bench.Upload(request with { Timeout = TimeSpan.FromSeconds(5) }).Verified, $"at transfer {at}");
            Assert.Equal(request.File.Content.ToArray(), bench.Flash(address, Size));
        }
    }

    [Fact]
    public void The_f4_port_is_written_in_one_go_since_its_first_block_erases_its_whole_sector()
    {
        var bench = new Bench("maple-f4");

        bench.Upload(bench.Request(F4, 50_000));

        Assert.Equal(1, bench.Board.Flash.Erases.Sum());
        Assert.Contains(bench.Events, e => e is UploadWarning { Code: WarningCode.DeviceLimit });
        Assert.Contains(bench.Events, e => e is UploadWarning { Code: WarningCode.NotVerifiable });
    }

    [Theory]
    [InlineData(0x2000_0100u, true)]
    [InlineData(0xFFFF_FFFFu, false)]
    public void A_second_place_that_looks_like_a_sketch_is_told_of(uint word, bool told)
    {
        // With 0x08002000 erased, the STM32duino bootloader looks at 0x08005000: the middle of a large sketch.
        var bench = new Bench("maple20", StartState.Bootloader);
        var request = bench.Request(Alt2, 30_000) with { Port = null };
        var bytes = request.File.Content.ToArray();
        BitConverter.TryWriteBytes(bytes.AsSpan((int)(Alt1 - Alt2)), word);
        request = request with { File = request.File with { Content = bytes } };
        bench.Bus.BeforeTransfer = _ =>
        {
            if (bench.Events.LastOrDefault() is FlashProgress { Phase: FlashPhase.Write, Done: > 20_000 })
            {
                bench.Board.Unplug();
            }
        };

        var e = Assert.Throws<UploadException>(() => bench.Upload(request));

        Assert.Equal(told, bench.Events.OfType<UploadWarning>().Any(w => w.Message.Contains("0x08005000", StringComparison.Ordinal)));
        Assert.Equal(told, e.Message.Contains(InterruptedUpload.IncompleteMayStart, StringComparison.Ordinal));
        bench.Bus.BeforeTransfer = _ => { };
        bench.Board.Plug();
        bench.Settle();
        Assert.Equal(told, bench.Log.Any(x => x.Text.Contains("starts at 0x08005000", StringComparison.Ordinal)));
        bench.Board.PressReset();
        Assert.True(bench.Upload(request).Verified);
    }

    [Fact]
    public void A_sketch_that_the_bootloader_would_never_start_is_refused()
    {
        var bench = new Bench("maple20");
        var request = bench.Request(Alt2);
        var bytes = request.File.Content.ToArray();
        BitConverter.TryWriteBytes(bytes, 0x2002_0000u);

        var e = Assert.Throws<UploadException>(() => bench.Upload(request with { File = request.File with { Content = bytes } }));

        Assert.Equal(UploadError.NotForThisDevice, e.Error);
        Assert.Contains("0x20020000", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, bench.Board.Flash.Erases.Sum());
    }

    [Theory]
    [InlineData("maple20", Alt2)]
    [InlineData("maple-orig", Alt1)]
    public void One_that_cannot_be_read_is_written_from_its_start_again_after_a_fault(string board, uint address)
    {
        const int Size = 5_000;
        var transfers = Transfers(board, address, Size);
        for (var at = 0; at < transfers; at++)
        {
            var bench = new Bench(board, StartState.Bootloader);
            bench.Bus.BeforeTransfer = n => _ = n == at ? throw new UsbException(UsbFault.Timeout, "lost") : n;
            var request = bench.Request(address, Size) with { Port = null, Timeout = TimeSpan.FromSeconds(3) };

            // After the last block, a fault only keeps the sketch from being started.
            var e = Record.Exception(() => bench.Upload(DisguisedBus.WithoutUpload(bench.Bus), request));

            Assert.True(e is null || e.Message.Contains(InterruptedUpload.WrittenUnverified, StringComparison.Ordinal), $"at transfer {at}: {e}");
            Assert.True(bench.Flash(address, Size).SequenceEqual(request.File.Content.ToArray()), $"at transfer {at}: the sketch is damaged");
        }
    }

    private static int Transfers(string board, uint address, int size)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var count = 0;
        bench.Bus.BeforeTransfer = n => count = n + 1;
        bench.Upload(bench.Request(address, size) with { Port = null });
        return count;
    }
}
