using UploadHelper.Core.Errors;
using UploadHelper.Core.Serial;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// Watches the sketch's port while the bootloader is waited for. A Maple bootloader stays for about a second, which a busy machine may
/// miss. A ROM that cannot measure the crystal resets the chip (AN2606), and the sketch may give up after some attempts or after the
/// first. In both cases the sketch is back, and is reset again.
/// </summary>
/// <param name="ports">The serial ports.</param>
/// <param name="name">The sketch's port.</param>
/// <param name="usbPath">The USB path of the board, or null if it is not known: the port may come back under another name.</param>
/// <param name="first">How the first reset ended.</param>
internal sealed class BoardWatch(ISerialPorts ports, string name, string? usbPath, ResetOutcome first)
{
    // AN2606: the ROM measures the crystal before it starts USB, and resets the chip if it cannot.
    private const string NoCrystal = " If that does not help either, its ROM may not find a crystal that it can use for USB (AN2606).";

    // A single jump into the ROM of an STM32F405 with 12 MHz fails seven times in twelve (adafruit/circuitpython pull request 11270).
    private int _attempts = 5;
    private bool _isBackAgain;
    private bool _wasGone = first.Way is not null || !PortNames.IsListed(ports, name);
    private bool _wasReset = first.Way is not null;

    /// <summary>Looks once.</summary>
    /// <returns>The port of a sketch that is back and is to be reset again, or null.</returns>
    public string? PortToReset()
    {
        var port = Port();
        var isBack = port is not null && _wasGone;
        _isBackAgain |= isBack && _wasReset;
        _wasGone = port is null;
        return isBack && _attempts-- > 0 ? port!.Name : null;
    }

    /// <summary>Takes note of a further reset.</summary>
    /// <returns>Whether anything was sent.</returns>
    public bool WasReset(ResetOutcome outcome)
    {
        _wasReset |= outcome.Way is not null;
        _wasGone |= outcome.Way is not null;
        return outcome.Warning is null;
    }

    /// <summary>What became of the sketch if no bootloader has come, and what the user can do; null if there is nothing to add.</summary>
    /// <param name="mayBeInRom">Whether the bootloader may be the one in ROM.</param>
    public (string? Message, string? Hint) WhyNone(bool mayBeInRom)
    {
        var port = Port();
        return port is not null || _isBackAgain
            ? (
                !_wasReset ? null
                    : port is null ? "The sketch has reset and was back without a bootloader; now its port is gone again."
                    : $"The sketch has reset, but it is back on {port.Name} without a bootloader.",
                mayBeInRom ? $"{ErrorMessages.HoldBoot0} Then {Again.Clause} at once.{(_wasReset ? NoCrystal : "")}" : null)
            : !_wasReset ? (null, null)
            : (
                "The sketch has reset, but nothing has appeared on USB since.",
                mayBeInRom
                    ? $"Press RESET on the board and {Again.Clause}. If this happens again and its bootloader is the one in ROM, connect PA10 to GND: the ROM takes noise on a floating PA10 for a serial upload, and does not start USB."
                    : null);
    }

    private SerialPortInfo? Port() =>
        ports.List().FirstOrDefault(p => PortNames.Same(p.Name, name) || (p.UsbPath is not null && p.UsbPath == usbPath));
}
