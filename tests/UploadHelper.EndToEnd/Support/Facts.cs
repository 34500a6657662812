namespace UploadHelper.EndToEnd.Support;

/// <summary>A test of the published executable.</summary>
public sealed class PublishedFactAttribute : FactAttribute
{
    public PublishedFactAttribute() => Skip = Executable.Missing(Executable.Linux);
}

/// <summary>A test of the published executable with data.</summary>
public sealed class PublishedTheoryAttribute : TheoryAttribute
{
    public PublishedTheoryAttribute() => Skip = Executable.Missing(Executable.Linux);
}

/// <summary>A test of an executable as native code.</summary>
public sealed class NativeFactAttribute : FactAttribute
{
    public NativeFactAttribute() => Skip = Executable.NotNative(Executable.Linux);
}

/// <summary>A test with data of an executable as native code.</summary>
public sealed class NativeTheoryAttribute : TheoryAttribute
{
    public NativeTheoryAttribute() => Skip = Executable.NotNative(Executable.Linux) ?? Executable.NotNative(Executable.LinuxArm64);
}

/// <summary>A test of the executable for another processor, which QEMU runs.</summary>
public sealed class NativeArm64FactAttribute : FactAttribute
{
    /// <summary>QEMU's program for one process, not for a machine.</summary>
    public const string Emulator = "qemu-aarch64";

    public NativeArm64FactAttribute() => Skip = Executable.IsInstalled(Emulator)
        ? Executable.NotNative(Executable.LinuxArm64)
        : $"{Emulator} is not installed (scripts/test.sh installs it as root)";
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
    public WineFactAttribute() => Skip = WineReason.Skip;
}

/// <summary>A test under Wine of an executable that carries libusb; skipped where either cannot be had.</summary>
public sealed class WineLibUsbFactAttribute : FactAttribute
{
    public WineLibUsbFactAttribute() => Skip = WineReason.Skip
        ?? (Executable.CarriesLibUsb ? null : "the Windows executable carries no libusb (scripts/libusb.sh win-x64 says why)");
}

/// <summary>A test under Wine with stand-ins for USB libraries, which MinGW builds.</summary>
public sealed class WineStandInFactAttribute : FactAttribute
{
    private const string Compiler = "x86_64-w64-mingw32-gcc";

    public WineStandInFactAttribute() => Skip = Reason;

    internal static string? Reason { get; } = WineReason.Skip
        ?? (Executable.IsInstalled(Compiler) ? null : $"{Compiler} is not installed (scripts/test.sh installs it as root)");
}

/// <summary>A test of Wine in the rig.</summary>
public sealed class WineRigFactAttribute : FactAttribute
{
    public WineRigFactAttribute() => Skip = WineStandInFactAttribute.Reason ?? RigReason.Skip;
}

internal static class WineReason
{
    public static string? Skip { get; } =
        !Executable.IsInstalled("wine") ? "Wine is not installed" : Executable.Missing(Executable.WindowsForWine) ?? Executable.Missing(Executable.Linux);
}

/// <summary>A test of the Arduino IDE in the rig; skipped where either cannot be had.</summary>
public sealed class IdeFactAttribute : FactAttribute
{
    public IdeFactAttribute() => Skip = IdeReason.Skip;
}

/// <summary>A test with data of the Arduino IDE in the rig; skipped where either cannot be had.</summary>
public sealed class IdeTheoryAttribute : TheoryAttribute
{
    public IdeTheoryAttribute() => Skip = IdeReason.Skip;
}

internal static class IdeReason
{
    private static readonly string[] Programs = ["arduino", "Xvfb", "arm-none-eabi-gcc", Processor.Boot.Emulator];

    public static string? Skip { get; } = ByHand.Reason is { } reason ? reason
        : Programs.Where(p => !Executable.IsInstalled(p)).ToList() is [_, ..] missing
        ? $"the Arduino IDE's test lacks {string.Join(", ", missing)} (scripts/test.sh installs them as root)"
        : RigReason.Skip;
}

/// <summary>A test in the rig with data that takes long.</summary>
public sealed class LongRigTheoryAttribute : TheoryAttribute
{
    public LongRigTheoryAttribute() => Skip = ByHand.Reason ?? RigReason.Skip;
}

/// <summary>What takes long.</summary>
internal static class ByHand
{
    private const string Variable = "UPLOADHELPER_LONG_TESTS";

    public static string? Reason { get; } = Environment.GetEnvironmentVariable(Variable) is "1"
        ? null
        : $"takes a quarter of an hour: {Variable}=1 scripts/test.sh";
}

/// <summary>A test of the packages; skipped where they cannot be packed.</summary>
public sealed class PackageFactAttribute : FactAttribute
{
    public PackageFactAttribute() => Skip = PackageReason.Skip;
}

/// <summary>A test of the Windows package under Wine.</summary>
public sealed class PackageWineFactAttribute : FactAttribute
{
    public PackageWineFactAttribute() => Skip = PackageReason.Skip ?? (Executable.IsInstalled("wine") ? null : "Wine is not installed");
}

internal static class PackageReason
{
    public static string? Skip { get; } =
        Executable.IsInstalled("zip") ? Executable.Missing(Executable.Linux) : "zip is not installed (scripts/test.sh installs it as root)";
}

internal static class RigReason
{
    public static string? Skip { get; } =
        !Executable.IsInstalled("dpkg") ? "the rig needs Debian"
        : MissingPackages() is { Length: > 0 } packages ? $"the rig lacks {packages} (scripts/test.sh installs them as root)"
        : Executable.Missing(Executable.Linux);

    private static string MissingPackages() =>
        ProcessRun.Of("bash", [Repository.PathOf("tests", "rig", "build.sh"), "--missing"]).Out.Trim().Replace("\n", ", ", StringComparison.Ordinal);
}

internal static class ProcessorReason
{
    public static string? Skip { get; } =
        !Executable.IsInstalled(Processor.Boot.Emulator) ? $"{Processor.Boot.Emulator} is not installed (scripts/test.sh installs it as root)"
        : Executable.Missing(Executable.Linux);
}

/// <summary>A test with data that runs stm32flash; skipped where it cannot be had.</summary>
public sealed class Stm32flashTheoryAttribute : TheoryAttribute
{
    /// <summary>Its name.</summary>
    public const string Program = "stm32flash";

    public Stm32flashTheoryAttribute() => Skip = Missing ?? Executable.Missing(Executable.Linux);

    internal static string? Missing { get; } = Executable.IsInstalled(Program) ? null : $"{Program} is not installed (scripts/test.sh installs it as root)";
}

/// <summary>A test of stm32flash in the rig.</summary>
public sealed class Stm32flashRigFactAttribute : FactAttribute
{
    public Stm32flashRigFactAttribute() => Skip = Stm32flashTheoryAttribute.Missing ?? RigReason.Skip;
}

/// <summary>A test with data of stm32flash in the rig.</summary>
public sealed class Stm32flashRigTheoryAttribute : TheoryAttribute
{
    public Stm32flashRigTheoryAttribute() => Skip = Stm32flashTheoryAttribute.Missing ?? RigReason.Skip;
}

/// <summary>A test of a script; skipped where its shell is not installed.</summary>
public sealed class ShellFactAttribute : FactAttribute
{
    /// <param name="shell">The program that runs the script.</param>
    public ShellFactAttribute(string shell) => Skip = Executable.IsInstalled(shell) ? null : $"{shell} is not installed";
}

/// <summary>A test of what a shell offers; skipped where the shell or the executable is missing.</summary>
public sealed class CompletionFactAttribute : FactAttribute
{
    /// <param name="shell">The shell.</param>
    public CompletionFactAttribute(string shell) => Skip = CompletionReason.Skip(shell);
}

/// <summary>A test with data of what a shell offers.</summary>
public sealed class CompletionTheoryAttribute : TheoryAttribute
{
    /// <param name="shell">The shell.</param>
    public CompletionTheoryAttribute(string shell) => Skip = CompletionReason.Skip(shell);
}

internal static class CompletionReason
{
    public static string? Skip(string shell) =>
        Executable.IsInstalled(shell) ? Executable.Missing(Executable.Linux) : $"{shell} is not installed (scripts/test.sh installs it as root)";
}
