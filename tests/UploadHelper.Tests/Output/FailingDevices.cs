using UploadHelper.Commands;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb;
using UploadHelper.Output;
using UploadHelper.Tests.Support;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Output;

/// <summary>Runs with buses and ports that fail as no virtual board does, and what the user reads of it.</summary>
internal static class FailingDevices
{
    /// <summary>Uploads to a board without a port.</summary>
    public static Printed Upload(Bench bench, IUsbBus? bus = null, DeviceFilter? filter = null)
    {
        var address = bench.Board.Name is "f4boot" or "dsonano" ? 0x0800_4000u : 0x0800_0000u;
        var request = bench.Request(address) with { Port = null };
        request = request with { Filter = filter ?? request.Filter };
        return Run(reporter => new Uploader(bus ?? bench.Bus, bench.System.SerialPorts, bench.System.Clock, reporter.Event).Run(request, default));
    }

    /// <summary>Uploads with a port that leads to no bootloader.</summary>
    public static Printed Upload(OnePort port)
    {
        var bench = new Bench("f4rom");
        var request = bench.Request(0x0800_0000) with { Port = port.Name };
        return Run(reporter => new Uploader(bench.Bus, port, bench.System.Clock, reporter.Event).Run(request, default));
    }

    /// <summary>Sends the magic reset.</summary>
    public static Printed Reset(OnePort port) => Run(reporter => new UploadHelper.Core.Operations.PortReset(port, new VirtualClock(), reporter.Event).Run(port.Name, default));

    private static Printed Run(Action<TextReporter> work)
    {
        var (stdout, stderr) = (new StringWriter(), new StringWriter());
        var reporter = new TextReporter(new ConsoleStreams(TextReader.Null, stdout, stderr, ErrorIsTerminal: false), verbose: false, quiet: false, color: false);
        var failure = Record.Exception(() => work(reporter)) is { } e ? CommandContext.Explain(e) : null;
        if (failure is not null)
        {
            reporter.Failed(failure);
        }

        return new Printed(failure?.Error.ExitStatus() ?? 0, stdout.ToString(), stderr.ToString()).KnowsItsCodes();
    }

    /// <summary>The bus of a computer without libusb.</summary>
    internal sealed class NoLibrary : IUsbBus
    {
        private static readonly LibUsbLocation Nowhere = LibUsbLocation.Linux with { Names = ["libusb-1.0.nowhere"] };

        public IReadOnlyList<UsbDeviceInfo> List() => LibUsbLoader.Call<UsbDeviceInfo[]>(() =>
        {
            LibUsbLoader.Load(Nowhere, carried: null);
            return [];
        });

        public IUsbDevice Open(UsbDeviceInfo device) => throw new NotSupportedException();
    }

    /// <summary>A port whose sketch takes everything and does nothing, or that cannot be opened.</summary>
    internal sealed record OnePort(string Name, SerialFault? Fault) : ISerialPorts, ISerialLine
    {
        public ushort? Vendor { get; init; }

        public ushort? Product { get; init; }

        public IReadOnlyList<SerialPortInfo> List() => [new SerialPortInfo(Name, Vendor, Product, null, null)];

        public ISerialLine Open(string name, int baudRate) => Fault is { } fault ? throw new SerialException(fault, "Input/output error.") : this;

        public void SetDtr(bool high)
        {
        }

        public void SetRts(bool high)
        {
        }

        public void SetBaudRate(int baudRate)
        {
        }

        public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
        {
        }

        public void Dispose()
        {
        }
    }
}
