using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Connecting;

/// <summary>A bootloader answers already, so that the sketch's port is left alone.</summary>
public sealed record ResetSkipped(string Port) : UploadEvent;

/// <summary>The magic reset goes to the sketch's port.</summary>
public sealed record ResettingSketch(string Port) : UploadEvent;

/// <summary>The wait for the bootloader begins.</summary>
/// <param name="Wanted">Which one.</param>
/// <param name="Timeout">For how long at most.</param>
/// <param name="AskForReset">Whether the user has to bring the board there.</param>
public sealed record WaitingForBootloader(DeviceFilter Wanted, TimeSpan Timeout, bool AskForReset) : UploadEvent;

/// <summary>The bootloader answers.</summary>
/// <param name="Device">What it says of itself.</param>
/// <param name="Info">What is known of it beyond that.</param>
/// <param name="PollsEarly">Whether it is asked again at once instead of after the time that it reports.</param>
public sealed record BootloaderFound(DfuDescription Device, BootloaderInfo Info, bool PollsEarly) : UploadEvent;

/// <summary>The bootloader is asked to start the sketch.</summary>
public sealed record LeavingBootloader(uint Address) : UploadEvent;

/// <summary>The wait for the sketch's serial port begins.</summary>
/// <param name="Timeout">For how long at most.</param>
/// <param name="AskForReset">Whether the user has to start it, by RESET.</param>
public sealed record WaitingForSketch(TimeSpan Timeout, bool AskForReset) : UploadEvent;
