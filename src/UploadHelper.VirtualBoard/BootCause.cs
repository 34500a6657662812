namespace UploadHelper.VirtualBoard;

/// <summary>What a microcontroller finds when it comes out of a reset.</summary>
public enum BootCause
{
    /// <summary>Nothing special: power came up, the RESET button, a reset by software.</summary>
    Reset,

    /// <summary>Somebody asks for the bootloader: a sketch left a flag in a backup register, or a button is held.</summary>
    BootloaderWanted,

    /// <summary>The BOOT0 pin is high: the bootloader in ROM starts, whatever is in flash (AN2606).</summary>
    Boot0,
}
