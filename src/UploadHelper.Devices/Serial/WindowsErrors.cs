using System.Runtime.InteropServices;
using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial;

/// <summary>The error codes of Windows (winerror.h), as faults of a serial port.</summary>
internal static class WindowsErrors
{
    private const int FileNotFound = 2;
    private const int PathNotFound = 3;
    private const int AccessDenied = 5;
    private const int SharingViolation = 32;
    private const int SemaphoreTimeout = 121;

    /// <summary>The fault that an error code stands for.</summary>
    public static SerialFault Fault(int error, bool opening) => error switch
    {
        FileNotFound or PathNotFound => opening ? SerialFault.NotFound : SerialFault.Gone,
        // Windows says "access denied" of a port that another program has open, and of an open one that is gone.
        AccessDenied or SharingViolation => opening ? SerialFault.Busy : SerialFault.Gone,
        SemaphoreTimeout => opening ? SerialFault.Io : SerialFault.Timeout,
        _ => opening ? SerialFault.Io : SerialFault.Gone,
    };

    /// <summary>The exception for an error code.</summary>
    /// <param name="what">What was tried.</param>
    /// <param name="error">The error code.</param>
    /// <param name="opening">Whether the port was not open yet.</param>
    public static SerialException Exception(string what, int error, bool opening) =>
        new(Fault(error, opening), $"{what} failed: {Marshal.GetPInvokeErrorMessage(error)}");
}
