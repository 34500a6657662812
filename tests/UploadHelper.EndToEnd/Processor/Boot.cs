using System.Diagnostics;
using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Processor;

/// <summary>One boot of an STM32F405 in QEMU, up to the first line on USART1 or to the processor's end.</summary>
/// <param name="FirstLine">What came out of USART1, or null when the processor ended without a word.</param>
/// <param name="Log">What QEMU said of it: a processor that cannot even enter its fault handler ends with "Lockup" and its registers.</param>
internal sealed record Boot(string? FirstLine, string Log)
{
    public const string Emulator = "qemu-system-arm";

    /// <summary>Boots a flash image from 0x08000000.</summary>
    public static Boot Of(byte[] flash)
    {
        var file = Path.GetTempFileName();
        File.WriteAllBytes(file, flash);
        using var machine = Start(file);
        try
        {
            machine.StandardInput.Close();
            var log = machine.StandardError.ReadToEndAsync();
            var line = machine.StandardOutput.ReadLineAsync();
            var inTime = line.Wait(ProcessRun.Watchdog);
            machine.Kill();
            return inTime
                ? new Boot(line.Result, log.Result)
                : throw new InvalidOperationException($"The processor neither printed a line nor ended in {ProcessRun.Watchdog.TotalMinutes} minutes.");
        }
        finally
        {
            machine.WaitForExit();
            File.Delete(file);
        }
    }

    /// <summary>Boots a flash image, and collects what comes out of USART1 up to the line "end".</summary>
    /// <param name="flash">The flash from 0x08000000.</param>
    /// <param name="words">What QEMU writes into RAM at each reset of the processor, by address.</param>
    /// <param name="ram">What is in RAM from 0x20000000 at each reset.</param>
    public static IReadOnlyList<string> Report(byte[] flash, IEnumerable<(uint Address, uint Value)> words, byte[]? ram = null)
    {
        var folder = Directory.CreateTempSubdirectory("boot");
        var (flashFile, ramFile) = (Path.Combine(folder.FullName, "flash"), Path.Combine(folder.FullName, "ram"));
        File.WriteAllBytes(flashFile, flash);
        File.WriteAllBytes(ramFile, ram ?? []);
        using var machine = Start(
            flashFile,
            [
                .. ram is null ? Array.Empty<string>() : ["-device", $"loader,file={ramFile},addr=0x20000000,force-raw=on"],
                .. words.SelectMany(w => new[] { "-device", $"loader,addr=0x{w.Address:X8},data=0x{w.Value:X8},data-len=4" }),
            ]);
        try
        {
            machine.StandardInput.Close();
            var log = machine.StandardError.ReadToEndAsync();
            var lines = new List<string>();
            var reading = Task.Run(() =>
            {
                while (machine.StandardOutput.ReadLine() is { } line && line != "end")
                {
                    lines.Add(line);
                }
            });
            var inTime = reading.Wait(ProcessRun.Watchdog);
            machine.Kill();
            return inTime
                ? lines
                : throw new InvalidOperationException($"The processor neither came to an end of its report nor ended in {ProcessRun.Watchdog.TotalMinutes} minutes. {log.Result}");
        }
        finally
        {
            machine.WaitForExit();
            folder.Delete(recursive: true);
        }
    }

    // QEMU aborts when the processor locks up; no core file of it, please.
    private static Process Start(string flashFile, params string[] more) => ProcessRun.Start(
        "/bin/sh",
        [
            "-c", "ulimit -c 0; exec \"$0\" \"$@\"", Emulator,
            "-machine", "netduinoplus2", "-nographic", "-monitor", "none", "-serial", "stdio",
            "-device", $"loader,file={flashFile},addr=0x08000000", .. more,
        ]);
}
