using UploadHelper.CommandLine;
using UploadHelper.Commands;
using UploadHelper.Configuration;
using UploadHelper.Output;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Configuration;

/// <summary>Every option of the table works on the command line, in the environment and in the configuration file, with the same effect.</summary>
public sealed class OptionTableTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    /// <summary>Every command with every name of every option of it.</summary>
    public static TheoryData<string, string> Accepted { get; } = Pairs(command => OptionTable.Of(command).SelectMany(r => r.Names));

    /// <summary>Every command with every name of every option of others.</summary>
    public static TheoryData<string, string> Refused { get; } = Pairs(NamesOfOthers);

    [Fact]
    public void Every_option_belongs_to_commands_that_exist_and_no_command_has_two_of_a_name()
    {
        Assert.All(OptionTable.Rows.SelectMany(r => r.Commands), c => Assert.Contains(c, CommandTable.Names));
        Assert.All(CommandTable.Names, c => Assert.Distinct(OptionTable.Of(c).SelectMany(r => r.Names)));
    }

    [Theory]
    [MemberData(nameof(Accepted))]
    public void A_command_accepts_its_options(string command, string name)
    {
        var row = OptionTable.Of(command).Single(r => r.Names.Contains(name));
        var parse = Parse([command, .. Arguments(command, row, name)]);

        Assert.Empty(parse.Errors);
        Assert.Empty(parse.UnmatchedTokens);
        if (row.IsSetting)
        {
            Assert.Equal((row.Name, name.StartsWith("no-", StringComparison.Ordinal) ? "false" : Sample(row)), (TypedOptions.Of(parse).Single().Key, TypedOptions.Of(parse).Single().Value));
        }
        else
        {
            Assert.Empty(TypedOptions.Of(parse));
            Assert.Equal(Sample(row), parse.GetValue<string>($"--{name}"));
        }
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_command_refuses_the_options_of_others(string command, string name)
    {
        using var run = new ProgramRun();

        Assert.Equal(2, run.Run(command, $"--{name}", "1"));

        Assert.Contains($"{command} has no option --{name}; it is an option of ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Accepted))]
    public void The_help_of_a_command_has_its_options(string command, string name)
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run(command, "--help"));

        Assert.Matches($@"--{name}\b", run.Out);
    }

    public static TheoryData<string> SettingNamesOfTable { get; } = [.. OptionTable.Rows.Where(r => r.IsSetting).SelectMany(r => r.Names)];

    [Theory]
    [MemberData(nameof(SettingNamesOfTable))]
    public void A_setting_has_the_same_effect_wherever_it_is_set(string name)
    {
        var row = OptionTable.Rows.Single(r => r.IsSetting && r.Names.Contains(name));
        var command = row.Commands.Count == 0 ? "list" : row.Commands[0];
        var entry = $"\"{name}\": \"{Sample(row)}\"";
        Write("{ \"boards\": { \"x\": {} } }");
        var typed = Value(SettingsLoader.Load(TypedOptions.Of(Parse([command, .. Arguments(command, row, name)])), _file, Variables()), row);

        Assert.Equal(typed, Value(Load(("UPLOADHELPER_" + name.Replace('-', '_').ToUpperInvariant(), Sample(row))), row));
        Write($"{{ {entry}, \"boards\": {{ \"x\": {{}} }} }}");
        Assert.Equal(typed, Value(Load(), row));
        if (row.Sources.HasFlag(OptionSources.BoardEntry))
        {
            Write($"{{ \"board\": \"x\", \"boards\": {{ \"x\": {{ {entry} }} }} }}");
            Assert.Equal(typed, Value(Load(), row));
        }

        // What the table has as the default is the value of none of the above, or the positive name of a switch that is on.
        Write("{}");
        var otherwise = Value(Load(), row);
        Assert.True(!Equals(typed, otherwise) || (row.Kind == OptionKind.Switch && typed is bool on && on == (row.Default == "true")), $"{name}: {typed} is the default.");
    }

    [Theory]
    [InlineData("usb-id", "0483", "Invalid value \"0483\" for --usb-id. Expected VID:PID, for example 0483:df11, or several: 0483:df11,1eaf:0003.")]
    [InlineData("alt", "256", "Invalid value \"256\" for --alt. Expected a number from 0 to 255.")]
    [InlineData("timeout", "0", "Invalid value \"0\" for --timeout. Expected a number of seconds up to 3600, for example 15.")]
    [InlineData("maximum-size", "64K", "Invalid value \"64K\" for --maximum-size. Expected a number of bytes, for example 507904.")]
    [InlineData("wait-port", "perhaps", "Invalid value \"perhaps\" for --wait-port. Expected one of auto, yes, no.")]
    [InlineData("color", "red", "Invalid value \"red\" for --color. Expected one of auto, always, never.")]
    [InlineData("no-verify", "perhaps", "Invalid value \"perhaps\" for --no-verify. Expected true or false.")]
    public void A_wrong_value_is_refused_in_the_same_words_wherever_it_is_set(string name, string value, string message)
    {
        using var run = new ProgramRun();
        string[] upload = ["upload", TestFiles.FirmwarePath("blink-08004000.bin"), "--offset", "0x4000", "--simulate", "f4boot"];
        var variable = "UPLOADHELPER_" + name.Replace('-', '_').ToUpperInvariant();

        Assert.Equal(2, run.Run([.. upload, $"--{name}={value}"]));
        Assert.Contains($"error: {message} [", run.Error, StringComparison.Ordinal);
        if (name.StartsWith("no-", StringComparison.Ordinal))
        {
            return;
        }

        using var second = new ProgramRun();
        second.Environment[variable] = value;
        Assert.Equal(2, second.Run(upload));
        Assert.Contains($"The value comes from the variable {variable}.", second.Error, StringComparison.Ordinal);
        Assert.Contains($"error: {message} [configuration]", second.Error, StringComparison.Ordinal);

        using var third = new ProgramRun();
        Write($"{{ \"{name}\": \"{value}\" }}");
        Assert.Equal(2, third.Run([.. upload, "--config", _file]));
        Assert.Contains($"The value comes from {_file}.", third.Error, StringComparison.Ordinal);
        Assert.Contains($"error: {message} [configuration]", third.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("upload")]
    [InlineData("verify")]
    [InlineData("read")]
    [InlineData("erase")]
    [InlineData("unprotect")]
    [InlineData("leave")]
    public void Strict_polling_reaches_every_command_that_works_on_a_bootloader(string command)
    {
        Write("{ \"strict-polling\": true }");

        var usual = PollingOf(command, null);
        var strict = PollingOf(command, null, "--strict-polling");

        Assert.NotEqual(usual, strict);
        Assert.Equal(strict, PollingOf(command, "1"));
        Assert.Equal(strict, PollingOf(command, null, "--config", _file));
        Assert.Equal(usual, PollingOf(command, "1", "--no-strict-polling"));
    }

    [Theory]
    [InlineData("info")]
    [InlineData("leave")]
    public void A_command_for_one_board_refuses_several_places_wherever_they_are_set(string command)
    {
        using var run = new ProgramRun();
        Assert.Equal(2, run.Run(command, "--simulate", "f4boot", "--usb-path", "1-1", "--usb-path", "1-2"));
        Assert.Contains("Only upload works on several boards at once.", run.Error, StringComparison.Ordinal);

        using var second = new ProgramRun();
        second.Environment["UPLOADHELPER_USB_PATH"] = "1-1,1-2";
        Assert.Equal(2, second.Run(command, "--simulate", "f4boot"));
        Assert.Equal(0, second.Run("list", "--simulate", "f4boot"));
        Assert.Equal(0, second.Run("reset", "sim", "--simulate", "f4boot"));
    }

    [Theory]
    [InlineData(null, null, true)]
    [InlineData(null, "1", false)]
    [InlineData(null, "", true)]
    [InlineData("auto", "1", false)]
    [InlineData("auto", null, true)]
    [InlineData("always", "1", true)]
    [InlineData("never", null, false)]
    public void NO_COLOR_counts_unless_colours_are_asked_for_with_always(string? typed, string? noColor, bool coloured)
    {
        foreach (var fromEnvironment in (bool[])[false, true])
        {
            using var run = new ProgramRun { Typed = "" };
            if (noColor is not null)
            {
                run.Environment["NO_COLOR"] = noColor;
            }

            if (fromEnvironment && typed is not null)
            {
                run.Environment["UPLOADHELPER_COLOR"] = typed;
            }

            Assert.Equal(3, run.Run(["image", run.PathOf("none.bin"), .. typed is null || fromEnvironment ? (string[])[] : ["--color", typed]]));
            Assert.Equal(coloured, run.Error.Contains('\e', StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("upload --wait-port ", "auto no yes")]
    [InlineData("list --color ", "always auto never")]
    [InlineData("upload --no-", "--no-full --no-leave --no-strict-polling --no-verify")]
    [InlineData("simulate --board f4b", "f4boot f4boot-old")]
    [InlineData("explain port-n", "port-not-back port-not-the-board")]
    public void Completion_offers_what_the_table_has(string line, string offered)
    {
        using var run = new ProgramRun();
        line = "upload-helper " + line;

        Assert.Equal(0, run.Run($"[suggest:{line.Length}]", line));

        Assert.Equal(offered, string.Join(' ', run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Order(StringComparer.Ordinal)));
    }

    public void Dispose() => File.Delete(_file);

    private static TheoryData<string, string> Pairs(Func<string, IEnumerable<string>> names)
    {
        var pairs = new TheoryData<string, string>();
        foreach (var command in CommandTable.Names)
        {
            foreach (var name in names(command))
            {
                pairs.Add(command, name);
            }
        }

        return pairs;
    }

    private static IEnumerable<string> NamesOfOthers(string command)
    {
        var own = OptionTable.Of(command).SelectMany(r => r.Names).ToHashSet();
        return OptionTable.Rows.SelectMany(r => r.Names).Where(n => !own.Contains(n)).Distinct();
    }

    private static System.CommandLine.ParseResult Parse(string[] arguments) => new Application(
        new ConsoleStreams(TextReader.Null, TextWriter.Null, TextWriter.Null, false), new Dictionary<string, string>(), TimeProvider.System, _ => default).Parse(arguments);

    private static string[] Arguments(string command, OptionRow row, string name)
    {
        string[] words = command switch
        {
            "upload" or "verify" or "image" or "boards" or "trace" => ["x.bin"],
            "read" => ["0", "x.bin"],
            "reset" => ["sim"],
            "simulate" when row.Name != SettingKeys.Board => ["--board=f4boot"],
            _ => [],
        };
        return [.. words, .. row.TakesValue ? (string[])[$"--{name}", Sample(row)] : [$"--{name}"]];
    }

    // Not the default, and valid.
    private static string Sample(OptionRow row) => row.Kind switch
    {
        OptionKind.Switch => "true",
        OptionKind.Word => row.Words[^1],
        OptionKind.Address => "0x8000",
        OptionKind.UsbId => "1209:DB42,1EAF:0003",
        OptionKind.Byte => "7",
        OptionKind.Bytes => "4096",
        OptionKind.Seconds => "2.5",
        OptionKind.Volts => "3.3",
        _ => "x",
    };

    private static object? Value(Settings settings, OptionRow row) => row.Kind switch
    {
        OptionKind.Switch => settings.Switch(row.Name),
        OptionKind.Word => settings.Word(row.Name),
        OptionKind.Address => settings.Address(row.Name),
        OptionKind.UsbId => settings.Ids(row.Name) is { } ids ? string.Join(',', ids) : null,
        OptionKind.Byte => settings.Byte(row.Name),
        OptionKind.Bytes => settings.Size(row.Name),
        OptionKind.Seconds => settings.Seconds(row.Name),
        OptionKind.Volts => settings.Volts(row.Name)?.Volts,
        OptionKind.Texts => string.Join('|', settings.Texts(row.Name)),
        _ => settings.Text(row.Name),
    };

    // The line of the verbose output that says how the bootloader is polled.
    private static string PollingOf(string command, string? variable, params string[] options)
    {
        using var run = new ProgramRun();
        if (variable is not null)
        {
            run.Environment["UPLOADHELPER_STRICT_POLLING"] = variable;
        }

        string[] words = command switch
        {
            "upload" or "verify" => [TestFiles.FirmwarePath("blink-08004000.hex")],
            "read" => ["0x4000", "0x100", run.PathOf("x.bin")],
            "erase" or "unprotect" => ["--yes"],
            _ => [],
        };
        run.Run([command, .. words, "--simulate", "f4boot,start=bootloader", "--verbose", .. options]);
        var line = Assert.Single(run.Error.Split('\n'), l => l.Contains("recognised as F4Bootloader", StringComparison.Ordinal));
        return line[line.IndexOf("F4Bootloader", StringComparison.Ordinal)..];
    }

    private static Dictionary<string, string> Variables(params (string Name, string Value)[] environment) => environment.ToDictionary(v => v.Name, v => v.Value);

    private Settings Load(params (string Name, string Value)[] environment) =>
        SettingsLoader.Load(new Dictionary<string, string?>(), _file, Variables(environment));

    private void Write(string json) => File.WriteAllText(_file, json);
}
