using System.Runtime.InteropServices;
using UploadHelper.Fuzz;
using UploadHelper.Fuzz.Targets;

// What scripts/fuzz.sh does with the targets:
//   list                                          names them
//   instrument FOLDER [count]                     instruments the program's assemblies in a copy of this one's folder
//   seeds TARGET FOLDER                           writes the inputs to begin with, each into a file
//   dictionary TARGET                             prints the target's tokens for afl-fuzz
//   run TARGET                                    runs under afl-fuzz; instrumented
//   try TARGET FILE...                            tries inputs, and tells how they end
//   gaps TARGET                                   the methods with branches that nothing kept reaches; instrumented with count
//   keep TARGET FOLDER SECONDS RUNS CRASHES       keeps the folder's inputs, and brings the table up to date; instrumented with count
unsafe
{
    // Instrumented code writes there, whether afl-fuzz looks on or not.
    SharpFuzz.Common.Trace.SharedMem = (byte*)NativeMemory.AllocZeroed(1 << 16);
}

SharpFuzz.Common.Trace.OnBranch = BranchCount.Hit;
switch (args)
{
    case ["list"]:
        AllTargets.Names.ToList().ForEach(Console.WriteLine);
        return 0;

    case ["instrument", var folder, .. var count]:
        BranchCount.Instrument(folder, count is ["count"]);
        return 0;

    case ["seeds", var name, var folder]:
        foreach (var (input, i) in AllTargets.Of(name).Seeds.Concat(Corpus.Read(name)).Where(s => s.Length > 0).Select((s, i) => (s, i)))
        {
            File.WriteAllBytes(Path.Combine(folder, $"{i:d5}"), input);
        }

        return 0;

    case ["dictionary", var name]:
        foreach (var token in AllTargets.Of(name).Tokens)
        {
            Console.WriteLine($"\"{string.Concat(token.Select(b => $"\\x{b:x2}"))}\"");
        }

        return 0;

    case ["run", var name]:
        var attacked = AllTargets.Of(name);
        SharpFuzz.Fuzzer.OutOfProcess.Run(stream =>
        {
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            if (attacked.Attempt(copy.ToArray(), out _) is { } crash)
            {
                throw crash.What;
            }
        });
        return 0;

    case ["try", var name, .. var files]:
        var failed = 0;
        foreach (var file in files)
        {
            var crash = AllTargets.Of(name).Attempt(File.ReadAllBytes(file), out var outcome);
            failed += crash is null ? 0 : 1;
            Console.WriteLine($"{file}: {(crash is null ? outcome : $"{crash.Identity}: {crash.What}")}");
        }

        return failed == 0 ? 0 : 1;

    case ["keep", var name, var folder, var seconds, var runs, var crashes]:
        Corpus.Write(name, [.. Directory.GetFiles(folder).Select(File.ReadAllBytes).OrderBy(i => i.Length)]);
        Table.Add(AllTargets.Of(name), long.Parse(seconds), long.Parse(runs), long.Parse(crashes));
        return 0;

    case ["gaps", var name]:
        foreach (var (method, reached, all) in BranchCount.Of(AllTargets.Of(name)).Where(m => m.Reached < m.All).OrderByDescending(m => m.All - m.Reached))
        {
            Console.WriteLine($"{all - reached,4} of {all,4}: {method}");
        }

        return 0;

    default:
        Console.Error.WriteLine($"Run scripts/fuzz.sh. The targets are {string.Join(", ", AllTargets.Names)}.");
        return 2;
}
