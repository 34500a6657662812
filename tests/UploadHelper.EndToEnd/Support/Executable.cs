namespace UploadHelper.EndToEnd.Support;

/// <summary>The published executable; scripts/test.sh publishes it before the tests.</summary>
internal static class Executable
{
    public static string Linux { get; } = Repository.PathOf("artifacts", "publish", "linux-x64", "upload-helper");

    /// <summary>For another processor; QEMU runs it with the C library that it was linked against.</summary>
    public static string LinuxArm64 { get; } = Repository.PathOf("artifacts", "publish", "linux-arm64", "upload-helper");

    public static string WindowsForWine { get; } = Repository.PathOf("artifacts", "publish", "win-x64-no-r2r", "upload-helper.exe");

    /// <summary>The libusb that was there for it to be carried inside.</summary>
    public static string CarriedLibUsb { get; } = Repository.PathOf("artifacts", "libusb", "win-x64", "libusb-1.0.dll");

    /// <summary>Whether the Windows executable carries libusb inside.</summary>
    public static bool CarriesLibUsb => File.Exists(CarriedLibUsb);

    /// <summary>Why a file cannot be tested, or null.</summary>
    public static string? Missing(string file) =>
        File.Exists(file) ? null : $"{Path.GetRelativePath(Repository.Root, file)} is not published (scripts/test.sh does it)";

    /// <summary>The debug symbols that scripts/publish.sh keeps beside native code, compressed.</summary>
    public static string SymbolsOf(string file) => file + ".dbg.gz";

    /// <summary>Why a file cannot be tested as native code, or null.</summary>
    public static string? NotNative(string file) =>
        Missing(file) ?? (File.Exists(SymbolsOf(file)) ? null : $"{Path.GetRelativePath(Repository.Root, file)} is not native code (scripts/publish.sh says why)");

    /// <summary>Whether a program is on the path.</summary>
    public static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
}
