using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Completion;

/// <summary>What shells offer while somebody types a command, as scripts/install-completion.sh has installed it.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("completion");

    public CompletionTests()
    {
        var install = Install();
        Assert.True(install.Status == 0, install.ToString());
    }

    [CompletionTheory("bash")]
    [InlineData("upload-helper upl", "upload")]
    [InlineData("upload-helper dfu-s", "dfu-suffix")]
    [InlineData("upload-helper upload --simulate f4boo", "f4boot f4boot-old")]
    [InlineData("upload-helper upload --wait-port ", "auto no yes")]
    [InlineData("upload-helper upload Blink", "")]
    public void Bash_offers_what_fits(string line, string offered)
    {
        var script = $"""
            . "{_home.FullName}/.local/share/bash-completion/completions/upload-helper"
            COMP_LINE='{line}' COMP_POINT={line.Length}
            read -ra COMP_WORDS <<<"$COMP_LINE"
            [ "${"{COMP_LINE: -1}"}" != ' ' ] || COMP_WORDS+=("")
            COMP_CWORD=$((${"{#COMP_WORDS[@]}"} - 1))
            _upload_helper
            echo "${"{COMPREPLY[*]}"}"
            """;

        AssertOffers(Shell("bash", "-c", script), offered);
    }

    // fish adds the files of the folder by itself: a folder with none.
    [CompletionTheory("fish")]
    [InlineData("upload-helper upl", "upload")]
    [InlineData("upload-helper upload --simulate f4boo", "f4boot f4boot-old")]
    [InlineData("upload-helper upload --wait-port ", "auto no yes")]
    public void Fish_offers_what_fits(string line, string offered) =>
        AssertOffers(Shell("fish", "-c", $"cd '{_home.FullName}'; complete -C '{line}'"), offered);

    [CompletionTheory("zsh")]
    [InlineData("upload-helper upl", "upload")]
    [InlineData("upload-helper upload --simulate f4boo", "f4boot f4boot-old")]
    [InlineData("upload-helper upload --wait-port ", "auto no yes")]
    public void Zsh_offers_what_fits(string line, string offered)
    {
        // Completion functions run in the line editor only; here stands in for it what they call of it.
        var script = $"""
            words=("${"{(@s: :):-"}{line}{"}"}"); CURRENT=$#words
            compadd() {"{"} print -l -- ${"{(M)${(P)2}:#${words[CURRENT]}*}"} {"}"}
            _files() {"{"} : {"}"}
            . "{_home.FullName}/.local/share/zsh/site-functions/_upload-helper"
            """;

        AssertOffers(Shell("zsh", "-f", "-c", script), offered);
    }

    [CompletionFact("bash")]
    public void It_can_be_removed_again()
    {
        var removed = Install("--remove");

        Assert.Equal(0, removed.Status);
        Assert.Empty(Directory.GetFiles(_home.FullName, "*", SearchOption.AllDirectories));
    }

    public void Dispose() => _home.Delete(recursive: true);

    private static void AssertOffers(ProcessRun run, string offered)
    {
        var words = run.Out.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal);
        Assert.True(offered == string.Join(' ', words), run.ToString());
    }

    private ProcessRun Install(params string[] arguments) => Shell("bash", [Repository.PathOf("scripts", "install-completion.sh"), .. arguments]);

    private ProcessRun Shell(string shell, params string[] arguments) => ProcessRun.Of(shell, arguments, new Dictionary<string, string>
    {
        ["HOME"] = _home.FullName,
        ["XDG_DATA_HOME"] = "",
        ["XDG_CONFIG_HOME"] = "",
        ["PATH"] = Path.GetDirectoryName(Executable.Linux) + ":" + Environment.GetEnvironmentVariable("PATH"),
    });
}
