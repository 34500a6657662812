using System.Runtime.InteropServices;
using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial;

/// <summary>The error numbers of Linux and macOS (errno), as faults of a serial port.</summary>
internal static class PosixErrors
{
    public const int NotATerminal = 25;
    public const int InvalidArgument = 22;
    private const int NotPermitted = 1;
    private const int NoEntry = 2;
    private const int IoError = 5;
    private const int NoDeviceOrAddress = 6;
    private const int AccessDenied = 13;
    private const int Busy = 16;
    private const int NoDevice = 19;

    /// <summary>Whether the error of a call for modem lines means that there are none: a pseudo terminal.</summary>
    public static bool IsWithoutModemLines(int error) => error is NotATerminal or InvalidArgument;

    /// <summary>The fault that an errno means.</summary>
    public static SerialFault Fault(int error, bool opening) => error switch
    {
        NoEntry => SerialFault.NotFound,
        NoDevice or NoDeviceOrAddress => opening ? SerialFault.NotFound : SerialFault.Gone,
        AccessDenied or NotPermitted => SerialFault.AccessDenied,
        Busy => SerialFault.Busy,
        IoError => opening ? SerialFault.Io : SerialFault.Gone,
        _ => SerialFault.Io,
    };

    /// <summary>The exception for an errno.</summary>
    /// <param name="what">What was tried.</param>
    /// <param name="error">The errno.</param>
    /// <param name="opening">Whether the port was not open yet.</param>
    public static SerialException Exception(string what, int error, bool opening) =>
        new(Fault(error, opening), $"{what} failed: {Marshal.GetPInvokeErrorMessage(error)}.");
}

/// <summary>The error codes of Windows (winerror.h), as faults of a serial port.</summary>
internal static class WindowsErrors
{
    private const int FileNotFound = 2;
    private const int PathNotFound = 3;
    private const int AccessDenied = 5;
    private const int SharingViolation = 32;
    private const int SemaphoreTimeout = 121;

    /// <summary>The fault that an error code means.</summary>
    public static SerialFault Fault(int error, bool opening) => error switch
    {
        FileNotFound or PathNotFound => opening ? SerialFault.NotFound : SerialFault.Gone,
        // Windows reports "access denied" for a port that another program has open, and for an open port that was unplugged.
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
