using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace UploadHelper.CommandLine;

/// <summary>A command whose own help ends with examples; the list of commands shows its description alone.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it does, in a sentence or two.</param>
/// <param name="examples">Calls that work, as they are typed.</param>
internal sealed class ExampledCommand(string name, string description, params IReadOnlyList<string> examples) : Command(name, description)
{
    /// <summary>Lets the help of a root command show the examples.</summary>
    public static void ShowIn(RootCommand root)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new WithExamples((SynchronousCommandLineAction)help.Action!);
    }

    private sealed class WithExamples(SynchronousCommandLineAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parse)
        {
            var status = help.Invoke(parse);
            if (parse.CommandResult.Command is ExampledCommand command)
            {
                var output = parse.InvocationConfiguration.Output;
                output.WriteLine("Examples:");
                foreach (var example in command.Examples)
                {
                    output.WriteLine($"  {example}");
                }
            }

            return status;
        }
    }

    private IReadOnlyList<string> Examples => examples;
}
