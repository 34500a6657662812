namespace UploadHelper.Core.Protocols.Uart;

/// <summary>The commands of the USART bootloader in ROM and its answers (AN3155, 3).</summary>
internal static class UartCode
{
    /// <summary>The first byte of all: the bootloader measures the speed with it.</summary>
    public const byte Synchronize = 0x7F;

    /// <summary>The answer to what is accepted.</summary>
    public const byte Ack = 0x79;

    /// <summary>The answer to what is refused.</summary>
    public const byte Nack = 0x1F;

    /// <summary>Get: its version and commands.</summary>
    public const byte Get = 0x00;

    /// <summary>Get Version.</summary>
    public const byte GetVersion = 0x01;

    /// <summary>Get ID: the product id of the chip.</summary>
    public const byte GetId = 0x02;

    /// <summary>Read Memory.</summary>
    public const byte ReadMemory = 0x11;

    /// <summary>Go: starts a program.</summary>
    public const byte Go = 0x21;

    /// <summary>Write Memory.</summary>
    public const byte WriteMemory = 0x31;

    /// <summary>Erase, by numbers of one byte.</summary>
    public const byte Erase = 0x43;

    /// <summary>Extended Erase, by numbers of two bytes.</summary>
    public const byte ExtendedErase = 0x44;

    /// <summary>Write Protect.</summary>
    public const byte WriteProtect = 0x63;

    /// <summary>Write Unprotect.</summary>
    public const byte WriteUnprotect = 0x73;

    /// <summary>Readout Protect.</summary>
    public const byte ReadoutProtect = 0x82;

    /// <summary>Readout Unprotect; it erases everything.</summary>
    public const byte ReadoutUnprotect = 0x92;
}
