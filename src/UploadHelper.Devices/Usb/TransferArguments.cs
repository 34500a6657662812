using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb;

/// <summary>What every control transfer of a real device is asked with, in the terms of the libraries below.</summary>
internal static class TransferArguments
{
    /// <summary>Checks the arguments of a transfer (<see cref="IUsbDevice"/>).</summary>
    /// <param name="setup">Its setup packet.</param>
    /// <param name="length">Bytes of its data stage.</param>
    /// <param name="timeout">Its time limit.</param>
    /// <returns>The time limit in milliseconds, at least 1: to the libraries 0 means for ever.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The data is not as long as the setup packet says, or there is no time.</exception>
    public static int Milliseconds(UsbSetup setup, int length, TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(length, setup.Length);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        return (int)Math.Ceiling(timeout.TotalMilliseconds);
    }
}
