using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>The image fits its address.</summary>
/// <param name="Image">The image.</param>
/// <param name="Fit">The address that its code pointers suggest; null for data without a vector table.</param>
public sealed record ImageChecked(FirmwareImage Image, LinkAddress? Fit) : UploadEvent;

/// <summary>Several boards will be written.</summary>
/// <param name="Boards">Their descriptors; all are of one kind.</param>
public sealed record BoardsFound(IReadOnlyList<DfuDescription> Boards) : UploadEvent;

/// <summary>A board in DFU mode will not be written.</summary>
/// <param name="Device">The board.</param>
/// <param name="Why">The reason, as the end of a sentence.</param>
public sealed record BoardLeftAlone(UsbDeviceInfo Device, string Why) : UploadEvent;

/// <summary>The plan of an erase is complete.</summary>
public sealed record ErasePlanned(ErasePlan Plan) : UploadEvent;
