using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.LibUsb0;

/// <summary>
/// What libusb-win32 returns for errors: negative numbers of errno.h. It tells no more than time-outs, wrong parameters and
/// the rest apart (error.c, usb_win_error_to_errno), so that a stall and a device that left are the same number.
/// </summary>
internal static class LibUsb0Error
{
    private const int Io = -5;
    private const int OutOfMemory = -12;
    private const int Invalid = -22;
    private const int Timeout = -116;

    /// <summary>The exception for an error.</summary>
    /// <param name="code">What the library returned; negative.</param>
    /// <param name="what">What was tried.</param>
    /// <param name="refusal">What a failure means where a device is there and answers in time.</param>
    public static UsbException Exception(int code, string what, UsbFault refusal = UsbFault.Io) =>
        new(code switch { Timeout => UsbFault.Timeout, Io or Invalid => refusal, _ => UsbFault.Io }, $"{what} failed: {Name(code)}.");

    /// <summary>Throws for a negative result.</summary>
    public static void Check(int result, string what)
    {
        if (result < 0)
        {
            throw Exception(result, what);
        }
    }

    private static string Name(int code) => code switch
    {
        Io => "refused, or input/output error (libusb0 error -5)",
        OutOfMemory => "out of memory (libusb0 error -12)",
        Invalid => "invalid parameter (libusb0 error -22)",
        Timeout => "time-out (libusb0 error -116)",
        _ => $"libusb0 error {code}",
    };
}
