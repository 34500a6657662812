using System.Buffers.Binary;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Output;

/// <summary>
/// How to provoke each error and each warning, and the numbers and names that its line must hold. What the virtual board
/// cannot do is done by a bus or a port that fails (<see cref="FailingDevices"/>).
/// </summary>
internal static class Messages
{
    private const uint Start = 0x0800_0000;
    private const uint F4BootStart = 0x0800_4000;
    private const uint F1Stack = 0x2000_5000;
    private const string Port = "/dev/ttyACM0";
    private const string Portenta = "--usb-id 2341:035B --simulate h747,boot=arduino,start=bootloader";

    public static IReadOnlyList<Message> Errors { get; } =
    [
        new("no-device", 6, r => r.Sketch(Start).Do("upload blink.bin --offset 0 --simulate f4rom,sketch=none"), "15 s", "0483:DF11", "1EAF:0003"),
        new("access-denied", 7, r => r.Sketch(Start).Do("upload blink.bin --offset 0 --simulate f4rom,start=bootloader,denied=60000"), "0483:DF11", "1-1"),
        new("wrong-driver", 7, _ => FailingDevices.Upload(new Bench("f4rom", StartState.Bootloader) { Bus = { OnOpen = UsbFault.WrongDriver } }), "0483:DF11", "1-1"),
        new("usb-unavailable", 7, _ => FailingDevices.Upload(new Bench("f4rom"), new FailingDevices.NoLibrary()), "libusb-1.0"),
        new("device-busy", 7, r => r.Sketch(Start).Do("upload blink.bin --offset 0 --simulate f4rom,start=bootloader,held=60000"), "0483:DF11", "1-1"),
        new("ghost-device", 6, _ => Ghost(), "0483:DF11 at 1-1"),
        new("several-devices", 6, r => r.Sketch(Start).Do("upload blink.bin --offset 0 --simulate f4rom,count=2,start=bootloader"), "0483:DF11 at 1-1", "0483:DF11 at 1-2", "315A34663432"),
        new("image-linked-elsewhere", 4, LinkedElsewhere, "0x08002000", "0x08000000", "h0wch33"),
        new("image-too-large", 4, r => r.Sketch(F4BootStart, 0x7_C004).Do("upload blink.bin --offset 0x4000 --simulate f4boot,start=bootloader"), "0x08080000", "0x0807FFFF"),
        new("no-vector-table", 4, r => r.With("noise.bin", SketchImage.Noise(7, 4_000)).Do("upload noise.bin --offset 0x4000 --simulate f4boot"), "noise.bin", "0xF604634B"),
        new("not-for-this-device", 4, MadeForAnother, "1209:DB42", "0483:DF11"),
        new("not-writable", 4, r => r.Sketch(0x0810_0000).Do("upload blink.bin --offset 0x100000 --simulate f4boot"), "0x08100000 to 0x08100F9F"),
        new("address-missing", 2, r => r.Sketch(F4BootStart, name: "x.bin").Do("upload x.bin --simulate f4boot"), "x.bin"),
        new("address-invalid", 2, r => r.Sketch(F4BootStart).Do("upload blink.bin --offset=-1 --simulate f4boot"), "\"-1\""),
        new("device-lost", 8, r => r.Sketch(Start, 20_000).Do("upload blink.bin --offset 0 --simulate f4rom,start=bootloader,fault=gone@60")),
        new("device-failed", 8, _ => Stalls(), "STALL"),
        new("read-protected", 8, _ => Locked(), "0x08000000", "dfuERROR", "errVENDOR"),
        new("verify-failed", 9, _ => BadBit(), "0x08000805", "0xE0", "0x00"),
        new("not-started", 10, r => r.Sketch(0x0800_2000, stack: F1Stack).Do("upload blink.bin --offset 0x2000 --wait-port yes --simulate maple20,reset=no"), "15 s"),
        new("image-missing", 3, r => r.Do("upload missing.bin --offset 0x4000 --simulate f4boot"), "missing.bin"),
        new("image-unreadable", 3, r => r.With("empty.bin", []).Do("upload empty.bin --offset 0x4000 --simulate f4boot"), "empty.bin"),
        new("not-supported", 8, r => r.Do("read 0 dump.bin --simulate h0wch33"), "h0wch33"),
        new("configuration", 2, r => r.Sketch(F4BootStart).Do("upload blink.bin --offset 0x4000 --timeout soon --simulate f4boot"), "\"soon\"", "timeout"),
        new("usage", 2, r => r.Do("read 0x4000 100 --simulate f4rom"), "FILE"),
        new("not-a-sector-start", 4, r => r.Sketch(0x0800_4400).Do("upload blink.bin --offset 0x4400 --simulate f4boot"), "0x08004400", "0x08004000 to 0x08007FFF"),
        new("not-in-memory", 4, r => r.Do("read 0x4000 dump.bin --simulate f4rom --alt 1"), "0x08004000", "alternate setting 1", "0x1FFFC000"),
        new("length-invalid", 2, r => r.Do("read 0x4000 0 dump.bin --simulate f4rom"), "\"0\""),
        new("serial-port", 5, r => r.Do("reset sim --simulate f4boot,start=bootloader"), "sim"),
        new("internal", 1, _ => Defect(), "InvalidOperationException: Nobody has thought of this."),
    ];

    /// <summary>The exit statuses are those of the whole run.</summary>
    public static IReadOnlyList<Message> Warnings { get; } =
    [
        new("unknown-variable", 0, UnknownVariable, "UPLOADHELPER_MAX_SIZE"),
        new("address-unproven", 0, HardlyAnyCode, "blink.bin", "(1)", "0x08000000"),
        new("file-ids", 0, ProductZero, "blink.bin", "0483:0000"),
        new("written-as-data", 0, r => r.With("data.bin", SketchImage.Noise(7, 100)).Do($"upload data.bin --offset 0x90040000 {Portenta}"), "data.bin", "0x90040000"),
        new("unusual-vectors", 0, r => r.Sketch(Start, stack: 0xD080_0000).Do("upload blink.bin --offset 0 --simulate l496,start=bootloader"), "blink.bin", "0xD0800000"),
        new("port-missing", 6, r => r.Sketch(Start).Do($"upload blink.bin --offset 0 --port {Port} --simulate f4rom,sketch=none"), Port),
        new("port-busy", 6, _ => FailingDevices.Upload(new FailingDevices.OnePort(Port, SerialFault.Busy)), Port),
        new("port-denied", 6, _ => FailingDevices.Upload(new FailingDevices.OnePort(Port, SerialFault.AccessDenied)), Port, "dialout"),
        new("port-stuck", 6, _ => FailingDevices.Upload(new FailingDevices.OnePort(Port, SerialFault.Timeout)), Port),
        new("port-failed", 6, _ => FailingDevices.Upload(new FailingDevices.OnePort(Port, SerialFault.Io)), Port, "Input/output error."),
        new("port-not-the-board", 6, _ => FailingDevices.Upload(new FailingDevices.OnePort("/dev/ttyUSB0", null) { Vendor = 0x1A86, Product = 0x7523 }), "/dev/ttyUSB0", "CH340"),
        new("port-still-there", 6, r => r.Sketch(Start).Do("upload blink.bin --offset 0 --simulate blackpill-f411,sketch=stm32core-plain"), "sim", "the magic reset and the 1200-baud touch", "hold BOOT0, press RESET"),
        new("over-usb", 0, r => r.Sketch(Start).Do("upload blink.bin --uart --port sim --simulate f407-rom"), "sim", "USB port of a sketch"),
        new("slower-baud-rate", 0, r => r.Sketch(Start, stack: F1Stack).Do("upload blink.bin --uart --baud-rate 460800 --simulate bluepill,nrst=dtr,boot0=-rts"), "460800", "115200"),
        new("ghost-device", 6, _ => Ghost(), "0483:DF11", "1-1"),
        new("detach-failed", 6, r => r.Sketch(0x0800_2000, stack: F1Stack).Do("upload blink.bin --offset 0x2000 --detach --simulate dapboot,sketch=dfu-runtime-reset,reset=no"), "1209:0001 at 1-1", "WinUSB"),
        new("other-device", 6, _ => OtherIds(), "1209:4711 at 1-1", "--usb-id 1209:4711"),
        new("device-limit", 0, MapleF4),
        new("voltage-ignored", 0, r => r.Sketch(Start).Do("upload blink.bin --offset 0 --supply-voltage 3.3 --simulate l496"), "STM32L4", "--supply-voltage"),
        new("voltage-kept", 8, r => r.Sketch(Start, 20_000).Do("upload blink.bin --offset 0 --supply-voltage 3.3 --simulate f4rom,start=bootloader,fault=gone@60"), "3.3 V", "press RESET"),
        new("no-bootloader", 0, r => r.Sketch(0x0800_2000, stack: F1Stack).Do("upload blink.bin --offset 0x2000 --uart --simulate bluepill,boot0=1,start=empty"), "0x08002000", "0x08000000", "install-bootloader"),
        new("unknown-build", 0, r => r.With("boot.bin", BootloaderImage.Bytes("hid-f1")).Do("install-bootloader hid-f1 boot.bin --uart --simulate bluepill,start=empty"), "boot.bin", "2.1.0"),
        new("check-overridden", 0, r => r.Sketch(F4BootStart, stack: 0x2004_0000).Do("upload blink.bin --offset 0x4000 --force stack --simulate f4boot"), "0x20040000", "--force stack"),
        new("bootloader-uncertain", 0, r => r.Sketch(0x0800_C000).Do("upload blink.bin --offset 0xC000 --simulate f4boot,build=cubemx,start=bootloader"), "0x08010000", "F4Bootloader"),
        new("not-verifiable", 0, MapleF4),
        new("written-again", 0, _ => LargerPages(), "0x08004400", "erases more", "--full"),
        new("reset-needed", 0, r => r.Sketch(0x0800_2000, stack: F1Stack).Do("upload blink.bin --offset 0x2000 --wait-port no --simulate maple20,reset=no"), "WinUSB", "libusbK"),
        new("start-uncertain", 0, r => r.Sketch(Start).Do("upload blink.bin --offset 0 --simulate h747"), "9.0", "press RESET"),
        new("port-not-back", 0, r => r.Sketch(Start).Do("upload blink.bin --offset 0 --simulate h747,rom=9.0"), "5 s", "V9.0"),
        new("no-sketch", 10, r => r.Do("leave --simulate f4rom,start=empty"), "0x08000000", "0xFFFFFFFF"),
        new("stays-in-dfu", 0, r => r.Do("info --simulate maple20"), "1EAF:0003", "1-1", "upload-helper leave"),
        new("file-not-kept", 0, FullDisk, "trace", "trace.txt", "No space left on device"),
        new("output-lost", 0, FullOutput, "standard output", "No space left on device"),
    ];

    private static Printed LinkedElsewhere(ProgramRun run) =>
        run.With("blink.bin", TestFiles.Firmware("blink-08002000.dfu").Content.ToArray()).Do("upload blink.bin --simulate h0wch33,start=bootloader");

    private static Printed MadeForAnother(ProgramRun run) => run
        .With("blink.bin", DfuFileWriter.WithSuffix(SketchImage.Bytes(F4BootStart, 4_000), new DfuFileIds(0x1209, 0xDB42, 0x0102)))
        .Do("upload blink.bin --offset 0x4000 --simulate f4boot,start=bootloader");

    private static Printed ProductZero(ProgramRun run) => run
        .With("blink.bin", DfuFileWriter.WithSuffix(SketchImage.Bytes(F4BootStart, 4_000), new DfuFileIds(0x0483, 0, 0)))
        .Do("upload blink.bin --offset 0x4000 --simulate f4boot,start=bootloader");

    private static Printed UnknownVariable(ProgramRun run)
    {
        run.Environment["UPLOADHELPER_MAX_SIZE"] = "1";
        return run.Do("list --simulate f4boot");
    }

    private static Printed FullDisk(ProgramRun run)
    {
        run.CreateFile = _ => new FaultyOutput(failsAt: 9, forEver: true).AsStream();
        return run.Sketch(F4BootStart).Do("upload blink.bin --offset 0x4000 --simulate f4boot --trace trace.txt");
    }

    private static Printed FullOutput(ProgramRun run)
    {
        run.Output = new FaultyOutput(failsAt: 1, forEver: true).AsWriter();
        return run.Sketch(F4BootStart).Do("upload blink.bin --offset 0x4000 --simulate f4boot");
    }

    private static Printed HardlyAnyCode(ProgramRun run)
    {
        var image = new byte[4096];
        BinaryPrimitives.WriteUInt32LittleEndian(image, SketchImage.EndOfRam);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(4), Start + 0x801);
        return run.With("blink.bin", image).Do("upload blink.bin --offset 0 --simulate f4rom,start=bootloader");
    }

    private static Printed MapleF4(ProgramRun run) =>
        run.Sketch(0x0801_0000, stack: 0x2001_0000).Do("upload blink.bin --offset 0x10000 --simulate maple-f4");

    // Its sketch has begun to run, without USB, when the upload begins.
    private static Printed Ghost()
    {
        var bench = new Bench("f4boot,ghost=1,sketch=none", StartState.Bootloader);
        bench.System.Clock.Advance(TimeSpan.FromSeconds(12));
        return FailingDevices.Upload(bench);
    }

    // The user has named the ids of another board.
    private static Printed OtherIds()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        var bus = DisguisedBus.WithIds(bench.System.Usb, new UsbId(0x1209, 0x4711));
        return FailingDevices.Upload(bench, bus, new DeviceFilter([DeviceFilter.StDfu]));
    }

    private static Printed Stalls()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        bench.Bus.BeforeTransfer = n => _ = n >= 60 ? throw new UsbException(UsbFault.Stall, "stall") : n;
        return FailingDevices.Upload(bench);
    }

    private static Printed Locked()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        return FailingDevices.Upload(bench, new RefusingBus(bench.System.Usb, DfuStatusCode.ErrVendor, RefusingBus.Upload, RefusingBus.Download));
    }

    private static Printed BadBit()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        bench.Bus.BeforeTransfer = _ =>
        {
            if (bench.Board.Flash.BytesProgrammed > 4_000)
            {
                bench.Board.Flash.Preload(0x0800_0805, [0x00]);
            }
        };
        return FailingDevices.Upload(bench);
    }

    // One page of 1 KiB is to be written, and its neighbour is erased with it.
    private static Printed LargerPages()
    {
        var bench = new Bench("dsonano,page=2048", StartState.Bootloader);
        bench.Board.Flash.Preload(F4BootStart, bench.Request(F4BootStart).File.Content.Span);
        bench.Board.Flash.Preload(F4BootStart + 0xC00, [0x00]);
        return FailingDevices.Upload(bench);
    }

    private static Printed Defect()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        bench.Bus.BeforeTransfer = n => _ = n == 60 ? throw new InvalidOperationException("Nobody has thought of this.") : n;
        return FailingDevices.Upload(bench);
    }
}

/// <summary>An error or a warning, and how to provoke it.</summary>
/// <param name="Code">Its code.</param>
/// <param name="ExitStatus">How the run ends.</param>
/// <param name="Provoke">The run.</param>
/// <param name="Facts">What its line, or a warning's hint, holds.</param>
internal sealed record Message(string Code, int ExitStatus, Func<ProgramRun, Printed> Provoke, params string[] Facts)
{
    /// <summary>Provokes it.</summary>
    public Printed Run()
    {
        using var run = new ProgramRun();
        return Provoke(run);
    }
}
