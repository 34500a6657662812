using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>The bootloader in the ROM of an STM32F405/407; descriptors as logged from an F4-Discovery.</summary>
public sealed class F4Rom : SystemBootloader
{
    /// <summary>wTransferSize.</summary>
    public const int TransferSize = 2048;

    private const byte SetAddressCommand = 0x21;

    private static readonly string[] Maps =
    [
        "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg",
        "@Option Bytes  /0x1FFFC000/01*016 g",
        "@OTP Memory /0x1FFF7800/01*512 g,01*016 g",
        "@Device Feature/0xFFFF0000/01*004 g",
    ];

    /// <summary>The ROM, just started: it powers up in dfuERROR.</summary>
    public F4Rom(IBoardCore board)
        : base(Identify(), board, TransferSize, Maps) => Fail(DfuStatusCode.ErrFirmware);

    /// <inheritdoc/>
    protected override TimeSpan PollTimeout(byte? command) => TimeSpan.FromMilliseconds(command == SetAddressCommand ? 104 : 100);

    private static UsbIdentity Identify() => new(
        0x0483,
        0xDF11,
        UsbRelease: 0x0100,
        Release: 0x2200,
        DeviceClass: 0,
        ["STMicroelectronics", "STM32  BOOTLOADER", "315A34663432", .. Maps],
        DfuDescriptors.Configuration(Maps.Length, attributes: 0x0B, TransferSize, DfuFunctionalDescriptor.DfuSeVersion));
}
