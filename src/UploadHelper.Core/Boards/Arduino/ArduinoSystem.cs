namespace UploadHelper.Core.Boards.Arduino;

/// <summary>The systems that Arduino's properties files tell apart by a suffix of the key.</summary>
public enum ArduinoSystem
{
    /// <summary>".linux".</summary>
    Linux,

    /// <summary>".windows".</summary>
    Windows,

    /// <summary>".macosx".</summary>
    MacOsX,
}
