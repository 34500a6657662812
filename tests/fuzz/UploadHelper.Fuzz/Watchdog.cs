namespace UploadHelper.Fuzz;

/// <summary>Ends a run whose parser does not come back, and keeps the input.</summary>
internal static class Watchdog
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private static byte[]? _last;

    public static void Look(FuzzTarget target, Fuzzer fuzzer, string folder)
    {
        var current = fuzzer.Current;
        if (!ReferenceEquals(Interlocked.Exchange(ref _last, current), current))
        {
            return;
        }

        var file = Path.Combine(folder, $"{target.Name}-hang");
        File.WriteAllBytes(file, current);
        Console.WriteLine($"  {target.Name} hangs at the input in {file}");
        Environment.Exit(3);
    }
}
