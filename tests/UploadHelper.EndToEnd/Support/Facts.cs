namespace UploadHelper.EndToEnd.Support;

/// <summary>A test of the published executable.</summary>
public sealed class PublishedFactAttribute : FactAttribute
{
    public PublishedFactAttribute() => Skip = Executable.Missing(Executable.Linux);
}

/// <summary>A test in the rig; skipped where the virtual machine cannot be had.</summary>
public sealed class RigFactAttribute : FactAttribute
{
    public RigFactAttribute() => Skip = RigReason.Skip;
}

/// <summary>A test in the rig with data; skipped where the virtual machine cannot be had.</summary>
public sealed class RigTheoryAttribute : TheoryAttribute
{
    public RigTheoryAttribute() => Skip = RigReason.Skip;
}

/// <summary>A test that boots a processor; skipped where it cannot be had.</summary>
public sealed class ProcessorFactAttribute : FactAttribute
{
    public ProcessorFactAttribute() => Skip = ProcessorReason.Skip;
}

/// <summary>A test with data that boots a processor; skipped where it cannot be had.</summary>
public sealed class ProcessorTheoryAttribute : TheoryAttribute
{
    public ProcessorTheoryAttribute() => Skip = ProcessorReason.Skip;
}

/// <summary>A test under Wine; skipped where it cannot be had.</summary>
public sealed class WineFactAttribute : FactAttribute
{
    public WineFactAttribute() => Skip =
        !Executable.IsInstalled("wine") ? "Wine is not installed" : Executable.Missing(Executable.WindowsForWine) ?? Executable.Missing(Executable.Linux);
}

internal static class RigReason
{
    public static string? Skip { get; } =
        !OperatingSystem.IsLinux() ? "the rig needs Linux"
        : !Executable.IsInstalled("qemu-system-x86_64") ? "QEMU is not installed (scripts/test.sh installs it as root)"
        : Executable.Missing(Executable.Linux);
}

internal static class ProcessorReason
{
    public static string? Skip { get; } =
        !Executable.IsInstalled(Processor.Boot.Emulator) ? $"{Processor.Boot.Emulator} is not installed (scripts/test.sh installs it as root)"
        : Executable.Missing(Executable.Linux);
}
