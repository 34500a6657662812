using dnlib.DotNet;
using SharpFuzz;
using SharpFuzz.Common;

namespace UploadHelper.Fuzz;

/// <summary>
/// Instruments the program, and counts its branches: the places that SharpFuzz marks, which are the beginning of each method, both
/// ways out of each condition, the cases of each switch and each handler of exceptions.
/// </summary>
internal static class BranchCount
{
    private static readonly string[] Assemblies = ["UploadHelper.Core", "UploadHelper.Devices", "UploadHelper.VirtualBoard", "upload-helper"];
    private static readonly HashSet<int> Reached = [];

    /// <summary>Remembers a branch. Instrumented code calls it.</summary>
    public static void Hit(int branch, string method) => Reached.Add(branch);

    /// <summary>Instruments the assemblies in a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="calls">Whether each branch calls <see cref="Hit"/>: slower.</param>
    public static void Instrument(string folder, bool calls)
    {
        // The package reads its options from here alone, once.
        Environment.SetEnvironmentVariable("SHARPFUZZ_ENABLE_ON_BRANCH_CALLBACK", calls ? "1" : null);
        foreach (var assembly in Assemblies)
        {
            SharpFuzz.Fuzzer.Instrument(Path.Combine(folder, assembly + ".dll"), _ => true, Options.Value);
        }
    }

    // What the compiler writes for records, and for properties without code.
    private static bool IsGenerated(MethodDef method) =>
        !method.Name.StartsWith("<", StringComparison.Ordinal) && method.CustomAttributes.IsDefined("System.Runtime.CompilerServices.CompilerGeneratedAttribute");

    /// <summary>Tries the kept inputs of a target, and counts.</summary>
    /// <returns>For each method of the target's classes: how many of its branches were reached, and how many there are.</returns>
    public static IReadOnlyList<(string Method, int Reached, int All)> Of(FuzzTarget target)
    {
        var methods = new List<(string Name, int[] Branches)>();
        foreach (var assembly in Assemblies)
        {
            using var module = ModuleDefMD.Load(Path.Combine(AppContext.BaseDirectory, assembly + ".dll"));
            foreach (var type in module.GetTypes().Where(t => target.Classes.Any(c => t.FullName.StartsWith(c, StringComparison.Ordinal))))
            {
                foreach (var method in type.Methods.Where(m => m.HasBody && !IsGenerated(m)))
                {
                    // What SharpFuzz adds: load the delegate, load the branch's number, load the method's name, call.
                    var body = method.Body.Instructions;
                    var calls = body.Index().Where(i => i.Item.Operand is IField { Name.String: nameof(Trace.OnBranch) });
                    methods.Add(($"{type.FullName}.{method.Name}", [.. calls.Select(i => body[i.Index + 1].GetLdcI4Value())]));
                }
            }
        }

        if (methods.Sum(m => m.Branches.Length) == 0)
        {
            throw new InvalidOperationException($"Nothing in {AppContext.BaseDirectory} is instrumented for {target.Name}.");
        }

        // What the start of the program has reached does not count.
        Reached.Clear();
        foreach (var input in Corpus.Read(target.Name))
        {
            target.Attempt(input, out _);
        }

        return [.. methods.Select(m => (m.Name, m.Branches.Count(Reached.Contains), m.Branches.Length))];
    }
}
