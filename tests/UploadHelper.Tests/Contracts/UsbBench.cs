using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Tests.Contracts;

/// <summary>A device in a test's hand, and one implementation of the bus that shows it.</summary>
public abstract class UsbBench : IDisposable
{
    // Only there to stop what hangs.
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    protected ScriptedDevice Device { get; } = new();

    public abstract IUsbBus Bus { get; }

    /// <summary>Does something with the device, in the order with what the host does to it.</summary>
    public abstract T Use<T>(Func<ScriptedDevice, T> action);

    public void Use(Action<ScriptedDevice> action) => Use(device =>
    {
        action(device);
        return true;
    });

    /// <summary>The device as a look at the bus shows it, or null.</summary>
    public UsbDeviceInfo? Look() => Bus.List().SingleOrDefault(d => d.Id == ScriptedDevice.Id);

    /// <summary>Waits until the system has taken note of the device.</summary>
    /// <param name="instead">An enumeration that is over.</param>
    public UsbDeviceInfo Find(UsbDeviceInfo? instead = null)
    {
        UsbDeviceInfo? found = null;
        WaitUntil(() => (found = Look()) is not null && found.Number != instead?.Number && IsReady());
        return found!;
    }

    /// <summary>Opens a device as soon as its last client is done with it: a server may need a moment to see that one is gone.</summary>
    public IUsbDevice OpenWhenFree(UsbDeviceInfo info)
    {
        IUsbDevice? open = null;
        WaitUntil(() => (open = TryOpen(info)) is not null);
        return open!;
    }

    private IUsbDevice? TryOpen(UsbDeviceInfo info)
    {
        try
        {
            return Bus.Open(info);
        }
        catch (UsbException e) when (e.Fault == UsbFault.Busy)
        {
            return null;
        }
    }

    public static void WaitUntil(Func<bool> condition)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Watchdog, "it never came to that");
            TimeProvider.System.Wait(Pause, CancellationToken.None);
        }
    }

    public abstract void Dispose();

    /// <summary>Whether the system is done with what it does to each device that comes.</summary>
    protected virtual bool IsReady() => true;
}
