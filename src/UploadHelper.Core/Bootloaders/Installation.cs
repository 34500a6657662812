using System.Text;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Bootloaders;

/// <summary>
/// How a bootloader comes onto a bare chip: which file, and where its authors publish it. upload-helper carries none of these files;
/// each has a licence of its own.
/// </summary>
/// <param name="Name">The name that the user types.</param>
/// <param name="Page">The web page of its authors with the files, or with the sources if they publish nothing else.</param>
public sealed record Installation(string Name, string Page)
{
    /// <summary>The ids in the device descriptor of a build.</summary>
    public required UsbId Id { get; init; }

    /// <summary>A text in a build that those of no other bootloader have: as a USB string (UTF-16) or as a string of C.</summary>
    public required string Mark { get; init; }

    /// <summary>Its licence, as its sources state it.</summary>
    public required string Licence { get; init; }

    /// <summary>How many bytes it may have, from the flash base on: what begins behind them is the sketch's, or another sector's.</summary>
    public required int Area { get; init; }

    /// <summary>The chips that builds are for, in words.</summary>
    public required string Chips { get; init; }

    /// <summary>The series of these chips.</summary>
    public required Stm32Series Series { get; init; }

    /// <summary>Their product ids, as a ROM tells them over its USART.</summary>
    public required IReadOnlyList<ushort> Parts { get; init; }

    /// <summary>What to choose in the Arduino IDE afterwards: the entry of the menu "Upload method", and of which core.</summary>
    public required string Menu { get; init; }

    /// <summary>What to know before choosing a file, in whole sentences.</summary>
    public required string Choice { get; init; }

    /// <summary>What a reset needs to start it while there is no sketch, as the end of a sentence; "" if nothing.</summary>
    public string Needs { get; init; } = "";

    /// <summary>The commit or tag with the files in <see cref="Builds"/>; null if there are none.</summary>
    public string? Version { get; init; }

    /// <summary>The builds that its authors publish and whose checksums are known, that for the most common board first.</summary>
    public IReadOnlyList<PublishedBuild> Builds { get; init; } = [];

    /// <summary>Whether a program is a build of this bootloader: its device descriptor and its own text are in it.</summary>
    public bool IsIn(ReadOnlySpan<byte> program) => UsbDescriptors.DeviceIdsIn(program).Contains(Id) && HasMark(program);

    /// <summary>The published build that a program is; null if it is none. A copy that was read from a chip has erased flash behind it.</summary>
    public PublishedBuild? BuildIn(ReadOnlySpan<byte> program)
    {
        foreach (var build in Builds)
        {
            if (program.Length >= build.Size && program.Length <= Math.Max(Area, build.Size) && !program[build.Size..].ContainsAnyExcept((byte)0xFF) && Sha256.Of(program[..build.Size]) == build.Sha256)
            {
                return build;
            }
        }

        return null;
    }

    private bool HasMark(ReadOnlySpan<byte> program) =>
        program.IndexOf(Encoding.Unicode.GetBytes(Mark)) >= 0 || program.IndexOf(Encoding.ASCII.GetBytes(Mark)) >= 0;
}

/// <summary>A file with a bootloader, as its authors publish it.</summary>
/// <param name="File">Its name.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Board">The boards that it is for: what differs between builds is mostly the pin of the LED.</param>
/// <param name="Sha256">Its checksum, in small hexadecimal letters.</param>
public sealed record PublishedBuild(string File, int Size, string Board, string Sha256);
