using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial;

/// <summary>The error codes of Windows (winerror.h), as faults of a serial port that is being opened.</summary>
internal static class WindowsErrors
{
    private const int FileNotFound = 2;
    private const int PathNotFound = 3;
    private const int AccessDenied = 5;
    private const int SharingViolation = 32;

    /// <summary>The fault that an error code stands for.</summary>
    public static SerialFault Fault(int error) => error switch
    {
        FileNotFound or PathNotFound => SerialFault.NotFound,
        // Windows says "access denied" of a port that another program has open.
        AccessDenied or SharingViolation => SerialFault.Busy,
        _ => SerialFault.Io,
    };
}
