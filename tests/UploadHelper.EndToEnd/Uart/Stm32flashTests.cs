using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Uart;

/// <summary>
/// The judge of the virtual ROMs with a USART: Debian's stm32flash, through a pseudo terminal. That has no parity, so it is told 8N1.
/// BOOT0 stays high.
/// </summary>
public sealed class Stm32flashTests
{
    private const int PageSize = 2048;

    [Stm32flashTheory]
    [InlineData("bluepill", "0x0410 (STM32F10xxx Medium-density)", 1)]
    [InlineData("f407-rom", "0x0413 (STM32F40xxx/41xxx)", 8)]
    [InlineData("l476-rom", "0x0415 (STM32L47xxx/48xxx)", 8)]
    [InlineData("nucleo-g071", "0x0460 (STM32G07xxx/08xxx)", 1)]
    [InlineData("f072-rom,chip=l083", "0x0447 (STM32L07xxx/08xxx)", 8, 0x00)]
    [InlineData("g431-rom,chip=g0b1xe", "0x0467 (STM32G0B0/B1/C1xx)", 1)]
    public void It_reads_erases_writes_verifies_and_starts(string kind, string id, int pages, byte erased = 0xFF)
    {
        using var board = new ServedBoard($"{kind},adapter=0,boot0=1");
        var sketch = Repository.PathOf("tests", "firmware", "blink-08000000.bin");
        var content = File.ReadAllBytes(sketch);
        var read = Path.GetTempFileName();

        var write = Run(board, ["-w", sketch, "-v", "-g", "0x08000000"]);
        board.Command("reset");
        Run(board, ["-r", read, "-S", $"0x08000000:{content.Length}"]);
        var erase = Run(board, ["-c", "-o", "-s", "0", "-e", $"{pages}"]);
        var reset = Run(board, ["-c", "-R"]);
        var (log, flash) = board.Stop();

        Assert.Contains($"Device ID    : {id}", write.Out, StringComparison.Ordinal);
        Assert.Contains("Wrote and verified", write.Out, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllBytes(read));
        Assert.Contains("starts at 0x08000000", log, StringComparison.Ordinal);
        Assert.Contains("Erasing flash", erase.Out, StringComparison.Ordinal);
        Assert.Equal(-1, flash.AsSpan(0, PageSize / 2).IndexOfAnyExcept(erased));
        Assert.Contains("Reset done", reset.Out, StringComparison.Ordinal);
        Assert.Contains("violations=0", log, StringComparison.Ordinal);
        File.Delete(read);
    }

    [Stm32flashTheory]
    [InlineData("bluepill")]
    [InlineData("f407-rom")]
    public void Read_protection_is_refused_to_it_and_removed_by_it(string kind)
    {
        using var board = new ServedBoard($"{kind},adapter=0,boot0=1,rdp=1");

        var refused = ProcessRun.Of(Stm32flashTheoryAttribute.Program, ["-b", "115200", "-m", "8n1", "-r", "/dev/null", "-S", "0x08000000:256", board.SerialPort]);
        board.Command("reset");
        Run(board, ["-k"]);
        board.Command("reset");
        Run(board, ["-r", "/dev/null", "-S", "0x08000000:256"]);

        Assert.Contains("Got NACK from device on command 0x11", refused.Error, StringComparison.Ordinal);
        Assert.Equal(-1, board.Stop().Flash.AsSpan(0, PageSize).IndexOfAnyExcept((byte)0xFF));
    }

    // The ROM takes up to half a second to come back from a reset: until then nothing answers, or only the second byte is measured.
    private static ProcessRun Run(ServedBoard board, string[] arguments)
    {
        ProcessRun run;
        var tries = 0;
        do
        {
            run = ProcessRun.Of(Stm32flashTheoryAttribute.Program, ["-b", "115200", "-m", "8n1", .. arguments, board.SerialPort]);
        }
        while (run.Error.Contains("Failed to init device", StringComparison.Ordinal) && ++tries < 10);

        Assert.True(run.Status == 0, run.ToString());
        return run;
    }
}
