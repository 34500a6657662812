namespace UploadHelper.Tests.Support;

/// <summary>A folder that is laid out as the root of a Linux system, as far as boards and their permissions are concerned.</summary>
internal sealed class LinuxTree : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("linux").FullName;

    public string Root => _root;

    public string At(string path) => Path.Combine(_root, path.TrimStart('/'));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>A file with a text.</summary>
    public void Text(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }

    /// <summary>A link, whether what it leads to is there or not.</summary>
    public void Link(string path, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.CreateSymbolicLink(At(path), target);
    }

    /// <summary>A device on bus 1.</summary>
    public void UsbDevice(string name, string vendor, string product, string text, int number, string deviceClass = "00")
    {
        var folder = $"sys/bus/usb/devices/{name}";
        Text($"{folder}/idVendor", vendor + "\n");
        Text($"{folder}/idProduct", product + "\n");
        Text($"{folder}/product", text + "\n");
        Text($"{folder}/busnum", "1\n");
        Text($"{folder}/devnum", $"{number}\n");
        Text($"{folder}/bDeviceClass", deviceClass + "\n");
        Text($"dev/bus/usb/001/{number:D3}", "");
    }

    /// <summary>An interface of a device, and the driver that holds it, if any.</summary>
    public void UsbInterface(string device, int number, string interfaceClass, string subClass, string protocol, string? driver)
    {
        var folder = $"sys/bus/usb/devices/{device}:1.{number}";
        Text($"{folder}/bInterfaceClass", interfaceClass + "\n");
        Text($"{folder}/bInterfaceSubClass", subClass + "\n");
        Text($"{folder}/bInterfaceProtocol", protocol + "\n");
        if (driver is not null)
        {
            Link($"{folder}/driver", $"../../../bus/usb/drivers/{driver}");
        }
    }

    /// <summary>A serial port of a device's first interface.</summary>
    public void Port(string name, string device)
    {
        Text($"dev/{name}", "");
        var folder = $"sys/bus/usb/devices/{device}/tty/{name}";
        Directory.CreateDirectory(At(folder));
        Link($"{folder}/device", "../..");
        Link($"sys/class/tty/{name}", $"../../bus/usb/devices/{device}/tty/{name}");
    }

    /// <summary>A process, and what it has open.</summary>
    public void Process(int id, string name, params string[] open)
    {
        Text($"proc/{id}/comm", name + "\n");
        for (var i = 0; i < open.Length; i++)
        {
            Link($"proc/{id}/fd/{i + 3}", open[i]);
        }
    }
}
