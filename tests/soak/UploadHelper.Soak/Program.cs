using System.Globalization;
using UploadHelper.Core.Firmware;
using UploadHelper.Soak;

// UploadHelper.Soak COMMANDS PORT ADDRESS IMAGE OTHER-IMAGE UPLOADS SEED
if (args is not [var commands, var port, var address, var one, var other, var uploads, var seed])
{
    Console.Error.WriteLine("usage: UploadHelper.Soak COMMANDS PORT ADDRESS IMAGE OTHER-IMAGE UPLOADS SEED");
    return 2;
}

using var board = new BoardCommands(commands);
var place = Convert.ToUInt32(address, 16);
var run = new SoakRun(
    board, port, place, [.. new[] { one, other }.Select(f => new ImageFile(Path.GetFileName(f), File.ReadAllBytes(f)))], new Random(int.Parse(seed, CultureInfo.InvariantCulture)), Console.Out);
return run.Run(int.Parse(uploads, CultureInfo.InvariantCulture)) ? 0 : 1;
