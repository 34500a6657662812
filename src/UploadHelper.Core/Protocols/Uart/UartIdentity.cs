using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.Uart;

/// <summary>What a USART bootloader tells of itself and its chip.</summary>
/// <param name="erasesByBytes">Whether it has Erase (0x43), not Extended Erase (0x44).</param>
/// <param name="productId">The product id of the chip.</param>
public sealed class UartIdentity(bool erasesByBytes, ushort productId)
{
    private const byte Get = 0x00;
    private const byte GetId = 0x02;
    private const byte EraseMemory = 0x43;
    private const int Attempts = 6;

    /// <summary>Whether it has Erase (0x43), not Extended Erase (0x44).</summary>
    public bool ErasesByBytes => erasesByBytes;

    /// <summary>The product id of the chip.</summary>
    public ushort ProductId => productId;

    /// <summary>Asks for it (AN3155, 3.1 and 3.3) until it is told the same twice in a row: the answers have no checksum, and the layout of the flash depends on them.</summary>
    /// <exception cref="UsbException">The port failed, or there is no sound answer.</exception>
    public static UartIdentity Read(UartConnection uart)
    {
        var get = Ask(uart, Get);
        var id = Ask(uart, GetId);

        // The first byte is the version of the protocol.
        return new UartIdentity(get.AsSpan(1).Contains(EraseMemory), (ushort)(id[0] << 8 | id[^1]));
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
