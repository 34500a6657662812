namespace UploadHelper.EndToEnd.Support;

/// <summary>
/// A build on LibUsbDotNet (-p:UsbLayer=LibUsbDotNet). scripts/test.sh makes it where NuGet has the package, and names its files.
/// </summary>
internal static class LibUsbDotNetBuild
{
    private const string ExecutableVariable = "UPLOADHELPER_LIBUSBDOTNET_EXE";
    private const string TestsVariable = "UPLOADHELPER_LIBUSBDOTNET_TESTS";

    /// <summary>The executable, or "".</summary>
    public static string Executable { get; } = Environment.GetEnvironmentVariable(ExecutableVariable) ?? "";

    /// <summary>The test assembly, or "".</summary>
    public static string Tests { get; } = Environment.GetEnvironmentVariable(TestsVariable) ?? "";

    /// <summary>Why it cannot be tested, or null.</summary>
    public static string? Missing { get; } = Named(ExecutableVariable, Executable) ?? Named(TestsVariable, Tests);

    private static string? Named(string variable, string file) =>
        file == "" ? $"{variable} names no build with -p:UsbLayer=LibUsbDotNet"
        : File.Exists(file) ? null
        : $"{variable} names {file}, which is not there";
}

/// <summary>A test of this build in the rig.</summary>
public sealed class LibUsbDotNetFactAttribute : FactAttribute
{
    public LibUsbDotNetFactAttribute() => Skip = RigReason.Skip ?? LibUsbDotNetBuild.Missing;
}

/// <summary>A test of this build in the rig, with data.</summary>
public sealed class LibUsbDotNetTheoryAttribute : TheoryAttribute
{
    public LibUsbDotNetTheoryAttribute() => Skip = RigReason.Skip ?? LibUsbDotNetBuild.Missing;
}
