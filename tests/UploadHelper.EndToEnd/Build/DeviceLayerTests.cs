using System.Text.Json;
using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Build;

/// <summary>The switch between the device layers.</summary>
public sealed class DeviceLayerTests
{
    [Theory]
    [InlineData("")]
    [InlineData("Native")]
    [InlineData("Packages", "LibUsbDotNet", "System.IO.Ports")]
    [InlineData("packages", "LibUsbDotNet", "System.IO.Ports")]
    public void A_layer_takes_the_packages_it_needs_and_no_others(string layer, params string[] packages)
    {
        var run = Build(layer, "-getItem:PackageReference");
        Assert.True(run.Status == 0, run.ToString());
        var items = JsonDocument.Parse(run.Out).RootElement.GetProperty("Items").GetProperty("PackageReference").EnumerateArray();
        Assert.Equal(packages, items.Select(i => i.GetProperty("Identity").GetString()));
    }

    [Theory]
    [InlineData("Package")]
    [InlineData("LibUsbDotNet")]
    public void Another_word_ends_the_build_with_those_that_are_known(string layer)
    {
        var run = Build(layer, "-target:CheckDeviceLayer");
        Assert.Equal(1, run.Status);
        Assert.Contains($"error : DeviceLayer is Native or Packages, not '{layer}'.", run.Out, StringComparison.Ordinal);
    }

    private static ProcessRun Build(string layer, string what) =>
        ProcessRun.Of("dotnet", ["msbuild", "src/UploadHelper.Devices", "-nologo", what, $"-property:DeviceLayer={layer}"]);
}
