using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Build;

/// <summary>What scripts/publish.sh makes on a machine that can or cannot link; other programs stand in for the SDK and the system.</summary>
public sealed class PublishScriptTests : IDisposable
{
    private const string LinkerMissing = "echo \"error : Platform linker ('clang') not found in PATH.\"; exit 1";
    private readonly string _folder = Directory.CreateTempSubdirectory("publish-script").FullName;

    [Fact]
    public void Where_it_cannot_link_it_makes_ReadyToRun_and_says_why()
    {
        var (run, calls) = Publish("osx-arm64", system: "Linux", native: "exit 1");

        Assert.True(run.Status == 0, run.ToString());
        Assert.Contains("ReadyToRun, not native code: this machine (Linux) cannot link for osx-arm64;", run.Out, StringComparison.Ordinal);
        Assert.Contains("-p:PublishReadyToRun=true", Assert.Single(calls), StringComparison.Ordinal);
    }

    [Fact]
    public void Where_the_linker_proves_missing_it_makes_ReadyToRun_and_says_why()
    {
        var (run, calls) = Publish("osx-arm64", system: "Darwin", native: LinkerMissing);

        Assert.True(run.Status == 0, run.ToString());
        Assert.Contains("ReadyToRun, not native code: Platform linker ('clang') not found in PATH.;", run.Out, StringComparison.Ordinal);
        Assert.Contains("-p:PublishAot=true", calls[0], StringComparison.Ordinal);
        Assert.Contains("-p:PublishReadyToRun=true", calls[1], StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_in_the_code_is_no_reason_for_ReadyToRun()
    {
        var (run, calls) = Publish("osx-arm64", system: "Darwin", native: "echo 'ILC : error IL3050: Using member'; exit 1");

        Assert.Equal(1, run.Status);
        Assert.Contains("IL3050", run.Error, StringComparison.Ordinal);
        Assert.Single(calls);
    }

    [Fact]
    public void Where_it_can_link_it_makes_native_code_and_compresses_the_symbols()
    {
        var (run, calls) = Publish("osx-arm64", system: "Darwin", native: "mkdir \"$out/upload-helper.dSYM\"");

        Assert.True(run.Status == 0, run.ToString());
        Assert.Contains("/upload-helper: native code; ", run.Out, StringComparison.Ordinal);
        Assert.Contains("-p:PublishAot=true", Assert.Single(calls), StringComparison.Ordinal);
        Assert.Equal(
            ["upload-helper", "upload-helper.dSYM.tar.gz"],
            Directory.GetFileSystemEntries(Path.Combine(_folder, "out", "osx-arm64")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("--r2r", "osx-arm64-r2r", "-p:PublishReadyToRun=true", "ReadyToRun;")]
    [InlineData("--no-r2r", "osx-arm64-no-r2r", "-p:PublishReadyToRun=false", "without precompiled code;")]
    public void Another_kind_is_made_when_it_is_asked_for(string option, string folder, string expected, string made)
    {
        var (run, calls) = Publish("osx-arm64", system: "Darwin", native: "exit 1", option);

        Assert.True(run.Status == 0, run.ToString());
        Assert.Contains($"/{folder}/upload-helper: {made}", run.Out, StringComparison.Ordinal);
        Assert.Contains(expected, Assert.Single(calls), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private (ProcessRun Run, string[] Calls) Publish(string rid, string system, string native, params string[] options)
    {
        var programs = Directory.CreateDirectory(Path.Combine(_folder, "bin")).FullName;
        var calls = Path.Combine(_folder, "calls");
        Program("uname", $"echo {system}");
        Program("clang", "exit 0");
        Program("dotnet", $$"""
            echo "$*" >>'{{calls}}'
            all=$*
            while [ "$1" != -o ]; do shift; done
            out=$2
            case $all in *PublishAot=true*) {{native}};; esac
            echo x >"$out/upload-helper"
            """);

        var run = ProcessRun.Of(
            "bash",
            [Repository.PathOf("scripts", "publish.sh"), rid, .. options],
            new Dictionary<string, string>
            {
                ["PATH"] = $"{programs}:{Environment.GetEnvironmentVariable("PATH")}",
                ["PUBLISH_DIRECTORY"] = Path.Combine(_folder, "out"),
            });
        return (run, File.ReadAllLines(calls));

        void Program(string name, string script)
        {
            var file = Path.Combine(programs, name);
            File.WriteAllText(file, $"#!/bin/sh\n{script}\n");
            Assert.Equal(0, ProcessRun.Of("chmod", ["755", file]).Status);
        }
    }
}
