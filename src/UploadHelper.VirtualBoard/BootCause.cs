namespace UploadHelper.VirtualBoard;

/// <summary>What a microcontroller finds when it comes out of a reset.</summary>
public enum BootCause
{
    /// <summary>Power came up.</summary>
    Power,

    /// <summary>The RESET button.</summary>
    ResetButton,

    /// <summary>A reset by software that leaves nothing behind.</summary>
    Software,

    /// <summary>A reset by software; a flag in a backup register asks for the bootloader (0x424C, Arduino_STM32).</summary>
    Flag,

    /// <summary>Somebody does what it takes to get this board's bootloader: holds its button, or presses RESET.</summary>
    ByHand,

    /// <summary>The BOOT0 pin is high: the bootloader in ROM starts, whatever is in flash (AN2606).</summary>
    Boot0,
}
