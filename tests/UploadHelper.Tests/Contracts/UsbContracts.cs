using System.Net;
using System.Runtime.Versioning;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.Devices;
using UploadHelper.Devices.Usb.UsbIp;
using UploadHelper.VirtualBoard.InProcess;
using UploadHelper.VirtualBoard.Plug;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.Tests.Contracts;

/// <summary>The bus of a board in this process.</summary>
public sealed class InProcessUsb() : UsbContract(new Bench())
{
    private sealed class Bench : UsbBench
    {
        public Bench() => Bus = new InProcessBus(new VirtualClock(), Device);

        public override IUsbBus Bus { get; }

        public override T Use<T>(Func<ScriptedDevice, T> action) => action(Device);

        public override void Dispose()
        {
        }
    }
}

/// <summary>The USB/IP client, over loopback.</summary>
public sealed class UsbIpUsb() : UsbContract(new Bench())
{
    private sealed class Bench : UsbBench
    {
        private readonly BoardRunner _runner;
        private readonly UsbIpServer _server;

        public Bench()
        {
            _runner = new BoardRunner(Device, TimeProvider.System);
            _server = new UsbIpServer(new IPEndPoint(IPAddress.Loopback, 0), [_runner]);
            Bus = new UsbIpBus(new UsbIpEndpoint("127.0.0.1", _server.EndPoint.Port), TimeProvider.System);
        }

        public override IUsbBus Bus { get; }

        public override T Use<T>(Func<ScriptedDevice, T> action) => _runner.Use(_ => action(Device));

        public override void Dispose()
        {
            _server.Dispose();
            _runner.Dispose();
        }
    }
}

/// <summary>The device layer of this build, over the kernel's own USB stack.</summary>
[InRig]
[Collection(InRigAttribute.OneAtATime)]
[SupportedOSPlatform("linux")]
public sealed class SystemUsb() : UsbContract(new Bench())
{
    private sealed class Bench : UsbBench
    {
        private readonly BoardRunner _runner;
        private readonly VhciPlug _plug;

        public Bench()
        {
            _runner = new BoardRunner(Device, TimeProvider.System);
            _plug = new VhciPlug(_runner, TimeProvider.System, _ => { });
        }

        public override IUsbBus Bus { get; } = new SystemDevices(TimeProvider.System).Usb;

        public override T Use<T>(Func<ScriptedDevice, T> action) => _runner.Use(_ => action(Device));

        public override void Dispose()
        {
            _plug.Dispose();
            _runner.Dispose();
            WaitUntil(() => Look() is null);
        }

        protected override bool IsReady() => Use(d => d.IsConfigured);
    }
}
