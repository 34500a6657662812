using System.Net;
using System.Text;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Output;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Usb;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.Tests.Hostile;

/// <summary>
/// Text from outside (names of devices, files, boards and ports, arguments, variables, a server's answers) can hold anything, even commands to
/// the terminal. Whatever prints it prints ASCII in which nothing is a command.
/// </summary>
public sealed class ForeignTextTests : IDisposable
{
    // Sets the title, clears the screen, colours, begins a new line, writes from right to left.
    private const string Hostile = "\e]0;x\a\e[2J\u009b31m\r\n\u202eb\u00e9\t";
    private const string Trace = "]0;x";

    private readonly ProgramRun _run = new();

    public static TheoryData<string> Lines => new(
        "upload {0}.bin --simulate f4boot --offset 0x4000",
        "upload {0}.bin --simulate f4boot --offset 0x4000 --trace {0}.txt",
        "upload {0}.bin --simulate f4boot --offset {0}",
        "upload {0}.bin --simulate f4boot,flash={0} --offset 0x4000",
        "upload {0}.bin --simulate {0}",
        "upload {0}.bin --simulate f4boot,{0}=1",
        "upload {0}.bin --simulate f4boot --board {0}.txt:{0}",
        "upload {0}.bin --simulate f4boot --board {0}",
        "upload {0}.bin --simulate f4boot --offset 0x4000 --port {0}",
        "upload {0}.bin --simulate f4boot --offset 0x4000 --serial {0}",
        "upload {0}.bin --simulate f4boot --offset 0x4000 --usb-path {0} --timeout 0.1",
        "upload {0}.bin --simulate f4boot --offset 0x4000 --usb-id {0}",
        "upload {0}.bin --simulate f4boot --offset 0x4000 --config {0}.json",
        "upload {0}.bin --simulate f4boot --offset 0x4000 --config settings.json",
        "upload {0}.bin --simulate f4boot --offset 0x4000 --{0}",
        "upload {0} --simulate f4boot",
        "upload broken{0}.hex --simulate f4boot",
        "upload {0}.bin --usbip {0}",
        "verify {0}.bin --simulate f4boot --offset 0x4000",
        "read 0x4000 100 {0}dump.bin --simulate f4boot",
        "read 0x4000 100 {0} --simulate f4boot",
        "read {0} 100 dump.bin --simulate f4boot",
        "image {0}.bin",
        "image broken{0}.hex",
        "boards boards{0}.txt",
        "boards {0}",
        "explain {0}",
        "{0}",
        "{0} 0x4000 {0}.bin",
        "{0} 2 1EAF:{0} {0}.bin",
        "dfu-suffix -c {0}.bin",
        "dfu-suffix -a {0}.bin -v {0}",
        "dfu-prefix -c {0}.bin",
        "dfu-util -D {0}.bin -d {0}",
        "dfu-util -D {0}.bin -s {0}",
        "dfu-util -D {0} -a {0}",
        "hid-flash {0} {0}",
        "stm32flash -w {0} {0}",
        "stm32CubeProg {0} {0}",
        "simulate --board {0}",
        "simulate --board f4boot --listen {0}",
        "list --simulate f4boot --{0}",
        "list {0}",
        "doctor {0}");

    [BashTheory]
    [MemberData(nameof(Lines))]
    public void No_argument_and_no_file_speaks_to_the_terminal(string line)
    {
        var name = Hostile.Replace("\r", "", StringComparison.Ordinal);
        _run.File(name + ".bin", SketchImage.Bytes(0x0800_4000, 4_000, SketchImage.EndOfRam));
        _run.File("broken" + name + ".hex", Encoding.UTF8.GetBytes(":00" + Hostile));
        _run.File("settings.json", Encoding.UTF8.GetBytes($$"""{"{{JsonEncodedText(Hostile)}}":1}"""));
        _run.File($"boards{name}.txt", Encoding.UTF8.GetBytes($"menu.m=M\nx.name=\e[2J\nx.upload.tool=\e[31m\nx.upload.protocol=maple\nx.upload.offset=\e[2J\nx.menu.m.\e[2J=\u009b\nx.menu.m.\e[2J.upload.offset=\e[1m\n\e[2J.name=y\n"));
        _run.Environment["UPLOADHELPER_" + Hostile] = Hostile;
        foreach (var json in new[] { "", " --json", " --verbose" })
        {
            _run.Run([.. (line + json).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => InFolder(string.Format(null, w, name)))]);

            Harmless(_run.Out + _run.Error);
        }
    }

    [Theory]
    [InlineData("list")]
    [InlineData("list --verbose")]
    [InlineData("list --json")]
    [InlineData("info")]
    [InlineData("info --json")]
    [InlineData("dfu-util -l")]
    [InlineData("upload blink.bin --offset 0x4000 --verbose --no-leave")]
    [InlineData("upload blink.bin --offset 0x4000 --json --no-leave")]
    public void No_device_and_no_server_speaks_to_the_terminal(string line)
    {
        using var runner = new BoardRunner(new HostileDevice(BoardFactory.Create(SimulationOptions.Parse("f4boot,start=bootloader"), _ => { })), TimeProvider.System);
        using var server = new UsbIpServer(new IPEndPoint(IPAddress.Loopback, 0), [runner]);
        _run.Sketch(0x0800_4000, 600);
        _run.Environment["UPLOADHELPER_USBIP"] = $"127.0.0.1:{server.EndPoint.Port}";

        _run.Do(line);

        Harmless(_run.Out + _run.Error);
        Assert.Contains(Trace, _run.Out + _run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void No_event_speaks_to_the_terminal()
    {
        var events = typeof(UploadEvent).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(UploadEvent))).ToList();
        var unmade = new List<string>();
        foreach (var type in events)
        {
            if (TryMake(type) is UploadEvent made)
            {
                EveryReporter(r => r.Event(made));
            }
            else
            {
                unmade.Add(type.Name);
            }
        }

        // It has only numbers in it.
        Assert.Equal(["PlanMade"], unmade);
        Assert.InRange(events.Count, 20, int.MaxValue);
    }

    [Fact]
    public void No_end_of_a_run_speaks_to_the_terminal()
    {
        var result = new UploadResult((DfuDescription)TryMake(typeof(DfuDescription))!, 0, 1, 0, true, true, Hostile, TimeSpan.Zero);
        EveryReporter(r => r.Done(result));
        EveryReporter(r => r.Failed(new UploadException(UploadError.NoDevice, Hostile, Hostile)));
        EveryReporter(r => r.Simulated(new SimulationSummary(Hostile, 0, 0, 0, Hostile, 0, true)));
    }

    public void Dispose() => _run.Dispose();

    private static string JsonEncodedText(string text) => System.Text.Json.JsonEncodedText.Encode(text).ToString();

    // The words of a line that are files.
    private string InFolder(string word) =>
        word.Contains('.', StringComparison.Ordinal) && word.Split('.')[^1].Split(':')[0] is "bin" or "hex" or "txt" or "json" ? _run.PathOf(word) : word;

    private static void EveryReporter(Action<IReporter> act)
    {
        foreach (var isTerminal in new[] { false, true })
        {
            foreach (var of in (Func<ConsoleStreams, IReporter>[])
                [s => new TextReporter(s, verbose: true, quiet: false, color: false), s => new TextReporter(s, verbose: false, quiet: false, color: false), s => new JsonReporter(s)])
            {
                Reports(of, isTerminal, act);
                Reports(s => of(s).ForBoard(Hostile), isTerminal, act);
            }
        }
    }

    private static void Reports(Func<ConsoleStreams, IReporter> of, bool isTerminal, Action<IReporter> act)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        act(of(new ConsoleStreams(TextReader.Null, output, error, isTerminal)));
        Harmless(isTerminal ? $"{output}{error}".Replace("\r", "", StringComparison.Ordinal) : $"{output}{error}");
    }

    private static void Harmless(string text) => Assert.DoesNotContain(text, c => c is not ((>= ' ' and <= '~') or '\n' or '\t'));

    // Every string in it is hostile.
    private static object? TryMake(Type type)
    {
        try
        {
            return Make(type);
        }
        catch (Exception e) when (e is System.Reflection.TargetInvocationException or InvalidOperationException)
        {
            return null;
        }
    }

    private static object Make(Type type)
    {
        if (type == typeof(string))
        {
            return Hostile;
        }

        if (type == typeof(TimeSpan))
        {
            return TimeSpan.FromSeconds(1);
        }

        if (type == typeof(BootloaderInfo))
        {
            return BootloaderCatalogue.Installable[0];
        }

        if (type == typeof(ResetSequence))
        {
            return ResetSequence.Auto;
        }

        if (type == typeof(FirmwareImage))
        {
            return ImageReader.Read(new ImageFile(Hostile + ".bin", SketchImage.Bytes(0x0800_4000, 600)), 0x0800_4000);
        }

        if (type.IsEnum || type.IsPrimitive || Nullable.GetUnderlyingType(type) is not null)
        {
            return type.IsEnum ? Enum.GetValues(type).GetValue(0)! : Nullable.GetUnderlyingType(type) is { } inner ? Make(inner) : Convert.ChangeType(1, type, null);
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            var list = Array.CreateInstance(type.GetGenericArguments()[0], 1);
            list.SetValue(Make(type.GetGenericArguments()[0]), 0);
            return list;
        }

        var constructor = type.GetConstructors().MaxBy(c => c.GetParameters().Length) ?? throw new InvalidOperationException(type.Name);
        return constructor.Invoke([.. constructor.GetParameters().Select(p => Make(p.ParameterType))]);
    }

    /// <summary>A board that gives itself, its serial number and its memories such names.</summary>
    private sealed class HostileDevice(IUsbPort board) : IUsbPort
    {
        public TimeSpan? NextEventAt => board.NextEventAt;

        public AttachedDevice? Attached => board.Attached;

        public void AdvanceTo(TimeSpan now) => board.AdvanceTo(now);

        public bool BulkOut(byte endpoint, ReadOnlySpan<byte> packet) => board.BulkOut(endpoint, packet);

        public byte[]? BulkIn(byte endpoint, int maxLength) => board.BulkIn(endpoint, maxLength);

        public void BusReset() => board.BusReset();

        public ControlReply Control(UsbSetup setup, ReadOnlySpan<byte> data)
        {
            var reply = board.Control(setup with { Length = setup is { Request: 6, RequestType: 0x80 } ? (ushort)255 : setup.Length }, data);
            if (setup is not { RequestType: 0x80, Request: 6 } || reply.Outcome != ControlOutcome.Done)
            {
                return reply;
            }

            var answer = reply.Data.ToArray();
            if (setup.Value >> 8 == 3 && (setup.Value & 0xFF) != 0)
            {
                var text = Encoding.Unicode.GetString(answer, 2, answer.Length - 2);
                text = text.StartsWith('@') ? "@" + Hostile + text[1..] : Hostile + text;
                answer = [(byte)(2 + 2 * text.Length), 3, .. Encoding.Unicode.GetBytes(text)];
            }

            return reply with { Data = answer[..Math.Min(answer.Length, setup.Length)] };
        }
    }
}
