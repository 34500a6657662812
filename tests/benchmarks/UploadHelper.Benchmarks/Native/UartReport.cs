using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Benchmarks.Native;

/// <summary>stm32flash and the published executable, in turn, in real time on the same virtual board behind a pseudo terminal with the time of its line.</summary>
public static class UartReport
{
    /// <summary>stm32flash's name.</summary>
    public const string Peer = "stm32flash";

    /// <summary>What the numbers mean.</summary>
    public const string Notes =
        "Real time, from the start of a program to its end; both verify and start the sketch. They take turns on the same board; the least of three counts.\n"
        + "**latency**: how long the adapter keeps a received byte that does not fill a packet: 16 ms is what an FT232R does unless told otherwise. **limit**: all bytes that\n"
        + "AN3155 needs in both directions, 11 bits each, and the time to erase and to program.\n\n"
        + "At 16 ms, what is left over the limit are the ACKs after the blocks: nothing can be sent before them, since the ROM keeps only one byte while it programs. stm32flash\n"
        + "waits for each of the three answers to a command; ours sends a command with its parts, and reads 245 bytes at a time, which with the ACKs before them fill packets.\n\n"
        + "In virtual time, where neither a terminal nor a scheduler adds to it, ours takes 1.07 times the limit without latency, 1.09 with 1 ms, and 1.35 with 16 ms\n"
        + "(`UartUploadTests`).";

    private const int Rounds = 3;
    private const int Size = 64 * 1024;
    private const int BaudRate = 115_200;
    private const int Block = 256;

    /// <summary>Runs both at each latency.</summary>
    /// <param name="helper">The executable.</param>
    /// <param name="image">A small sketch for the start of flash.</param>
    public static Table Run(string helper, string image)
    {
        var table = new Table($"Through a serial adapter: stm32flash 0.7 and upload-helper, a first upload of {Size / 1024} KiB to an STM32F103 at {BaudRate} baud (s)", "latency", "limit", "stm32flash", "/ limit", "ours", "/ limit", "stm32flash / ours");
        foreach (var latency in (int[])[1, 16])
        {
            var (theirs, ours) = Measure(helper, image, latency);
            table.Add(
                $"{latency} ms", Table.Seconds(Limit),
                Table.Seconds(theirs), Table.Ratio(theirs / Limit), Table.Seconds(ours), Table.Ratio(ours / Limit), Table.Ratio(theirs / ours));
        }

        return table;
    }

    private static TimeSpan Limit
    {
        get
        {
            var part = Part.Stm32F103(128);
            var write = 2 + 5 + (1 + Block + 1) + 3;
            var read = 2 + 5 + 2 + 3 + Block;
            var flash = part.Sectors.Where(s => s.Address < part.Sectors[0].Address + Size).Aggregate(TimeSpan.Zero, (sum, s) => sum + part.Times.Erase(s.Size).Typical)
                + Size / part.Times.Width * part.Times.Program.Typical;
            return Size / Block * (write + read) * new SerialFormat(BaudRate, EvenParity: true).ByteTime + flash;
        }
    }

    private static (TimeSpan Theirs, TimeSpan Ours) Measure(string helper, string image, int latency)
    {
        var folder = Directory.CreateTempSubdirectory("uart");
        var (port, file) = (Path.Combine(folder.FullName, "port"), Path.Combine(folder.FullName, "sketch.bin"));
        var rom = $"bluepill,adapter={latency},boot0=1,start=empty";
        using var board = Process.Start(new ProcessStartInfo(helper, ["simulate", "--board", rom, "--listen", $"127.0.0.1:{FreePort()}", "--pty", port])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            var log = new BlockingCollection<string>();
            board.OutputDataReceived += (_, e) => log.Add(e.Data ?? "");
            board.BeginOutputReadLine();
            WaitFor("the ROM waits");
            var (theirs, ours) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
            for (var round = 0; round < Rounds; round++)
            {
                theirs = Least(theirs, Peer, ["-b", $"{BaudRate}", "-m", "8n1", "-w", file, "-v", "-g", "0", port]);
                ours = Least(ours, helper, ["upload", "--uart", "--baud-rate", $"{BaudRate}", "--port", port, "--offset", "0", file]);
            }

            return (theirs, ours);

            TimeSpan Least(TimeSpan before, string program, string[] arguments)
            {
                WriteSketch(image, file);
                board.StandardInput.WriteLine("reset");
                board.StandardInput.Flush();
                WaitFor("the ROM waits");
                var took = ProcessCost.Of(program, arguments).Wall;
                WaitFor("starts at 0x08000000");
                return took < before ? took : before;
            }

            void WaitFor(string text)
            {
                while (log.TryTake(out var line, TimeSpan.FromSeconds(10)))
                {
                    if (line.Contains(text, StringComparison.Ordinal))
                    {
                        return;
                    }
                }

                throw new InvalidOperationException($"The board never logged \"{text}\".");
            }
        }
        finally
        {
            board.Kill();
            board.WaitForExit();
            folder.Delete(recursive: true);
        }
    }

    // A new one each time, for a part with 20 KiB of RAM: all its sectors differ from what is on the board.
    private static void WriteSketch(string image, string file)
    {
        var sketch = new byte[Size];
        Random.Shared.NextBytes(sketch);
        File.ReadAllBytes(image).CopyTo(sketch, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(sketch, 0x2000_5000);
        File.WriteAllBytes(file, sketch);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
