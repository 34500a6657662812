using System.Collections;
using UploadHelper;
using UploadHelper.Output;

var environment = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
{
    environment[(string)variable.Key] = (string?)variable.Value ?? "";
}

using var signals = new Signals();
var streams = new ConsoleStreams(new StandardInput(), Console.Out, Console.Error, ErrorIsTerminal: !Console.IsErrorRedirected) { InIsTerminal = !Console.IsInputRedirected };
return new Application(streams, environment, TimeProvider.System, signals.Token).Run(args);
