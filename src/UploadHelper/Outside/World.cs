using UploadHelper.Commands;
using UploadHelper.Configuration;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Outside;

/// <summary>Where the boards of a run are: on this machine, behind a USB/IP server, or in software.</summary>
internal sealed class World : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    private World(IUsbBus usb, ISerialPorts serialPorts, TimeProvider time) => (Usb, SerialPorts, Time) = (usb, serialPorts, time);

    public IUsbBus Usb { get; private set; }

    public ISerialPorts SerialPorts { get; }

    public TimeProvider Time { get; }

    /// <summary>The port to use if none is named, or null.</summary>
    public string? DefaultPort { get; private init; }

    public static World Open(Settings settings, CommandContext context, string simulatedStart)
    {
        return new World(null!, null!, context.Time) { DefaultPort = simulatedStart + settings };
    }

    public void Dispose()
    {
        foreach (var owned in Enumerable.Reverse(_owned))
        {
            owned.Dispose();
        }
    }
}
