using System.CommandLine;

namespace UploadHelper.Commands;

/// <summary>All commands, by their names. Only those are made that the arguments can mean: making all of them takes longer than many an upload's start.</summary>
internal static class CommandTable
{
    private static readonly (string Name, Func<CommandContext, Command> Create)[] Rows =
    [
        ("upload", UploadCommand.Create),
        ("list", ListCommand.Create),
        ("info", InfoCommand.Create),
        ("read", ReadCommand.Create),
        ("verify", VerifyCommand.Create),
        ("erase", EraseCommand.Create),
        ("leave", LeaveCommand.Create),
        ("reset", ResetCommand.Create),
        ("image", ImageCommand.Create),
        ("boards", BoardsCommand.Create),
        ("doctor", DoctorCommand.Create),
        ("discovery", DiscoveryCommand.Create),
        ("simulate", SimulateCommand.Create),
    ];

    /// <summary>Whether a word is the name of a command.</summary>
    public static bool Knows(string word) => Array.Exists(Rows, row => row.Name == word);

    /// <summary>Makes the command that the arguments begin with; all where they begin with something else, since help and mistakes name them.</summary>
    /// <param name="arguments">The arguments, without positional shapes.</param>
    /// <param name="context">What the commands get to work with.</param>
    public static IEnumerable<Command> For(IReadOnlyList<string> arguments, CommandContext context)
    {
        var all = arguments is not ["--version"] && (arguments.Count == 0 || !Knows(arguments[0]));
        foreach (var (name, create) in Rows)
        {
            if (all || arguments[0] == name)
            {
                yield return create(context);
            }
        }
    }
}
