using System.Text;
using UploadHelper.Core.Usb;

namespace UploadHelper.VirtualBoard.Usb;

/// <summary>What a virtual board shows on the bus at a time. Answers the standard requests (USB 2.0, 9.4); the rest is the subclass's.</summary>
/// <param name="identity">Its descriptors.</param>
public abstract class UsbFunction(UsbIdentity identity)
{
    private byte _configuration;

    /// <summary>Its descriptors.</summary>
    public UsbIdentity Identity => identity;

    /// <summary>Whether the host has selected a configuration since the last reset of the port.</summary>
    protected bool IsConfigured => _configuration != 0;

    /// <summary>The selected alternate setting of interface 0.</summary>
    protected byte AlternateSetting { get; private set; }

    /// <summary>When something happens by itself next, or null.</summary>
    public virtual TimeSpan? NextEventAt => null;

    /// <summary>Lets time pass.</summary>
    public virtual void AdvanceTo(TimeSpan now)
    {
    }

    /// <summary>A control transfer.</summary>
    public ControlReply Control(UsbSetup setup, ReadOnlySpan<byte> data) =>
        setup.IsStandard ? Standard(setup) : Class(setup, data);

    /// <summary>A reset of the port: the configuration is gone until the host selects it again.</summary>
    public virtual void BusReset()
    {
        _configuration = 0;
        AlternateSetting = 0;
    }

    /// <summary>The power fails while it is busy.</summary>
    public virtual void PowerLost()
    {
    }

    /// <summary>A packet to a bulk endpoint; false for NAK.</summary>
    public virtual bool BulkOut(byte endpoint, ReadOnlySpan<byte> packet) => false;

    /// <summary>A packet from an endpoint; null for NAK.</summary>
    public virtual byte[]? BulkIn(byte endpoint, int maxLength) => null;

    /// <summary>Whether SET_INTERFACE is taken: for what the descriptors name.</summary>
    protected virtual bool TakesAlternateSetting(byte interfaceNumber, byte alternateSetting) =>
        UsbDescriptors.Interfaces(identity.Configuration).Any(i => i.Number == interfaceNumber && i.AlternateSetting == alternateSetting);

    /// <summary>A class or vendor request.</summary>
    protected abstract ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data);

    /// <summary>A transfer that went through.</summary>
    protected static ControlReply Done(ReadOnlyMemory<byte> data = default, TimeSpan busy = default) => new(ControlOutcome.Done, data, busy);

    /// <summary>A transfer that was refused.</summary>
    protected static ControlReply Stall() => new(ControlOutcome.Stall, default, default);

    private ControlReply Standard(UsbSetup setup)
    {
        switch (setup.Request)
        {
            case 0: // GET_STATUS
                return Cut(setup, [0, 0]);
            case 1 or 3 or 5: // CLEAR_FEATURE, SET_FEATURE, SET_ADDRESS
                return Done();
            case 6: // GET_DESCRIPTOR
                return Descriptor(setup);
            case 8: // GET_CONFIGURATION
                return Cut(setup, [_configuration]);
            case 9: // SET_CONFIGURATION
                _configuration = (byte)setup.Value;
                return Done();
            case 10: // GET_INTERFACE
                return Cut(setup, [AlternateSetting]);
            case 11: // SET_INTERFACE
                return Select((byte)setup.Index, (byte)setup.Value);
            default:
                return Stall();
        }
    }

    private ControlReply Select(byte interfaceNumber, byte alternateSetting)
    {
        if (!TakesAlternateSetting(interfaceNumber, alternateSetting))
        {
            return Stall();
        }

        if (interfaceNumber == 0)
        {
            AlternateSetting = alternateSetting;
        }

        return Done();
    }

    private ControlReply Descriptor(UsbSetup setup)
    {
        var index = setup.Value & 0xFF;
        return (setup.Value >> 8) switch
        {
            1 => Cut(setup, identity.DeviceDescriptor()),
            2 when index == 0 => Cut(setup, identity.Configuration),
            3 when index == 0 => Cut(setup, [4, 3, 0x09, 0x04]),
            3 when index <= identity.Strings.Count => Cut(setup, StringDescriptor(identity.Strings[index - 1])),
            _ => Stall(),
        };
    }

    private static byte[] StringDescriptor(string text) => [(byte)(2 + text.Length * 2), 3, .. Encoding.Unicode.GetBytes(text)];

    private static ControlReply Cut(UsbSetup setup, byte[] data) => Done(data.AsMemory(0, Math.Min(data.Length, setup.Length)));
}
