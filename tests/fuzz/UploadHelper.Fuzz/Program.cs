using System.Diagnostics;
using UploadHelper.Fuzz;
using UploadHelper.Fuzz.Targets;

// [PARSER|all] [COUNT] [SEED] [FOLDER]: attacks one parser or all, and writes what crashes into the folder.
var name = args.ElementAtOrDefault(0) ?? "all";
var count = args.ElementAtOrDefault(1) is { } number ? long.Parse(number) : 10_000_000;
var seed = args.ElementAtOrDefault(2) is { } chosen ? int.Parse(chosen) : Random.Shared.Next();
var folder = args.ElementAtOrDefault(3) ?? ".";
var targets = AllTargets.Of(TestFolder.Find()).Where(t => name == "all" || t.Name == name).ToList();
if (targets.Count == 0)
{
    Console.Error.WriteLine($"There is no parser \"{name}\". There are: {string.Join(", ", AllTargets.Of(TestFolder.Find()).Select(t => t.Name))}, all.");
    return 2;
}

Console.WriteLine($"seed {seed}");
Console.WriteLine($"{"parser",-12} {"inputs",12} {"a second",10} {"of processor",12} {"outcomes",9} {"crashes",8}");
var failed = false;
foreach (var target in targets)
{
    var fuzzer = new Fuzzer(target, seed);
    using var watchdog = new Timer(_ => Watchdog.Look(target, fuzzer, folder), null, Watchdog.Interval, Watchdog.Interval);
    var (clock, processor) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
    fuzzer.Run(count);
    processor = Environment.CpuUsage.TotalTime - processor;
    Console.WriteLine($"{target.Name,-12} {fuzzer.Tried,12} {fuzzer.Tried / clock.Elapsed.TotalSeconds,10:0} {fuzzer.Tried / processor.TotalSeconds,12:0} {fuzzer.Outcomes,9} {fuzzer.Crashes.Count,8}");
    foreach (var (crash, i) in fuzzer.Crashes.Select((c, i) => (c, i)))
    {
        failed = true;
        var file = Path.Combine(folder, $"{target.Name}-{seed}-{i + 1}");
        File.WriteAllBytes(file, crash.Input);
        Console.WriteLine($"  {crash.Identity}: {crash.What.Message}\n  {crash.Input.Length} bytes in {file}: {Convert.ToHexString(crash.Input.AsSpan(0, Math.Min(64, crash.Input.Length)))}");
    }
}

return failed ? 1 : 0;
