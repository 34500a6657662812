using UploadHelper.Core.Usb;

namespace UploadHelper.VirtualBoard.Usb;

/// <summary>
/// A device on ST's USB library 2.2.1 for the F1 (usb_core.c: NoData_Setup0(), Data_Setup0()). It checks what the standard
/// leaves undefined, and stalls: unconfigured devices, sizes, indexes. Its only endpoint is 0.
/// </summary>
/// <param name="identity">Its descriptors.</param>
/// <param name="interfaces">Up to which number usbGetInterfaceSetting() accepts an interface: it compares with the count of alternate settings.</param>
public abstract class StLibraryFunction(UsbIdentity identity, int interfaces) : UsbFunction(identity)
{
    private const byte Device = 0;
    private const byte Interface = 1;
    private const byte Endpoint = 2;

    // Not self powered by its bmAttributes (0x80), and reported as self powered: it tests the bit the wrong way round.
    private static readonly byte[] DeviceStatus = [1, 0];

    /// <inheritdoc/>
    protected override void ResetAlternateSetting()
    {
        // usbReset() and Standard_SetConfiguration() leave Current_AlternateSetting as it is.
    }

    /// <inheritdoc/>
    protected sealed override ControlReply Standard(UsbSetup setup)
    {
        var recipient = setup.RequestType & 0x1F;
        return setup.Length == 0 ? (Accepts(setup, recipient) ? Done() : Stall())
            : Answer(setup, recipient) is { } data ? Cut(setup, data)
            : Stall();
    }

    // NoData_Setup0(): by the length alone, whatever the direction.
    private bool Accepts(UsbSetup setup, int recipient)
    {
        switch (recipient, (StandardRequest)setup.Request)
        {
            case (Device, StandardRequest.SetConfiguration):
                if (setup.Value > 1 || setup.Index != 0)
                {
                    return false;
                }

                Configuration = (byte)setup.Value;
                return true;
            case (Device, StandardRequest.SetAddress):
                return setup.Value <= 127 && setup.Index == 0 && !IsConfigured;
            case (Interface, StandardRequest.SetInterface):
                if (!IsConfigured || setup.Index > interfaces || setup.Value > byte.MaxValue)
                {
                    return false;
                }

                // One variable for all interfaces.
                AlternateSetting = (byte)setup.Value;
                return true;
            case (Endpoint, StandardRequest.ClearFeature or StandardRequest.SetFeature):
                // ENDPOINT_HALT of endpoint 0; what SET_FEATURE stalls, the next setup packet frees. Only CLEAR_FEATURE looks at the upper byte.
                return setup.Value == 0 && (setup.Index & 0x7F) == 0 && (setup.Request == (byte)StandardRequest.SetFeature || setup.Index <= byte.MaxValue) && IsConfigured;
            default:
                return false;
        }
    }

    // Data_Setup0(). It writes what a host sends with GET_DESCRIPTOR over the descriptor, which is not modelled.
    private byte[]? Answer(UsbSetup setup, int recipient)
    {
        if ((setup.RequestType & 0x80) == 0)
        {
            return null;
        }

        switch (recipient, (StandardRequest)setup.Request)
        {
            case (Device, StandardRequest.GetDescriptor):
                return DescriptorOf(setup);
            case (Device, StandardRequest.GetStatus) when setup is { Value: 0, Index: 0, Length: 2 }:
                return DeviceStatus;
            case (Interface, StandardRequest.GetStatus) when setup is { Value: 0, Length: 2 } && setup.Index <= interfaces && IsConfigured:
            case (Endpoint, StandardRequest.GetStatus) when setup is { Value: 0, Index: 0 or 0x80, Length: 2 }:
                return [0, 0];
            case (Device, StandardRequest.GetConfiguration):
                return [Configuration];
            case (Interface, StandardRequest.GetInterface) when setup is { Value: 0, Length: 1 } && setup.Index <= interfaces && IsConfigured:
                return [AlternateSetting];
            default:
                return null;
        }
    }

    // The index of a device or configuration descriptor is ignored.
    private byte[]? DescriptorOf(UsbSetup setup) => (setup.Value >> 8) switch
    {
        1 => Identity.DeviceDescriptor(),
        2 => Identity.Configuration,
        3 => Identity.StringDescriptor(setup.Value & 0xFF),
        0x21 => Identity.Configuration[^9..],
        _ => null,
    };
}

/// <summary>
/// A device on libopencm3 (usb_standard.c at d8aa2f17 and, with a BOS, at b8b8d416) with one interface. Requests for data of length 0
/// are accepted, and only requests for an interface's setting need a configuration.
/// </summary>
/// <param name="identity">Its descriptors.</param>
/// <param name="settings">How many alternate settings the interface has.</param>
public abstract class OpenCm3Function(UsbIdentity identity, int settings = 1) : UsbFunction(identity)
{
    private const int English = 0x0409;
    private const int MicrosoftString = 0xEE;

    /// <inheritdoc/>
    protected sealed override ControlReply Standard(UsbSetup setup)
    {
        var reply = Answer(setup);

        // The device descriptor alone is sent from where it is.
        if (setup is not { Request: (byte)StandardRequest.GetDescriptor, Value: >= 0x0100 and < 0x0200 })
        {
            Answered(reply.Data.Span);
        }

        return reply;
    }

    /// <summary>A configuration was selected, if only none.</summary>
    protected virtual void Configured()
    {
    }

    /// <summary>An answer was put together in the buffer for control transfers.</summary>
    protected virtual void Answered(ReadOnlySpan<byte> data)
    {
    }

    private ControlReply Answer(UsbSetup setup) => (setup.RequestType & 0x1F, (StandardRequest)setup.Request) switch
    {
        (0, StandardRequest.GetStatus) or (1, StandardRequest.GetStatus) or (2, StandardRequest.GetStatus) => Cut(setup, [0, 0]),
        (0, StandardRequest.SetAddress) when setup is { RequestType: 0, Value: < 128 } => Done(),
        (0, StandardRequest.GetDescriptor) => Descriptor(setup),
        (0, StandardRequest.GetConfiguration) => Cut(setup, [Configuration]),
        (0, StandardRequest.SetConfiguration) when setup.Value <= 1 => Configure((byte)setup.Value),
        (1, StandardRequest.GetInterface) when setup.Index == 0 && IsConfigured => Cut(setup, [AlternateSetting]),
        (1, StandardRequest.SetInterface) when setup.Index == 0 && setup.Value < settings && IsConfigured => Select((byte)setup.Value),
        (2, StandardRequest.ClearFeature or StandardRequest.SetFeature) when setup.Value == 0 => Done(),
        _ => Stall(),
    };

    private ControlReply Descriptor(UsbSetup setup)
    {
        var index = setup.Value & 0xFF;
        var data = (setup.Value >> 8) switch
        {
            1 => Identity.DeviceDescriptor(),
            2 when index == 0 => Identity.Configuration,
            3 when index == 0 || setup.Index == English || index == MicrosoftString => Identity.StringDescriptor(index),
            0x0F => Identity.DeviceObjectStore,
            _ => null,
        };
        return data is null ? Stall() : Cut(setup, data);
    }

    private ControlReply Select(byte setting)
    {
        AlternateSetting = setting;
        return Done();
    }

    private ControlReply Configure(byte value)
    {
        Configuration = value;
        AlternateSetting = 0;
        Configured();
        return Done();
    }
}
