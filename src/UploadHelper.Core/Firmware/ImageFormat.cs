namespace UploadHelper.Core.Firmware;

/// <summary>The formats of image files.</summary>
public enum ImageFormat
{
    /// <summary>Bytes, and nothing that says where they belong.</summary>
    RawBinary,

    /// <summary>Intel HEX: text, records with addresses.</summary>
    IntelHex,

    /// <summary>Motorola S-record: text, records with addresses.</summary>
    SRecord,

    /// <summary>ELF: what the linker made.</summary>
    Elf,

    /// <summary>A .dfu file of ST's (UM0391): targets, elements, addresses.</summary>
    DfuSe,

    /// <summary>A plain .dfu file (USB DFU 1.1, appendix B): a raw binary with ids behind it.</summary>
    Dfu,
}
