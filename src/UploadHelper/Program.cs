using System.Collections;
using UploadHelper;
using UploadHelper.Output;

var time = TimeProvider.System;
var start = time.GetTimestamp();
var environment = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
{
    environment[(string)variable.Key] = (string?)variable.Value ?? "";
}

using var signals = new Signals();
var streams = new ConsoleStreams(new StandardInput(), Console.Out, Console.Error, ErrorIsTerminal: !Console.IsErrorRedirected) { InIsTerminal = !Console.IsInputRedirected };
var status = new Application(streams, environment, time, signals.Listen).Run(args);
SlowReader.WaitFor(status, streams, environment, time, start);
return status;
