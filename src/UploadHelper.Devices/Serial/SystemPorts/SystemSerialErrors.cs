using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial.SystemPorts;

/// <summary>
/// What System.IO.Ports throws, as faults. Whatever keeps a port of Linux or macOS from opening is an
/// UnauthorizedAccessException there; the exception inside it has the system's error number as its HResult.
/// </summary>
internal static class SystemSerialErrors
{
    private const int Win32Code = 0xFFFF;

    /// <summary>Whether an exception tells a failure of the port.</summary>
    public static bool Covers(Exception e) =>
        e is IOException or UnauthorizedAccessException or TimeoutException or InvalidOperationException or ArgumentException;

    /// <summary>Whether a line has no modem control: a pseudo terminal. On Windows any refusal of a line counts as that.</summary>
    public static bool IsWithoutModemLines(IOException e) =>
        OperatingSystem.IsWindows() ? e is not FileNotFoundException : PosixErrors.IsWithoutModemLines(e.HResult);

    /// <summary>A port that went away while it was open.</summary>
    public static SerialException Gone(Exception? inner) => new(SerialFault.Gone, "The serial port went away.", inner);

    /// <summary>The exception for what the package threw.</summary>
    /// <param name="what">What was tried.</param>
    /// <param name="e">What it threw.</param>
    /// <param name="opening">Whether the port was not open yet.</param>
    public static SerialException Exception(string what, Exception e, bool opening) => e switch
    {
        TimeoutException => new SerialException(SerialFault.Timeout, "The device did not take the bytes in time.", e),
        // Its loop found the terminal hung up, and the stream counts as closed.
        InvalidOperationException => Gone(e),
        UnauthorizedAccessException { InnerException: IOException inner } => Exception(what, inner, opening),
        _ when OperatingSystem.IsWindows() => new SerialException(WindowsFault(e, opening), $"{what} failed: {e.Message}", e),
        IOException => PosixErrors.Exception(what, e.HResult, opening),
        _ => new SerialException(SerialFault.Io, $"{what} failed: {e.Message}", e),
    };

    // An argument that it refuses is a name that is no COM port's.
    private static SerialFault WindowsFault(Exception e, bool opening) =>
        opening && e is ArgumentException ? SerialFault.NotFound : WindowsErrors.Fault(e.HResult & Win32Code, opening);
}
