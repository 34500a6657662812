using System.Buffers.Binary;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.Tracing;

namespace UploadHelper.Tests.Recordings;

/// <summary>The kinds of capture that a recording is written as.</summary>
public enum CaptureKind
{
    /// <summary>pcap, link type 220, little-endian.</summary>
    Mapped,

    /// <summary>pcap, link type 189, from a machine with the most significant byte first, in nanoseconds.</summary>
    PlainBig,

    /// <summary>pcapng, link type 220.</summary>
    NextGeneration,

    /// <summary>pcap, link type 249: USBPcap on Windows.</summary>
    Windows,
}

/// <summary>Writes the control and interrupt transfers of a recording as usbmon or USBPcap sees them.</summary>
internal static class CaptureWriter
{
    private const int Bus = 1;

    public static byte[] Write(Recording recording, CaptureKind kind)
    {
        var file = new MemoryStream();
        var isBig = kind == CaptureKind.PlainBig;
        var link = kind switch { CaptureKind.Mapped or CaptureKind.NextGeneration => 220u, CaptureKind.PlainBig => 189u, _ => 249u };
        if (kind == CaptureKind.NextGeneration)
        {
            Block(file, 0x0A0D_0D0A, [.. Word(0x1A2B_3C4D), .. Half(1), .. Half(0), .. Word(uint.MaxValue), .. Word(uint.MaxValue)]);

            // if_tsresol: nanoseconds.
            Block(file, 1, [.. Half((ushort)link), .. Half(0), .. Word(0), .. Half(9), .. Half(1), 9, 0, 0, 0, .. Half(0), .. Half(0)]);
        }
        else
        {
            file.Write([.. Word(isBig ? 0xA1B2_3C4D : 0xA1B2_C3D4, isBig), .. Half(2, isBig), .. Half(4, isBig), .. Word(0, isBig), .. Word(0, isBig), .. Word(262144, isBig), .. Word(link, isBig)]);
        }

        var id = 0x1000u;
        foreach (var e in recording.Events.Where(e => e.Operation is TraceOperation.Control or TraceOperation.Interrupt))
        {
            id++;
            foreach (var isEnd in new[] { false, true })
            {
                var packet = kind == CaptureKind.Windows ? UsbPcap(e, id, isEnd) : Usbmon(e, id, isEnd, isBig, link == 220);
                var ticks = ((isEnd ? e.At : e.Began) ?? default).Ticks + TimeSpan.FromDays(20_000).Ticks;
                if (kind == CaptureKind.NextGeneration)
                {
                    var nanoseconds = (ulong)ticks * 100;
                    Block(file, 6, [.. Word(0), .. Word((uint)(nanoseconds >> 32)), .. Word((uint)nanoseconds), .. Word((uint)packet.Length), .. Word((uint)packet.Length), .. packet]);
                }
                else
                {
                    var seconds = (uint)(ticks / TimeSpan.TicksPerSecond);
                    var rest = (uint)(ticks % TimeSpan.TicksPerSecond);
                    file.Write([.. Word(seconds, isBig), .. Word(isBig ? rest * 100 : rest / 10, isBig), .. Word((uint)packet.Length, isBig), .. Word((uint)packet.Length, isBig), .. packet]);
                }
            }
        }

        return file.ToArray();
    }

    private static byte[] Usbmon(TraceEvent e, uint id, bool isEnd, bool isBig, bool isMapped)
    {
        var isControl = e.Operation == TraceOperation.Control;
        var isIn = isControl ? e.Setup.IsIn : (e.Argument & 0x80) != 0;
        var data = isIn == isEnd ? e.Data.ToArray() : [];
        var setup = new byte[UsbSetup.Size];
        e.Setup.Write(setup);
        var status = !isEnd ? -115 : e.Fault switch { null => 0, "Stall" => -32, "Timeout" => -2, "Gone" => -108, _ => -71 };
        return
        [
            .. Word(isBig ? 0 : id, isBig), .. Word(isBig ? id : 0, isBig), (byte)(isEnd ? 'C' : 'S'), (byte)(isControl ? 2 : 1), (byte)(isControl ? (isIn ? 0x80 : 0) : e.Argument),
            (byte)e.Device, .. Half(Bus, isBig), (byte)(isControl && !isEnd ? 0 : '-'), (byte)(data.Length > 0 ? 0 : isIn ? '<' : '>'), .. new byte[8], .. new byte[4],
            .. Word(unchecked((uint)status), isBig), .. Word(e.Setup.Length, isBig), .. Word((uint)data.Length, isBig), .. setup, .. isMapped ? new byte[16] : [], .. data,
        ];
    }

    private static byte[] UsbPcap(TraceEvent e, uint id, bool isEnd)
    {
        var isControl = e.Operation == TraceOperation.Control;
        var isIn = isControl ? e.Setup.IsIn : (e.Argument & 0x80) != 0;
        var setup = new byte[UsbSetup.Size];
        e.Setup.Write(setup);
        byte[] data = [.. isControl && !isEnd ? setup : [], .. isIn == isEnd ? e.Data.ToArray() : []];
        var status = !isEnd ? 0u : e.Fault switch { null => 0u, "Stall" => 0xC000_0004u, "Timeout" => 0xC001_0000u, "Gone" => 0xC000_7000u, _ => 0xC000_0005u };
        return
        [
            .. Half((ushort)(isControl ? 28 : 27)), .. Word(id), .. Word(0), .. Word(status), .. Half(8), (byte)(isEnd ? 1 : 0), .. Half(Bus), .. Half((ushort)e.Device),
            (byte)(isControl ? (isIn ? 0x80 : 0) : e.Argument), (byte)(isControl ? 2 : 1), .. Word((uint)data.Length), .. isControl ? [(byte)(isEnd ? 3 : 0)] : Array.Empty<byte>(), .. data,
        ];
    }

    private static void Block(Stream file, uint type, byte[] body)
    {
        var padded = (body.Length + 3) / 4 * 4;
        file.Write([.. Word(type), .. Word((uint)padded + 12), .. body, .. new byte[padded - body.Length], .. Word((uint)padded + 12)]);
    }

    private static byte[] Word(uint value, bool isBig = false)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, isBig ? BinaryPrimitives.ReverseEndianness(value) : value);
        return bytes;
    }

    private static byte[] Half(ushort value, bool isBig = false)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, isBig ? BinaryPrimitives.ReverseEndianness(value) : value);
        return bytes;
    }
}
