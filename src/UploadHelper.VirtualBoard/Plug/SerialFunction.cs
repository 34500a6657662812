namespace UploadHelper.VirtualBoard.Plug;

/// <summary>The serial line of a device: where its control requests and its data go (USB CDC 1.2, PSTN subclass).</summary>
/// <param name="ControlInterface">Number of the communications interface.</param>
/// <param name="Out">Address of the bulk OUT endpoint.</param>
/// <param name="In">Address of the bulk IN endpoint.</param>
/// <param name="PacketSize">Largest packet to the OUT endpoint, in bytes.</param>
internal sealed record SerialFunction(byte ControlInterface, byte Out, byte In, int PacketSize)
{
    /// <summary>Finds the serial line in a configuration descriptor; null: the device has none.</summary>
    public static SerialFunction? Find(ReadOnlySpan<byte> configuration)
    {
        const byte Interface = 4, Endpoint = 5;
        const byte Communications = 0x02, Data = 0x0A, Bulk = 2;
        byte? control = null, output = null, input = null;
        var size = 0;
        byte interfaceClass = 0;
        for (var rest = configuration; rest.Length >= 7 && rest[0] >= 2 && rest[0] <= rest.Length; rest = rest[rest[0]..])
        {
            if (rest[1] == Interface && rest.Length >= 9)
            {
                interfaceClass = rest[5];
                control = interfaceClass == Communications ? rest[2] : control;
            }
            else if (rest[1] == Endpoint && interfaceClass == Data && (rest[3] & 3) == Bulk)
            {
                if ((rest[2] & 0x80) != 0)
                {
                    input = rest[2];
                }
                else
                {
                    output = rest[2];
                    size = rest[4] | ((rest[5] & 7) << 8);
                }
            }
        }

        return control is { } number && output is { } o && input is { } i && size > 0 ? new SerialFunction(number, o, i, size) : null;
    }
}
