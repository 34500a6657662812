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

    // QEMU aborts when the processor locks up; no core file of it, please.
    private static Process Start(string flashFile) => ProcessRun.Start(
        "/bin/sh",
        [
            "-c", "ulimit -c 0; exec \"$0\" \"$@\"", Emulator,
            "-machine", "netduinoplus2", "-nographic", "-monitor", "none", "-serial", "stdio",
            "-device", $"loader,file={flashFile},addr=0x08000000",
        ]);
}
