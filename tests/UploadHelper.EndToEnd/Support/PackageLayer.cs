namespace UploadHelper.EndToEnd.Support;

/// <summary>
/// Builds with the device layer on LibUsbDotNet and System.IO.Ports (-p:DeviceLayer=Packages). scripts/test.sh makes
/// them where the packages can be had, and names them.
/// </summary>
internal static class PackageLayer
{
    private const string ExecutableVariable = "UPLOADHELPER_PACKAGES_EXE";
    private const string TestsVariable = "UPLOADHELPER_PACKAGES_TESTS";

    /// <summary>The executable, or "".</summary>
    public static string Executable { get; } = Environment.GetEnvironmentVariable(ExecutableVariable) ?? "";

    /// <summary>The test assembly, or "".</summary>
    public static string Tests { get; } = Environment.GetEnvironmentVariable(TestsVariable) ?? "";

    /// <summary>Why they cannot be tested, or null.</summary>
    public static string? Missing { get; } = Named(ExecutableVariable, Executable) ?? Named(TestsVariable, Tests);

    private static string? Named(string variable, string file) =>
        file == "" ? $"{variable} names no build with -p:DeviceLayer=Packages"
        : File.Exists(file) ? null
        : $"{variable} names {file}, which is not there";
}

/// <summary>A test of such a build in the rig.</summary>
public sealed class PackageLayerFactAttribute : FactAttribute
{
    public PackageLayerFactAttribute() => Skip = RigReason.Skip ?? PackageLayer.Missing;
}

/// <summary>A test of such a build in the rig, with data.</summary>
public sealed class PackageLayerTheoryAttribute : TheoryAttribute
{
    public PackageLayerTheoryAttribute() => Skip = RigReason.Skip ?? PackageLayer.Missing;
}
