namespace UploadHelper.Core.Serial;

/// <summary>What went wrong with a serial port.</summary>
public enum SerialFault
{
    /// <summary>There is no such port.</summary>
    NotFound,

    /// <summary>The operating system does not let this user open the port.</summary>
    AccessDenied,

    /// <summary>Another program holds the port.</summary>
    Busy,

    /// <summary>The device did not take the bytes in time.</summary>
    Timeout,

    /// <summary>The port went away while it was open.</summary>
    Gone,

    /// <summary>Any other failure.</summary>
    Io,
}

/// <summary>A failure of a serial port.</summary>
public sealed class SerialException : Exception
{
    /// <summary>A failure of the given class, told in one sentence.</summary>
    public SerialException(SerialFault fault, string message, Exception? inner = null)
        : base(message, inner) => Fault = fault;

    /// <summary>The class of the failure.</summary>
    public SerialFault Fault { get; }
}
