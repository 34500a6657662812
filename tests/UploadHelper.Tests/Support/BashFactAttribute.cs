namespace UploadHelper.Tests.Support;

/// <summary>A test of a shell script.</summary>
internal sealed class BashFactAttribute : FactAttribute
{
    public BashFactAttribute() => Skip = OperatingSystem.IsWindows() ? "shell scripts are for Linux and macOS" : null;
}

/// <summary>The same for a test with data: file names of Linux and macOS.</summary>
internal sealed class BashTheoryAttribute : TheoryAttribute
{
    public BashTheoryAttribute() => Skip = OperatingSystem.IsWindows() ? "such file names are for Linux and macOS" : null;
}
