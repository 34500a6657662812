using System.Buffers.Binary;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Firmware;

/// <summary>
/// The check whether an image can run where it will be written: the stack pointer is in the RAM of some STM32, the handlers
/// are inside the image, and the code pointers match the address. A refusal rests on certain knowledge; what is only
/// improbable warns.
/// </summary>
/// <param name="Fit">What the code pointers indicate; null if the image is too short for a vector table.</param>
/// <param name="Findings">What is wrong, the most fundamental first; empty for an image without a fault.</param>
public sealed record ImageCheck(LinkAddress? Fit, IReadOnlyList<ImageFinding> Findings)
{
    /// <summary>Checks an image.</summary>
    /// <param name="image">The image; its <see cref="FirmwareImage.VectorSegment"/> begins with the vector table.</param>
    public static ImageCheck Of(FirmwareImage image)
    {
        var segment = image.VectorSegment;
        if (image.Processor == Processor.RiscV)
        {
            return new ImageCheck(null, [.. FirstInstruction(image)]);
        }

        if (segment.Data.Length < VectorTable.Smallest)
        {
            return new ImageCheck(null, [NoTable(image, Override.Stack, $"It is too short: {segment.Data.Length} of {VectorTable.Smallest} bytes at 0x{segment.Address:X8}")]);
        }

        var vectors = VectorTable.Read(segment.Data.Span);
        var fit = LinkAddress.Of(image);
        return new ImageCheck(fit, [.. Stack(image, vectors), .. Table(image, vectors), .. Address(image, vectors, fit)]);
    }

    /// <summary>The reasons to refuse the image.</summary>
    public IEnumerable<UploadException> Refusals => Findings.Where(f => f.Refusal is not null).Select(f => f.ToException());

    private const string OtherChip = " For a GD32VF103, add --chip gd32vf103.";

    // Sixteen bits of all zeros or all ones are no instruction (RISC-V ISA manual, volume I, 1.5).
    private static IEnumerable<ImageFinding> FirstInstruction(FirmwareImage image)
    {
        var data = image.VectorSegment.Data.Span;
        if (data.Length < sizeof(ushort) || BinaryPrimitives.ReadUInt16LittleEndian(data) is 0 or ushort.MaxValue)
        {
            yield return NoProgram(image, "its first two bytes are no RISC-V instruction");
        }
        else if (VectorTable.BeginsProgram(image.VectorSegment))
        {
            yield return NoProgram(image, "it begins with the vector table of a program for an ARM");
        }
    }

    private static IEnumerable<ImageFinding> Stack(FirmwareImage image, VectorTable vectors)
    {
        var stack = RamMap.CheckStack(vectors.StackPointer);
        if (stack.Verdict == StackVerdict.NoRam)
        {
            yield return NoTable(image, Override.Stack, $"Its first word, 0x{vectors.StackPointer:X8}, is not a valid initial stack pointer: {stack.Why}");
        }
        else if (stack.Verdict == StackVerdict.Unusual)
        {
            yield return new ImageFinding(
                Override.Stack,
                WarningCode.UnusualVectors,
                $"{image.Name} has the initial stack pointer 0x{vectors.StackPointer:X8}, which is unusual: {stack.Why}.",
                "If the sketch does not start, check its linker script: it should set the stack pointer to the end of the chip's RAM.");
        }
    }

    private static IEnumerable<ImageFinding> Table(FirmwareImage image, VectorTable vectors)
    {
        if (vectors.Reset % 2 == 0)
        {
            yield return NoTable(
                image, Override.Address, $"Its second word, 0x{vectors.Reset:X8}, is not a valid reset vector: it is even, but Thumb code needs an odd address");
        }
    }

    private static IEnumerable<ImageFinding> Address(FirmwareImage image, VectorTable vectors, LinkAddress fit)
    {
        if (fit.LinkedFor is { } linkedFor && linkedFor != image.Start)
        {
            yield return LinkedElsewhere(image, $"was linked for 0x{linkedFor:X8}, but would be written to 0x{image.Start:X8}, where it cannot run", linkedFor);
        }
        else if (!VectorTable.IsInside(image, vectors.Reset))
        {
            yield return LinkedElsewhere(
                image,
                IsRam(vectors.Reset)
                    ? $"was linked for RAM (its reset vector is 0x{vectors.Reset:X8}), but would be written to 0x{image.Start:X8}, where it cannot run"
                    : $"cannot run at 0x{image.Start:X8}: its reset vector 0x{vectors.Reset:X8} is outside the image ({Ranges(image)})",
                null,
                OtherChip);
        }
        else if (vectors.Handlers.Where(h => !RamMap.Contains(h) && !VectorTable.IsInside(image, h)).Select(h => (uint?)h).FirstOrDefault() is { } handler)
        {
            var what = $"its exception handler 0x{handler:X8} is "
                + (handler % 2 == 0 ? "even, but Thumb code needs an odd address" : $"outside the image ({Ranges(image)})");

            // The pointers prove the address, so the handler can be in another program on the chip, such as a library.
            yield return fit.LinkedFor == image.Start
                ? new ImageFinding(
                    Override.Address,
                    WarningCode.UnusualVectors,
                    $"{image.Name} has an unusual vector table: {what}.",
                    "If the sketch stops when that exception occurs, check the vector table in its startup code.")
                : LinkedElsewhere(image, $"cannot run at 0x{image.Start:X8}: {what}", null);
        }

        if (!fit.IsSure)
        {
            yield return new ImageFinding(
                Override.Address,
                WarningCode.AddressUnproven,
                $"Cannot tell which address {image.Name} was linked for: {fit.Doubt(image.Start)}. Assuming 0x{image.Start:X8}.",
                "If the sketch does not start, check that it was compiled for this offset.");
        }
    }

    // An image linked for the bottom of the address space, the ITCM of some parts, is more likely made for another chip.
    private static bool IsRam(uint handler) => handler >= FlashAddress.FlashBase && RamMap.Contains(handler);

    private static string Ranges(FirmwareImage image) => string.Join(", ", image.Segments.Select(s => $"0x{s.Address:X8} to 0x{s.End - 1:X8}"));

    private static ImageFinding NoProgram(FirmwareImage image, string why) => new(
        Override.Stack,
        UploadError.NoVectorTable,
        $"{image.Name} is not a program for {image.Processor.Chip()}: {why}. Nothing was erased.",
        "Check the file: it must be the sketch's own .bin, .hex or .elf, complete from its first byte.");

    private static ImageFinding NoTable(FirmwareImage image, Override about, string why) => new(
        about,
        UploadError.NoVectorTable,
        $"{image.Name} does not begin with a vector table. {why}. Nothing was erased.",
        "Check the file: it must be the sketch's own .bin, .hex or .elf, complete from its first byte."
            + (DataEeprom.MayHold(image.Start) ? $" Data for the EEPROM of an STM32L0 or STM32L1 is not written by an upload. {DataEeprom.Advice}" : OtherChip));

    private static ImageFinding LinkedElsewhere(FirmwareImage image, string what, uint? linkedFor, string also = "") => new(
        Override.Address,
        UploadError.ImageLinkedElsewhere,
        $"{image.Name} {what}. Nothing was erased.",
        linkedFor is { } address && FlashAddress.IsInternalFlash(address)
            ? $"Compile it for this board's bootloader; or, if that starts sketches at 0x{address:X8}, upload it with --offset 0x{address - FlashAddress.FlashBase:X}."
            : "Select this board's bootloader and compile the sketch again: that sets the address it is linked for." + also)
    {
        LinkedFor = linkedFor,
    };
}

/// <summary>Something that is wrong with an image: a refusal or a warning.</summary>
public sealed record ImageFinding
{
    /// <summary>Creates a refusal.</summary>
    /// <param name="about">The check that finds it; --force overrides its refusals.</param>
    /// <param name="refusal">The error.</param>
    /// <param name="message">What is wrong, and the state of the board; whole sentences, ASCII.</param>
    /// <param name="hint">What to do; whole sentences, ASCII.</param>
    public ImageFinding(Override about, UploadError refusal, string message, string hint) =>
        (About, Refusal, Message, Hint) = (about, refusal, message, hint);

    /// <summary>Creates a warning.</summary>
    /// <param name="about">The check that finds it; --force overrides its refusals.</param>
    /// <param name="warning">The warning.</param>
    /// <param name="message">What is unusual; whole sentences, ASCII.</param>
    /// <param name="hint">What to do; whole sentences, ASCII.</param>
    public ImageFinding(Override about, WarningCode warning, string message, string hint) =>
        (About, Warning, Message, Hint) = (about, warning, message, hint);

    /// <summary>The check that found it.</summary>
    public Override About { get; }

    /// <summary>The error if the image is refused for it; null for a warning.</summary>
    public UploadError? Refusal { get; }

    /// <summary>The warning; null for a refusal.</summary>
    public WarningCode? Warning { get; }

    /// <summary>What is wrong.</summary>
    public string Message { get; }

    /// <summary>What to do.</summary>
    public string Hint { get; }

    /// <summary>The address that the image was linked for, if it is the wrong one.</summary>
    public uint? LinkedFor { get; init; }

    /// <summary>The refusal as an exception.</summary>
    /// <exception cref="InvalidOperationException">It is a warning.</exception>
    public UploadException ToException() => Refusal is { } error
        ? new UploadException(error, Message, Hint) { LinkedFor = LinkedFor, Override = About }
        : throw new InvalidOperationException("A warning refuses nothing.");
}
