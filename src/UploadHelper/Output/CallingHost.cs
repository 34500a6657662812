namespace UploadHelper.Output;

/// <summary>Who called the program, as far as that decides how it behaves.</summary>
internal static class CallingHost
{
    // Set by arduino-cli, for IDE 2 as well: "arduino-cli/0.21.0 ArduinoIDE/2.0.0-rc1". IDE 1.8 sets nothing.
    private const string ArduinoUserAgent = "ARDUINO_USER_AGENT";

    /// <summary>Whether arduino-cli called. It looks for the sketch's port itself, but only once the tool has ended.</summary>
    public static bool IsArduinoCli(IReadOnlyDictionary<string, string> environment) => environment.ContainsKey(ArduinoUserAgent);

    /// <summary>
    /// The streams as the host shows them. What arduino-cli runs may have a terminal behind it, but IDE 2 shows every
    /// carriage return as a new line and escape sequences as they are, and nobody answers questions.
    /// </summary>
    public static ConsoleStreams Seen(ConsoleStreams streams, IReadOnlyDictionary<string, string> environment) =>
        IsArduinoCli(environment) ? streams with { ErrorIsTerminal = false, InIsTerminal = false } : streams;
}
