using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.Contracts;

/// <summary>What <see cref="IUsbBus"/> and <see cref="IUsbDevice"/> promise, whatever is behind them.</summary>
public abstract class UsbContract(UsbBench bench) : IDisposable
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);
    private static readonly UsbSetup Ask = new(0xC1, 0x21, 5, 0, 6);

    public void Dispose()
    {
        bench.Dispose();
        GC.SuppressFinalize(this);
    }

    [Rule]
    public void A_look_shows_the_device_and_asks_it_nothing()
    {
        var first = bench.Find();
        var before = bench.Use(d => d.Transfers);
        var second = bench.Look()!;

        Assert.Equal((0x1209, 0x0001, 0x0123), (second.VendorId, second.ProductId, second.Release));
        Assert.Equal(new UsbInterfaceInfo(0, 0, 0xFF, 1, 2), second.Interfaces[0]);
        Assert.Matches(@"^\d+-\d+(\.\d+)*$", second.Path);
        Assert.Equal((first.Bus, first.Number, first.Path), (second.Bus, second.Number, second.Path));
        Assert.Equal(before, bench.Use(d => d.Transfers));
    }

    [Rule]
    public void A_device_that_enumerates_again_keeps_its_path_and_gets_another_number()
    {
        var before = bench.Find();
        bench.Use(d => d.Enumerate());
        var after = bench.Find(instead: before);

        Assert.Equal(before.Path, after.Path);
        AssertFault(UsbFault.Gone, () => bench.Bus.Open(before));
        bench.OpenWhenFree(after).Dispose();
    }

    [Rule]
    public void A_device_that_was_pulled_is_listed_no_more_and_cannot_be_opened()
    {
        var before = bench.Find();
        bench.Use(d => d.Unplug());
        UsbBench.WaitUntil(() => bench.Look() is null);
        AssertFault(UsbFault.Gone, () => bench.Bus.Open(before));
    }

    [Rule]
    public void An_open_device_says_what_it_is()
    {
        var info = bench.Find();
        using var device = bench.Bus.Open(info);
        Assert.Equal((info.Bus, info.Number, info.Path, info.Id), (device.Info.Bus, device.Info.Number, device.Info.Path, device.Info.Id));
    }

    [Rule]
    public void What_one_has_claimed_another_cannot_have()
    {
        var info = bench.Find();
        using (var device = bench.Bus.Open(info))
        {
            device.Claim(0);
            AssertFault(UsbFault.Busy, () =>
            {
                using var other = bench.Bus.Open(info);
                other.Claim(0);
            });
        }

        using var next = bench.Bus.Open(info);
        next.Claim(0);
    }

    [Rule]
    public void Data_goes_both_ways_whole()
    {
        var kept = Array.Empty<byte>();
        bench.Use(d => d.OnRequest = (setup, data) => Done(setup.IsIn ? kept : kept = data));
        using var device = Claimed();
        foreach (var length in (int[])[0, 1, 64, 2048, 4096])
        {
            var sent = new byte[length];
            new Random(length).NextBytes(sent);
            device.ControlOut(new UsbSetup(0x41, 0x20, 0, 0, (ushort)length), sent, Long);
            var received = new byte[length];
            Assert.Equal(length, device.ControlIn(new UsbSetup(0xC1, 0x21, 0, 0, (ushort)length), received, Long));
            Assert.Equal(sent, received);
        }
    }

    [Rule]
    public void A_setup_packet_arrives_as_it_was_meant()
    {
        UsbSetup? seen = null;
        bench.Use(d => d.OnRequest = (setup, _) =>
        {
            seen = setup;
            return Done([]);
        });
        using var device = Claimed();
        var setup = new UsbSetup(0xC1, 0xFE, 0xFEDC, 0x0000, 0x0102);
        device.ControlIn(setup, new byte[0x0102], Long);
        Assert.Equal(setup, bench.Use(_ => seen));
    }

    [Rule]
    public void A_short_answer_is_counted_and_the_rest_left_alone()
    {
        bench.Use(d => d.OnRequest = (_, _) => Done([1, 2, 3]));
        using var device = Claimed();
        byte[] buffer = [9, 9, 9, 9, 9, 9];
        Assert.Equal(3, device.ControlIn(Ask, buffer, Long));
        Assert.Equal([1, 2, 3, 9, 9, 9], buffer);
    }

    [Rule]
    public void A_stall_is_told_and_the_next_transfer_goes_on()
    {
        using var device = Claimed();
        AssertFault(UsbFault.Stall, () => device.ControlIn(Ask, new byte[6], Long));
        AssertFault(UsbFault.Stall, () => device.ControlOut(new UsbSetup(0x41, 1, 0, 0, 2), [1, 2], Long));
        AssertAnswers(device);
    }

    [Rule]
    public void A_silent_device_costs_the_time_limit_and_nothing_else()
    {
        bench.Use(d => d.OnRequest = (_, _) => new ControlReply(ControlOutcome.Silent, default, TimeSpan.Zero));
        using var device = Claimed();
        AssertFault(UsbFault.Timeout, () => device.ControlIn(Ask, new byte[6], Short));
        AssertFault(UsbFault.Timeout, () => device.ControlOut(new UsbSetup(0x41, 1, 0, 0, 2), [1, 2], Short));
        AssertAnswers(device);
    }

    [Rule]
    public void Each_transfer_has_its_own_time_limit()
    {
        using var device = Claimed();
        AssertAnswers(device);
        bench.Use(d => d.OnRequest = (_, _) => Done([], busy: Short * 20));
        AssertFault(UsbFault.Timeout, () => device.ControlIn(Ask, new byte[6], Short));

        // The device is not through with the last one.
        AssertAnswers(device);
    }

    [Rule]
    public void An_alternate_setting_reaches_the_device_and_another_is_refused()
    {
        using var device = Claimed();
        device.SetAlternateSetting(0, 1);
        Assert.Equal(1, bench.Use(d => d.Alternate));
        AssertFault(UsbFault.Stall, () => device.SetAlternateSetting(0, 2));
        Assert.Equal(1, bench.Use(d => d.Alternate));
        device.SetAlternateSetting(0, 0);
        Assert.Equal(0, bench.Use(d => d.Alternate));
    }

    [Rule]
    public void A_device_that_leaves_in_a_transfer_is_gone()
    {
        bench.Use(d => d.OnRequest = (_, _) =>
        {
            d.Unplug();
            return new ControlReply(ControlOutcome.Gone, default, TimeSpan.Zero);
        });
        using var device = Claimed();
        AssertFault(UsbFault.Gone, () => device.ControlIn(Ask, new byte[6], Long));
    }

    [Rule]
    public void Of_a_device_that_has_left_all_is_gone_and_it_can_be_closed()
    {
        var info = bench.Find();
        using (var device = bench.Bus.Open(info))
        {
            device.Claim(0);
            device.SetAlternateSetting(0, 1);
            bench.Use(d => d.Unplug());
            UsbBench.WaitUntil(() => bench.Look() is null);
            AssertFault(UsbFault.Gone, () => device.ControlIn(Ask, new byte[6], Long));
            AssertFault(UsbFault.Gone, () => device.ControlOut(new UsbSetup(0x41, 1, 0, 0, 2), [1, 2], Long));
            AssertFault(UsbFault.Gone, () => device.SetAlternateSetting(0, 1));
            device.Dispose();
        }

        bench.Use(d => d.Enumerate());
        using var next = bench.OpenWhenFree(bench.Find(instead: info));
        next.Claim(0);
        AssertAnswers(next);
    }

    [Rule]
    public void A_reset_reaches_the_device()
    {
        using var device = Claimed();
        var before = bench.Use(d => d.Resets);
        device.Reset();
        Assert.Equal(before + 1, bench.Use(d => d.Resets));
    }

    [Rule]
    public void A_reset_that_brings_another_device_is_a_success()
    {
        var info = bench.Find();
        using var device = bench.Bus.Open(info);
        device.Claim(0);
        bench.Use(d => d.ChangesAtReset = true);
        device.Reset();
        bench.Use(d => d.ChangesAtReset = false);
        bench.OpenWhenFree(bench.Find(instead: info)).Dispose();
        AssertFault(UsbFault.Gone, () => device.ControlIn(Ask, new byte[6], Long));
    }

    [Rule]
    public void A_packet_from_an_interrupt_endpoint_is_received_whole_and_the_rest_of_the_buffer_left_alone()
    {
        using var device = Claimed();
        bench.Use(d => d.Send(1, 2, 3, 4, 5, 6, 7, 8));
        bench.Use(d => d.Send(9, 10));
        byte[] first = new byte[8], second = [0, 0, 7, 7, 7, 7, 7, 7];

        Assert.Equal(8, device.InterruptIn(ScriptedDevice.Endpoint, first, Long));
        Assert.Equal(2, device.InterruptIn(ScriptedDevice.Endpoint, second, Long));

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], first);
        Assert.Equal([9, 10, 7, 7, 7, 7, 7, 7], second);
    }

    [Rule]
    public void A_packet_that_is_not_there_yet_is_waited_for()
    {
        using var device = Claimed();
        bench.Use(d => d.Later(Short, () => d.Send(5)));
        Assert.Equal(1, device.InterruptIn(ScriptedDevice.Endpoint, new byte[8], Long));
    }

    [Rule]
    public void A_packet_that_does_not_come_costs_the_time_limit_and_nothing_else()
    {
        using var device = Claimed();
        AssertFault(UsbFault.Timeout, () => device.InterruptIn(ScriptedDevice.Endpoint, new byte[8], Short));
        AssertAnswers(device);

        bench.Use(d => d.Send(6));
        Assert.Equal(1, device.InterruptIn(ScriptedDevice.Endpoint, new byte[8], Long));
    }

    [Rule]
    public void A_device_that_leaves_while_its_packet_is_waited_for_is_gone()
    {
        using var device = Claimed();
        bench.Use(d => d.Later(Short, d.Unplug));
        AssertFault(UsbFault.Gone, () => device.InterruptIn(ScriptedDevice.Endpoint, new byte[8], Long));
        UsbBench.WaitUntil(() => bench.Look() is null);
        AssertFault(UsbFault.Gone, () => device.InterruptIn(ScriptedDevice.Endpoint, new byte[8], Long));
    }

    private static ControlReply Done(byte[] data, TimeSpan busy = default) => new(ControlOutcome.Done, data, busy);

    private static void AssertFault(UsbFault fault, Action action) => Assert.Equal(fault, Assert.Throws<UsbException>(action).Fault);

    private void AssertAnswers(IUsbDevice device)
    {
        bench.Use(d => d.OnRequest = (_, _) => Done([7]));
        Assert.Equal(1, device.ControlIn(Ask, new byte[6], Long));
    }

    private IUsbDevice Claimed()
    {
        var device = bench.Bus.Open(bench.Find());
        device.Claim(0);
        return device;
    }
}
