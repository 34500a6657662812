namespace UploadHelper.Tests.Support;

/// <summary>A test of a shell script.</summary>
internal sealed class BashFactAttribute : FactAttribute
{
    public BashFactAttribute() => Skip = OperatingSystem.IsWindows() ? "shell scripts are for Linux and macOS" : null;
}
