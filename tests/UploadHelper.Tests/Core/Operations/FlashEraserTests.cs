using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Core.Operations;

public class FlashEraserTests
{
    private readonly Bench _bench = new("f4rom", StartState.Bootloader);

    [Fact]
    public void The_lowest_sector_goes_first()
    {
        Erase(null, null);

        var erased = _bench.Log.Where(e => e.Kind == BoardEventKind.Flash).Select(e => e.Text).ToList();
        Assert.Equal("erase sector 0 at 0x08000000", erased[0]);
        Assert.Equal(12, erased.Count);
        Assert.Empty(_bench.Board.Violations);
    }

    [Fact]
    public void A_sector_that_the_chip_protects_is_found_by_reading_back()
    {
        _bench.Bus.BeforeTransfer = _ =>
        {
            if (_bench.Board.Flash.Erases.Sum() == 2)
            {
                _bench.Board.Flash.Preload(0x0800_4321, [0x5A]);
            }
        };

        var e = Assert.Throws<UploadException>(() => Erase(0x0800_4000, 0x8000));

        Assert.Equal(UploadError.VerifyFailed, e.Error);
        Assert.Matches("^0x08004321 .* 0x5A.*0x08004000 to 0x0800BFFF is erased, at least in part", e.Message);
    }

    [Fact]
    public void A_board_lost_with_its_first_erase_is_told_truly()
    {
        _bench.Bus.BeforeTransfer = _ =>
        {
            if (_bench.Events.Any(x => x is BootloaderFound))
            {
                _bench.Board.Unplug();
            }
        };

        var e = Assert.Throws<UploadException>(() => Erase(0x0800_4000, 0x8000));

        Assert.Equal(UploadError.DeviceLost, e.Error);
        Assert.EndsWith("The board did not confirm the first erase: 0x08004000 to 0x0800BFFF is either unchanged or partly erased.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancelled_erase_tells_how_the_board_is()
    {
        using var cancellation = new CancellationTokenSource();
        _bench.Bus.AfterTransfer = _ =>
        {
            if (_bench.Board.Flash.Erases.Sum() == 3)
            {
                cancellation.Cancel();
            }
        };

        Assert.Throws<OperationCanceledException>(() => Erase(null, null, cancellation.Token));

        Assert.Equal(3, _bench.Board.Flash.Erases.Sum());
        Assert.Contains(_bench.Events, e => e is UploadCancelled { State: var state } && state.Contains("incomplete", StringComparison.Ordinal));
    }

    private bool Erase(uint? address, long? length, CancellationToken cancellationToken = default)
    {
        FlashEraser? eraser = null;
        return new BoardOperation(_bench.Bus, _bench.System.SerialPorts, _bench.System.Clock, _bench.Events.Add).Run(
            new BootloaderRequest(new DeviceFilter([DeviceFilter.StDfu])),
            session =>
            {
                eraser = new FlashEraser(session, _bench.Events.Add);
                return eraser.Run(new ErasePlanner(session.Memories, session.Info, null).Plan(address, length));
            },
            () => eraser?.State ?? ErrorMessages.Unchanged,
            cancellationToken);
    }
}
