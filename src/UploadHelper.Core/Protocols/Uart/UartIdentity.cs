using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.Uart;

/// <summary>What a USART bootloader tells of itself and its chip.</summary>
/// <param name="version">The version of its protocol, binary-coded: 0x31 is 3.1.</param>
/// <param name="commands">Its commands.</param>
/// <param name="productId">The product id of the chip.</param>
public sealed class UartIdentity(byte version, IReadOnlyList<byte> commands, ushort productId)
{
    private const byte Get = 0x00;
    private const int Attempts = 6;

    /// <summary>The version of its protocol, binary-coded: 0x31 is 3.1.</summary>
    public byte Version => version;

    /// <summary>Its commands.</summary>
    public IReadOnlyList<byte> Commands => commands;

    /// <summary>Whether it has Erase (0x43), not Extended Erase (0x44).</summary>
    public bool ErasesByBytes => commands.Contains(UartCode.Erase);

    /// <summary>The product id of the chip.</summary>
    public ushort ProductId => productId;

    /// <summary>Asks for it (AN3155, 3.1 and 3.3) until it is told the same twice in a row: the answers have no checksum, and the layout of the flash depends on them.</summary>
    /// <exception cref="UsbException">The port failed, or there is no sound answer.</exception>
    public static UartIdentity Read(UartConnection uart)
    {
        var get = Ask(uart, Get);
        var id = Ask(uart, UartCode.GetId);

        return new UartIdentity(get[0], get[1..], (ushort)(id[0] << 8 | id[^1]));
    }

    private static byte[] Ask(UartConnection uart, byte command)
    {
        byte[] before = [];
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            // The length is one less than the number of bytes that follow; both answers have at least two.
            if (uart.Execute(command, null) == UartAnswer.Ack
                && uart.Receive(1) is [> 0 and var length]
                && uart.Receive(length + 1) is { } data
                && uart.ReceiveAck())
            {
                if (data.AsSpan().SequenceEqual(before))
                {
                    return data;
                }

                before = data;
            }
        }

        throw new UsbException(UsbFault.Timeout, $"There was no sound answer to command 0x{command:X2}.");
    }
}
