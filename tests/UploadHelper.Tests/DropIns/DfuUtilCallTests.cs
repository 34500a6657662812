using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb;
using UploadHelper.DropIns;

namespace UploadHelper.Tests.DropIns;

/// <summary>The arguments of dfu-util 0.11, in every form in which getopt takes them.</summary>
public class DfuUtilCallTests
{
    [Theory]
    [InlineData("-d|0483:df11|-a|0|-s|0x08000000:leave|-D|x.bin")]
    [InlineData("-d0483:df11|-a0|-s0x08000000:leave|-Dx.bin")]
    [InlineData("--device|0483:DF11|--alt|0|--dfuse-address|0x08000000:leave|--download|x.bin")]
    [InlineData("--device=0x0483:0xdf11|--altsetting=0|--dfuse-address=134217728:leave|--download=x.bin")]
    [InlineData("--devi|0483:df11|--al=0|--dfus|0x8000000:leave|--down|x.bin")]
    [InlineData("-D|x.bin|-s|01000000000:leave|-a|0|-d|0483:df11")]
    public void All_forms_mean_the_same(string line)
    {
        var call = Read(line);

        Assert.Equal((DfuUtilMode.Download, "x.bin", 0, null), (call.Mode, call.File, call.Alternate, call.AlternateName));
        Assert.True(call.Runtime!.Matches(new UsbId(0x0483, 0xDF11)));
        Assert.False(call.Runtime.Matches(new UsbId(0x0483, 0x5740)));
        Assert.Equal((0x0800_0000u, true, false, null), (call.Dfuse!.Address, call.Dfuse.Leave, call.Dfuse.Force, call.Dfuse.Length));
    }

    [Fact]
    public void Everything_can_be_given()
    {
        var call = Read("-vRw|-E|3|-p|1-2.3|-n|17|-c|1|-i|2|-a|@Flash|-S|a,b|-t|1024|-Z|4096|-s|0x08000000:1000:will-reset:fast:force:mass-erase|-U|x.bin");

        Assert.Equal((DfuUtilMode.Upload, "x.bin", true, true, true), (call.Mode, call.File, call.Verbose, call.Reset, call.Wait));
        Assert.Equal((TimeSpan.FromSeconds(3), "1-2.3", 17, 1, 2), (call.DetachDelay, call.Path, call.Number, call.Configuration, call.Interface));
        Assert.Equal((null, "@Flash", "a", "b", 1024, 4096), (call.Alternate, call.AlternateName, call.RuntimeSerial, call.DfuModeSerial, call.TransferSize, call.UploadSize));
        Assert.Equal((1000, true, true, true, false), (call.Dfuse!.Length, call.Dfuse.WillReset, call.Dfuse.Force, call.Dfuse.MassErase, call.Dfuse.Leave));
    }

    /// <summary>-d VID:PID[,VID:PID]: what matches in run-time mode, and what in DFU mode ("" where the call leaves it open).</summary>
    [Theory]
    [InlineData("0483:df11", "0483:DF11", "")]
    [InlineData(",0483:df11", "none", "0483:DF11")]
    [InlineData("1eaf:0004,1eaf:0003", "1EAF:0004", "1EAF:0003")]
    [InlineData("0x1EAF:0x0003,0x0483:0xDF11", "1EAF:0003", "0483:DF11")]
    [InlineData("1eaf:0004,:0003", "1EAF:0004", "1EAF:0003")]
    [InlineData("1209:*,*", "1209:*", "*:*")]
    [InlineData("-,0483:df11", "none", "0483:DF11")]
    [InlineData("483:", "0483:*", "")]
    public void Ids_of_both_modes(string text, string runtime, string dfuMode)
    {
        var call = Read($"-d|{text}|-l");

        Assert.Equal(runtime, Text(call.Runtime!));
        Assert.Equal(dfuMode, string.Join(' ', call.DfuMode.Select(Text)));

        static string Text(IdPattern p) => p.Matches(new UsbId(p.Vendor ?? 1, p.Product ?? 1)) ? $"{p}" : "none";
    }

    [Theory]
    [InlineData("", "-D FILE")]
    [InlineData("-a|0", "-D FILE")]
    [InlineData("-q", "-q")]
    [InlineData("-vq", "-vq")]
    [InlineData("--upl", "--upload or --upload-size")]
    [InlineData("--leave", "--leave")]
    [InlineData("--list=3", "takes no value")]
    [InlineData("-D", "-D is missing")]
    [InlineData("--download", "--download is missing")]
    [InlineData("-D|x.bin|y.bin", "y.bin")]
    [InlineData("-D|x.bin|-U|y.bin", "-D and -U")]
    [InlineData("-D|x.bin|-D|y.bin", "-D is given twice")]
    [InlineData("-D|x.bin|-d|0483", null)]
    [InlineData("-D|x.bin|-d|xyz", "xyz")]
    [InlineData("-D|x.bin|-d|0483:df11:1", "0483:df11:1")]
    [InlineData("-D|x.bin|-d|10483:df11", "10483")]
    [InlineData("-D|x.bin|-s|here", "\"here\"")]
    [InlineData("-D|x.bin|-s|0x180000000", "0x180000000")]
    [InlineData("-D|x.bin|-s|08000000", "\"08000000\"")]
    [InlineData("-D|x.bin|-s|:leaf", "\"leaf\"")]
    [InlineData("-D|x.bin|-s|:mass-erase", ":mass-erase:force")]
    [InlineData("-s|:unprotect", ":unprotect:force")]
    [InlineData("-D|x.bin|-s|:unprotect:force", "two commands")]
    [InlineData("-D|x.bin|-t|x", "\"x\"")]
    [InlineData("-D|x.bin|-i|-1", "\"-1\"")]
    public void What_is_wrong_is_named(string line, string? named)
    {
        if (named is null)
        {
            Assert.Equal("x.bin", Read(line).File);
            return;
        }

        var error = Assert.Throws<UploadException>(() => Read(line));

        Assert.Equal(UploadError.Usage, error.Error);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains("dfu-util", error.Hint, StringComparison.Ordinal);
    }

    /// <summary>
    /// What callers pass: qmk_firmware (lib/python/qmk/flashers.py), Klipper (scripts/flash_usb.py), Zephyr's west (runners/dfu.py),
    /// and the makefiles that tutorials show.
    /// </summary>
    [Theory]
    [InlineData("-a|0|-d|0483:df11|-s|0x08000000:leave|-D|fw.bin", 0, 0x0800_0000u, true, false)]
    [InlineData("-a|2|-d|1eaf:0003|-R|-D|fw.bin", 2, null, false, true)]
    [InlineData("-a|0|-d|28e9:0189|-s|0x08000000:leave|-D|fw.bin", 0, 0x0800_0000u, true, false)]
    [InlineData("-d|,1eaf:0003|-R|-a|2|-D|out/klipper.bin", 2, null, false, true)]
    [InlineData("-p|1-1.4|-R|-a|0|-s|0x8000000:leave|-D|out/klipper.bin", 0, 0x0800_0000u, true, true)]
    [InlineData("-p|1-1.4|-R|-a|0|-s|0x8008000:leave|-D|out/klipper.bin", 0, 0x0800_8000u, true, true)]
    [InlineData("-d,0483:df11|-s|0x8000000:leave|-a|0|-D|zephyr.bin", 0, 0x0800_0000u, true, false)]
    [InlineData("-a|0|--dfuse-address|0x08000000:leave|-D|fw.bin", 0, 0x0800_0000u, true, false)]
    [InlineData("-d|0483:df11|-c|1|-i|0|-a|0|-s|0x08000000|-D|fw.bin", 0, 0x0800_0000u, false, false)]
    public void What_known_callers_pass(string line, int alternate, uint? address, bool leave, bool reset)
    {
        var call = Read(line);

        Assert.Equal((DfuUtilMode.Download, alternate, address, leave, reset), (call.Mode, call.Alternate!.Value, call.Dfuse?.Address, call.Dfuse?.Leave ?? false, call.Reset));
        Assert.EndsWith(".bin", call.File, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", true, 0u)]
    [InlineData("0x08004000", true, 0x0800_4000u)]
    [InlineData("0XFFFFFFFF", true, 0xFFFF_FFFFu)]
    [InlineData("037777777777", true, 0xFFFF_FFFFu)]
    [InlineData("040000000000", false, 0u)]
    [InlineData("4294967295", true, 0xFFFF_FFFFu)]
    [InlineData("4294967296", false, 0u)]
    [InlineData("09", false, 0u)]
    [InlineData("0x", false, 0u)]
    [InlineData("-1", false, 0u)]
    [InlineData("", false, 0u)]
    public void Numbers_are_read_as_in_C(string text, bool isNumber, uint number)
    {
        Assert.Equal(isNumber, Numbers.TryParse(text, out var read));
        Assert.True(!isNumber || read == number);
    }

    [Theory]
    [InlineData("Use --offset 0x4000, or --offset OFFSET.", "Use -s 0x08004000, or -s ADDRESS.")]
    [InlineData("Choose one: --usb-path 1-2", "Choose one: -p 1-2")]
    [InlineData("give --usb-id 0483:DF11", "give -d ,0483:DF11")]
    [InlineData("Omit --alt.", "Omit -a.")]
    [InlineData("To upload it anyway, use --force address.", "To upload it anyway, use -s ADDRESS:force.")]
    [InlineData("use --full for this board", "use UPLOADHELPER_FULL=1 for this board")]
    [InlineData("add --chip gd32vf103.", "add UPLOADHELPER_CHIP=gd32vf103.")]
    public void Hints_name_its_own_options(string hint, string expected) => Assert.Equal(expected, DfuUtil.InWordsOfDfuUtil(hint));

    private static DfuUtilCall Read(string line) => DfuUtilCall.Read(DfuUtil.Tool, line.Split('|', StringSplitOptions.RemoveEmptyEntries));
}
