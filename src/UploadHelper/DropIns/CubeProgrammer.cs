using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Usb;

namespace UploadHelper.DropIns;

/// <summary>
/// STM32_Programmer_CLI (on Linux STM32_Programmer.sh) of STM32CubeProgrammer, as UM2237 describes it: what can be done over USB
/// becomes a command of upload-helper, and everything else is an error. Names of options may be in any case.
/// </summary>
internal static class CubeProgrammer
{
    // A file in one of these formats says itself where it belongs, and STM32CubeProgrammer takes no address for it.
    private static readonly string[] AddressedFormats = [".hex", ".ihx", ".elf", ".axf", ".out", ".s19", ".srec", ".dfu"];

    public static DropIn Tool { get; } = new("STM32_Programmer_CLI", "STM32_Programmer_CLI -c port=usb1|PORT [VID=ID] [PID=ID] [SN=TEXT] [br=BAUD] [-w FILE [ADDRESS]] [-v] [-s [ADDRESS]] [-rst]")
    {
        Aliases = ["STM32_Programmer.sh", "STM32_Programmer"],
        Rewrite = arguments => new Call(arguments).Command(),
        Help = """
            Does over USB or a serial adapter what STM32_Programmer_CLI does, without STM32CubeProgrammer.
              -c, --connect port=usb1 [VID=ID] [PID=ID] [SN=TEXT]   the bootloader [default: 0483:DF11]
              -c, --connect port=PORT [br=BAUD] [P=EVEN] [rts=low|high] [dtr=low|high]
                                 the bootloader in ROM, through a serial adapter
              -w, --write, -d, --download FILE [ADDRESS]   write a file; .hex and .elf files need no address
              -v, --verify       has no effect: what is written is always verified
              -s, --start, -g, --go [ADDRESS], -rst   start the program; otherwise the board stays in its bootloader
              -e, --erase all    erase everything that a sketch may use, before FILE is written if there is one
              -l, --list [usb]   list the boards
              -q, --quietMode    show only warnings and the result
            """,
    };

    /// <summary>Whether files of this name say where they belong.</summary>
    public static bool HasAddresses(string file) => Array.Exists(AddressedFormats, f => file.EndsWith(f, StringComparison.OrdinalIgnoreCase));

    /// <summary>One call, read option by option.</summary>
    private sealed class Call
    {
        private readonly List<string> _left;
        private UsbId _id = DeviceFilter.StDfu;
        private string? _serial;
        private string? _port;
        private string? _baudRate;
        private string? _lines;
        private string? _file;
        private uint? _address;
        private uint? _start;
        private bool _isConnected;
        private bool _starts;
        private bool _erases;
        private bool _lists;
        private bool _quiet;
        private bool _verifies;

        public Call(IReadOnlyList<string> arguments)
        {
            // stm32CubeProg.sh passes "" for an option that is not given, and "--erase all" as one argument.
            _left = [.. arguments.SelectMany(a => a.StartsWith('-') ? a.Split(' ') : [a]).Where(a => a.Length > 0)];
            while (_left.Count > 0)
            {
                Option(Take());
            }
        }

        public string[] Command()
        {
            if (_lists)
            {
                return ["list", .. Quiet];
            }

            if (!_isConnected)
            {
                throw Tool.Error("The connection is missing. Expected -c port=usb1, or the port of a serial adapter.");
            }

            string[] board = _port is not null
                ? ["--uart", $"--port={_port}", .. _baudRate is null ? [] : (string[])[$"--baud-rate={_baudRate}"], .. _lines is null ? [] : (string[])[$"--reset-sequence={_lines}"], .. Quiet]
                : [$"--usb-id={_id}", .. _serial is null ? [] : (string[])[$"--serial={_serial}"], .. Quiet];
            if (_file is { } file)
            {
                if (_address is null && !HasAddresses(file))
                {
                    throw Tool.Error($"The address of {file} is missing. Expected -w {file} 0x08000000, or wherever the program begins.");
                }

                if (!HasAddresses(file))
                {
                    CubeProgScript.CheckStart(Tool, "-s", _start, _address);
                }

                return ["upload", file, .. board, .. CubeProgScript.Offset(file, _address), .. _erases ? (string[])["--erase-all"] : [], .. _starts ? [] : (string[])["--no-leave"]];
            }

            if (_verifies)
            {
                throw Tool.Error("-v needs a file: expected -w FILE ADDRESS -v.");
            }

            return (_erases, _starts) switch
            {
                (true, false) => ["erase", .. board, "--yes"],
                (false, true) => ["leave", .. _start is { } start ? (string[])[$"0x{start:X8}"] : [], .. board],
                (true, true) => throw Tool.Error("-e and -s contradict each other: nothing is left to start."),
                _ => ["info", .. board],
            };
        }

        private IEnumerable<string> Quiet => _quiet ? ["--quiet"] : [];

        private void Option(string option)
        {
            switch (option.ToLowerInvariant())
            {
                case "-c" or "--connect":
                    Connect();
                    break;
                case "-w" or "--write" or "-d" or "--download":
                    _file = _file is null ? Value(option, "a file") : throw Tool.Error($"{option} is given twice: upload-helper writes one file at a time.");
                    _address = Address() ?? _address;
                    break;
                case "-v" or "--verify":
                    _verifies = true;
                    if (_left.Count > 0 && _left[0].Equals("fast", StringComparison.OrdinalIgnoreCase))
                    {
                        Take();
                    }

                    break;
                case "-s" or "--start" or "-g" or "--go":
                    _starts = true;
                    _start = Address() ?? _start;
                    break;
                case "-rst" or "--rst":
                    _starts = true;
                    break;
                case "-e" or "--erase":
                    var what = Value(option, "all");
                    if (!what.Equals("all", StringComparison.OrdinalIgnoreCase))
                    {
                        throw Tool.Error($"{option} {what} is not supported: only {option} all. To erase part of the flash: upload-helper erase ADDRESS LENGTH.");
                    }

                    _erases = true;
                    break;
                case "-l" or "--list":
                    _lists = true;
                    var kind = _left.Count > 0 && !_left[0].StartsWith('-') ? Take() : "usb";
                    if (!kind.Equals("usb", StringComparison.OrdinalIgnoreCase))
                    {
                        throw Tool.Error($"{option} {kind} is not supported: upload-helper lists boards on USB ({option} usb).");
                    }

                    break;
                case "-q" or "--quietmode":
                    _quiet = true;
                    break;
                case "-y" or "--yes":
                    break;
                case ['-', ..]:
                    throw Tool.Error($"{option} is not supported.");
                default:
                    throw Tool.Error($"Unexpected argument \"{option}\".");
            }
        }

        private void Connect()
        {
            _isConnected = true;
            var (vendor, product) = ($"{_id.Vendor:X4}", $"{_id.Product:X4}");
            var port = false;
            while (_left.Count > 0 && _left[0].IndexOf('=') is > 0 and var at && _left[0][0] != '-')
            {
                var word = Take();
                var value = word[(at + 1)..];
                switch (word[..at].ToLowerInvariant())
                {
                    case "port":
                        port = true;
                        _port = SerialPort(value);
                        break;
                    case "br" when _port is not null:
                        _baudRate = value;
                        break;
                    case "rts" or "dtr" when _port is not null:
                        _lines = $"{(_lines is null ? "" : $"{_lines}&")}{word.ToLowerInvariant()}";
                        break;
                    case "p" when _port is not null && value.Equals("even", StringComparison.OrdinalIgnoreCase):
                        break;
                    case "vid":
                        vendor = value;
                        break;
                    case "pid":
                        product = value;
                        break;
                    case "sn":
                        _serial = value;
                        break;
                    default:
                        throw Tool.Error($"{word} is not supported. {(_port is null ? "Over USB, there are port, VID, PID and SN." : "Over a serial port, there are port, br, rts, dtr and P=EVEN.")}");
                }
            }

            if (!port)
            {
                throw Tool.Error("The port is missing. Expected -c port=usb1.");
            }

            _id = UsbId.TryParse($"{vendor}:{product}", out var id)
                ? id
                : throw Tool.Error($"Invalid USB ids VID={vendor} PID={product}. Expected hexadecimal numbers, for example VID=0x0483 PID=0xDF11.");
        }

        // Null for USB.
        private static string? SerialPort(string port) => port.ToLowerInvariant() switch
        {
            "usb" or "usb1" => null,
            var name when name.StartsWith("usb", StringComparison.Ordinal) =>
                throw Tool.Error($"port={port} is not supported: the order of the boards on USB is not certain. Use port=usb1, and SN=... to choose a board."),
            "swd" or "jtag" or "jlink" =>
                throw Tool.Error($"port={port} is not supported: it needs a debug probe, and upload-helper uploads without one. Use port=usb1 or a serial port, or STM32CubeProgrammer itself."),
            "can" or "spi" or "i2c" => throw Tool.Error($"port={port} is not supported. Use port=usb1 or a serial port."),
            _ => port,
        };

        private uint? Address()
        {
            if (_left.Count == 0 || !char.IsAsciiDigit(_left[0][0]))
            {
                return null;
            }

            var text = Take();
            return Numbers.TryParse(text, out var address) ? address : throw Tool.Error($"Invalid address \"{text}\". Expected a number such as 0x{FlashAddress.FlashBase:X8}.");
        }

        private string Value(string option, string what) =>
            _left.Count > 0 && !_left[0].StartsWith('-') ? Take() : throw Tool.Error($"The value of {option} is missing. Expected {what}.");

        private string Take()
        {
            var first = _left[0];
            _left.RemoveAt(0);
            return first;
        }
    }
}
