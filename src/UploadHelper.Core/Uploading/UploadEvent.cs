using UploadHelper.Core.Dfu;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Uploading;

/// <summary>Something that the upload tells while it goes on.</summary>
public abstract record UploadEvent;

/// <summary>The image fits its address.</summary>
/// <param name="Image">The image.</param>
/// <param name="Fit">How sure its code pointers make that; null for data without a vector table.</param>
public sealed record ImageChecked(FirmwareImage Image, BaseFit? Fit) : UploadEvent;

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
/// <param name="Quirks">What is known of it beyond that.</param>
/// <param name="PollsEarly">Whether it is asked again at once instead of after the time that it reports.</param>
public sealed record BootloaderFound(DfuDescription Device, DfuQuirks Quirks, bool PollsEarly) : UploadEvent;

/// <summary>Several boards are to be written to.</summary>
/// <param name="Boards">What each says of itself; all are of one kind.</param>
public sealed record BoardsFound(IReadOnlyList<DfuDescription> Boards) : UploadEvent;

/// <summary>A board in DFU mode is not among those that are written to.</summary>
/// <param name="Device">The board.</param>
/// <param name="Why">The end of a sentence.</param>
public sealed record BoardLeftAlone(UsbDeviceInfo Device, string Why) : UploadEvent;

/// <summary>It is settled what will be erased and written.</summary>
/// <param name="Plan">What.</param>
/// <param name="Unchanged">Bytes of the image that are on the board already, and are left alone.</param>
public sealed record PlanMade(FlashPlan Plan, int Unchanged) : UploadEvent;

/// <summary>It is settled what will be erased, where nothing is written.</summary>
public sealed record ErasePlanned(ErasePlan Plan) : UploadEvent;

/// <summary>A transfer failed, and the upload tries to go on all the same.</summary>
/// <param name="What">What happened, in a sentence.</param>
/// <param name="ComesBack">How long the board is waited for, if it is gone.</param>
/// <param name="Number">Which try this is, from 1 on.</param>
/// <param name="Most">How many there are at most.</param>
public sealed record Recovering(string What, TimeSpan? ComesBack, int Number, int Most) : UploadEvent;

/// <summary>Flashing goes on.</summary>
/// <param name="Phase">Which part of it.</param>
/// <param name="Done">Bytes done in this phase.</param>
/// <param name="Total">Bytes of this phase; above zero.</param>
public sealed record FlashProgress(FlashPhase Phase, long Done, long Total) : UploadEvent;

/// <summary>The board does not hold what it was compared with.</summary>
/// <param name="First">The first byte that differs.</param>
public sealed record DifferenceFound(Difference First) : UploadEvent;

/// <summary>The bootloader is asked to start the sketch.</summary>
public sealed record LeavingBootloader(uint Address) : UploadEvent;

/// <summary>The wait for the sketch's serial port begins.</summary>
/// <param name="Timeout">For how long at most.</param>
/// <param name="AskForReset">Whether the user has to start it, by RESET.</param>
public sealed record WaitingForSketch(TimeSpan Timeout, bool AskForReset) : UploadEvent;

/// <summary>Something that does not stop the upload, but that the user should know.</summary>
/// <param name="Code">Stable code for programs, for example "port-busy".</param>
/// <param name="Message">What happened.</param>
/// <param name="Hint">What to do about it.</param>
public sealed record UploadWarning(string Code, string Message, string Hint) : UploadEvent;

/// <summary>The user ended the upload.</summary>
/// <param name="State">In what state that leaves the board, in a sentence.</param>
public sealed record UploadCancelled(string State) : UploadEvent;
