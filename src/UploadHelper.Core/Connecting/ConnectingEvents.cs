using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Connecting;

/// <summary>A bootloader already answers, so no magic reset is sent to the sketch's port.</summary>
public sealed record ResetSkipped(string Port) : UploadEvent;

/// <summary>The magic reset is sent to the sketch's port.</summary>
public sealed record ResettingSketch(string Port) : UploadEvent;

/// <summary>The wait for the bootloader begins.</summary>
/// <param name="Wanted">Which bootloader.</param>
/// <param name="Timeout">The longest time to wait.</param>
/// <param name="AskForReset">Whether the user must reset the board.</param>
public sealed record WaitingForBootloader(DeviceFilter Wanted, TimeSpan Timeout, bool AskForReset) : UploadEvent;

/// <summary>The bootloader answers.</summary>
/// <param name="Device">Its descriptors.</param>
/// <param name="Info">Its entry in the catalogue.</param>
/// <param name="PollsEarly">Whether the host polls it at once instead of after bwPollTimeout.</param>
public sealed record BootloaderFound(DfuDescription Device, BootloaderInfo Info, bool PollsEarly) : UploadEvent;

/// <summary>The bootloader is asked to start the sketch.</summary>
public sealed record LeavingBootloader(uint Address) : UploadEvent;

/// <summary>The wait for the sketch's serial port begins.</summary>
/// <param name="Timeout">The longest time to wait.</param>
/// <param name="AskForReset">Whether the user must start the sketch with RESET.</param>
public sealed record WaitingForSketch(TimeSpan Timeout, bool AskForReset) : UploadEvent;
