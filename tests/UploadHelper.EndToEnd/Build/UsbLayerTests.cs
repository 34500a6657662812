using System.Text.Json;
using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Build;

/// <summary>The switch between the USB layers.</summary>
public sealed class UsbLayerTests
{
    [Theory]
    [InlineData("")]
    [InlineData("LibUsb")]
    [InlineData("LibUsbDotNet", "LibUsbDotNet")]
    [InlineData("libusbdotnet", "LibUsbDotNet")]
    public void A_layer_takes_the_package_it_needs_and_no_other(string layer, params string[] packages)
    {
        var run = Build(layer, "-getItem:PackageReference");
        Assert.True(run.Status == 0, run.ToString());
        var items = JsonDocument.Parse(run.Out).RootElement.GetProperty("Items").GetProperty("PackageReference").EnumerateArray();
        Assert.Equal([.. packages, "System.IO.Ports"], items.Select(i => i.GetProperty("Identity").GetString()));
    }

    [Theory]
    [InlineData("Native")]
    [InlineData("Packages")]
    public void Another_word_ends_the_build_with_those_that_are_known(string layer)
    {
        var run = Build(layer, "-target:CheckUsbLayer");
        Assert.Equal(1, run.Status);
        Assert.Contains($"error : UsbLayer is LibUsb or LibUsbDotNet, not '{layer}'.", run.Out, StringComparison.Ordinal);
    }

    // The package is not everywhere, so that nobody may notice that the tests no longer compile with it.
    [Fact]
    public void Tests_of_what_only_the_default_layer_has_are_left_out_with_the_other()
    {
        var items = JsonDocument.Parse(ProcessRun.Of(
            "dotnet", ["msbuild", "tests/UploadHelper.Tests", "-nologo", "-getItem:Compile", "-property:UsbLayer=LibUsbDotNet"]).Out);
        var compiled = items.RootElement.GetProperty("Items").GetProperty("Compile").EnumerateArray().Select(i => i.GetProperty("FullPath").GetString()!).ToList();
        Assert.Contains(compiled, f => f.EndsWith("LibUsbLoaderTests.cs", StringComparison.Ordinal));
        Assert.DoesNotContain(compiled, f => File.ReadAllText(f).Contains("using UploadHelper.Devices.Usb.LibUsb;", StringComparison.Ordinal));
    }

    private static ProcessRun Build(string layer, string what) =>
        ProcessRun.Of("dotnet", ["msbuild", "src/UploadHelper.Devices", "-nologo", what, $"-property:UsbLayer={layer}"]);
}
