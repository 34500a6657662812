namespace UploadHelper.Core.Dfu;

/// <summary>One alternate setting of a DFU interface: a memory that can be reached through it.</summary>
/// <param name="Interface">bInterfaceNumber.</param>
/// <param name="Setting">bAlternateSetting.</param>
/// <param name="Name">Its interface string: on DfuSe the memory map, beginning with '@'; "" if there is none.</param>
public sealed record DfuAlternate(byte Interface, byte Setting, string Name);
