using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>The image fits its address.</summary>
/// <param name="Image">The image.</param>
/// <param name="Fit">How sure its code pointers make that; null for data without a vector table.</param>
public sealed record ImageChecked(FirmwareImage Image, LinkAddress? Fit) : UploadEvent;

/// <summary>Several boards are to be written to.</summary>
/// <param name="Boards">What each says of itself; all are of one kind.</param>
public sealed record BoardsFound(IReadOnlyList<DfuDescription> Boards) : UploadEvent;

/// <summary>A board in DFU mode is not among those that are written to.</summary>
/// <param name="Device">The board.</param>
/// <param name="Why">The end of a sentence.</param>
public sealed record BoardLeftAlone(UsbDeviceInfo Device, string Why) : UploadEvent;

/// <summary>It is settled what will be erased, where nothing is written.</summary>
public sealed record ErasePlanned(ErasePlan Plan) : UploadEvent;
