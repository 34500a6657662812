using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.DropIns;

/// <summary>dfu-suffix and dfu-prefix. The bytes and lines were written by dfu-suffix and dfu-prefix 0.11 (Debian's package dfu-util 0.11-1).</summary>
public class DfuFileToolsTests
{
    private const string Nine = "313233343536373839";
    private const string WithSuffix = Nine + "ffff11df83040001554644108b1e3939";
    private const string WithOther = Nine + "00020300af1e1a0155464410dc0fa86a";
    private const string WithStellaris = "0100110009000000" + Nine;
    private const string WithBoth = "1a3f01000000000000000000ffffffff" + Nine + "ffff11df830400015546441082a9eb35";

    [Theory]
    [InlineData("-a x.bin -v 0x0483 -p 0xdf11 -d 0xffff", WithSuffix)]
    [InlineData("-v 0483 -p DF11 -a x.bin", WithSuffix)]
    [InlineData("--add=x.bin --vid 483 --pid=DF11 --did -1", WithSuffix)]
    [InlineData("-ax.bin -v1eaf -p3 -d200 -S11a", WithOther)]
    [InlineData("-c other.bin -a x.bin -v 483 -p df11", WithSuffix)]
    public void A_suffix_is_added_and_deleted_again(string arguments, string expected)
    {
        using var run = With(Nine);

        Assert.Equal("Suffix successfully added to file\n", Do(run, $"dfu-suffix {arguments}", 0).Out);
        Assert.Equal(expected, Hex(run));

        Assert.Equal("Suffix successfully removed from file\n", Do(run, "dfu-suffix -D x.bin", 0).Out);
        Assert.Equal(Nine, Hex(run));
    }

    [Theory]
    [InlineData("-a x.bin -s 0x4400", Nine, WithStellaris)]
    [InlineData("-s 17408 -a x.bin", Nine, WithStellaris)]
    [InlineData("--stellaris-address 042000 --add x.bin", Nine, WithStellaris)]
    [InlineData("-a x.bin -L", WithSuffix, WithBoth)]
    [InlineData("-a x.bin -s 0x400 --LPC", WithSuffix, WithBoth)]
    public void A_prefix_is_added_and_deleted_again_and_a_suffix_kept(string arguments, string before, string after)
    {
        using var run = With(before);

        Assert.Equal("Adding prefix to file\n", Do(run, $"dfu-prefix {arguments}", 0).Out);
        Assert.Equal(after, Hex(run));

        Assert.Equal("Removing prefix from file\n", Do(run, "dfu-prefix -D x.bin", 0).Out);
        Assert.Equal(before, Hex(run));
    }

    // dfu-suffix counts the prefix to the blocks of 512 bytes that it states, dfu-prefix does not.
    [Fact]
    public void A_prefix_is_rewritten_with_the_suffix()
    {
        using var run = new ProgramRun();
        run.File("x.bin", new byte[511]);

        Do(run, "dfu-prefix -a x.bin -L", 0);
        Assert.StartsWith("1a3f01000000000000000000ffffffff00", Hex(run), StringComparison.Ordinal);

        Do(run, "dfu-suffix -a x.bin", 0);
        Assert.StartsWith("1a3f02000000000000000000ffffffff00", Hex(run), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_file_has_is_printed_as_dfu_util_prints_it()
    {
        using var run = With(WithOther);
        Assert.Equal(
            "The file x.bin contains a DFU suffix with the following properties:\nBCD device:\t0x0200\nProduct ID:\t0x0003\nVendor ID:\t0x1EAF\n"
                + "BCD DFU:\t0x011A\nLength:\t\t16\nCRC:\t\t0x6AA80FDC\n",
            Do(run, "dfu-suffix -c x.bin", 0).Out);

        using var stellaris = With(WithStellaris);
        Assert.Equal(
            "The file x.bin contains a TI Stellaris DFU prefix with the following properties:\nAddress:\t0x00004400\n", Do(stellaris, "dfu-prefix -Tc x.bin", 0).Out);

        using var both = With(WithBoth);
        Assert.StartsWith(
            "The file x.bin contains a NXP unencrypted LPC DFU prefix with the following properties:\nSize:\t    0 kiB\n"
                + "The file x.bin contains a DFU suffix with the following properties:\nBCD device:\t0xFFFF\n",
            Do(both, "dfu-prefix -c x.bin", 0).Out,
            StringComparison.Ordinal);

        using var none = With(Nine);
        Assert.Equal("", Do(none, "dfu-prefix -c x.bin", 0).Out);
    }

    [Theory]
    [InlineData("dfu-suffix", 64, "usage", "specify a filename")]
    [InlineData("dfu-suffix -v 0483", 64, "usage", "specify a filename")]
    [InlineData("dfu-suffix -x", 64, "usage", "-x")]
    [InlineData("dfu-suffix -T -a x.bin", 64, "usage", "-T")]
    [InlineData("dfu-suffix -a", 64, "usage", "-a")]
    [InlineData("dfu-suffix -a x.bin -S 200", 64, "usage", "0x0200")]
    [InlineData("dfu-suffix -a x.bin -v zzz", 64, "usage", "zzz")]
    [InlineData("dfu-suffix -a x.bin -p 0x10000", 64, "usage", "0x10000")]
    [InlineData("dfu-suffix -a x.bin other.bin", 64, "usage", "other.bin")]
    [InlineData("dfu-suffix -c -", 64, "usage", "Standard input")]
    [InlineData("dfu-suffix -c none.bin", 66, "image-missing", "none.bin")]
    [InlineData("dfu-suffix -c x.bin", 65, "image-unreadable", "too short for a DFU suffix")]
    [InlineData("dfu-suffix -D x.bin", 65, "image-unreadable", "no valid DFU suffix")]
    [InlineData("dfu-prefix -a x.bin", 64, "usage", "kind of the prefix")]
    [InlineData("dfu-prefix -a x.bin -s nonsense", 64, "usage", "nonsense")]
    [InlineData("dfu-prefix -a x.bin -s 0x401", 64, "usage", "0x401", "1024")]
    [InlineData("dfu-prefix -a x.bin -s 0x04000000", 64, "usage", "0x04000000")]
    [InlineData("dfu-prefix -D x.bin", 65, "image-unreadable", "no prefix")]
    [InlineData("dfu-prefix -c x.bin -T", 65, "image-unreadable", "no TI Stellaris prefix")]
    public void A_call_that_cannot_be_carried_out_changes_nothing(string line, int status, string code, params string[] facts)
    {
        using var run = With(Nine);

        Do(run, line, status).Fails(status, code, facts);
        Assert.Equal(Nine, Hex(run));
    }

    [Theory]
    [InlineData("dfu-suffix -a x.bin", WithSuffix, "already has a DFU suffix")]
    [InlineData("dfu-prefix -a x.bin -T", WithBoth, "already has a prefix")]
    [InlineData("dfu-prefix -D x.bin -T", WithBoth, "no TI Stellaris prefix")]
    [InlineData("dfu-prefix -D x.bin -L", WithStellaris, "no NXP LPC prefix")]

    // A byte of the payload is wrong; the length of the suffix is, under the right checksum.
    [InlineData("dfu-suffix -c x.bin", "30" + "3233343536373839ffff11df83040001554644108b1e3939", "checksum", "0x39391E8B")]
    [InlineData("dfu-suffix -c x.bin", Nine + "ffff11df830400015546440fa61eed36", "no valid DFU suffix", "checksum")]
    public void A_file_that_is_not_as_it_should_be_is_refused(string line, string file, params string[] facts)
    {
        using var run = With(file);

        Do(run, line, 65).Fails(65, "image-unreadable", facts);
        Assert.Equal(file, Hex(run));
    }

    [Theory]
    [InlineData(15)]
    [InlineData(255)]
    public void A_suffix_of_an_impossible_length_is_refused(int length)
    {
        byte[] file = [.. Convert.FromHexString(WithSuffix)];
        file[^5] = (byte)length;
        BitConverter.TryWriteBytes(file.AsSpan(file.Length - 4), DfuFileWriter.Checksum(file.AsSpan(..^4)));
        using var run = With(Convert.ToHexStringLower(file));

        Do(run, "dfu-suffix -c x.bin", 65).Fails(65, "image-unreadable", $"{length} bytes");
    }

    [Fact]
    public void A_longer_suffix_is_deleted_whole()
    {
        byte[] file = [.. Convert.FromHexString(Nine + "aabb"), .. Convert.FromHexString(WithSuffix)[9..]];
        file[^5] = 18;
        BitConverter.TryWriteBytes(file.AsSpan(file.Length - 4), DfuFileWriter.Checksum(file.AsSpan(..^4)));
        using var run = With(Convert.ToHexStringLower(file));

        Do(run, "dfu-suffix -D x.bin", 0);

        Assert.Equal(Nine, Hex(run));
    }

    [Fact]
    public void A_full_disk_leaves_the_file_as_it_was()
    {
        using var run = With(Nine);
        run.CreateFile = _ => new FaultyOutput(1, forEver: true).AsStream();

        Do(run, "dfu-suffix -a x.bin", 74).Fails(74, "configuration", "No space left");
        Assert.Equal(Nine, Hex(run));

        run.CreateFile = _ => throw new UnauthorizedAccessException("Access denied.");
        Do(run, "dfu-suffix -a x.bin", 73).Fails(73, "configuration", "Access denied");
    }

    [Fact]
    public void The_file_keeps_its_permissions()
    {
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead;
        using var run = With(Nine);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(run.PathOf("x.bin"), Mode);
            Do(run, "dfu-suffix -a x.bin", 0);
            Assert.Equal(Mode, File.GetUnixFileMode(run.PathOf("x.bin")));
        }
    }

    [Fact]
    public void Help_and_version_are_no_errors()
    {
        using var run = new ProgramRun();

        Do(run, "dfu-suffix -h", 0).Prints("Usage: dfu-suffix", "--spec");
        Do(run, "dfu-prefix --help", 0).Prints("Usage: dfu-prefix", "--stellaris-address");
        Assert.StartsWith("dfu-suffix 0.11 (upload-helper ", Do(run, "dfu-suffix -V", 0).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_tool_writes_the_reader_of_images_reads()
    {
        using var run = new ProgramRun();
        run.Sketch(0x0800_4000, name: "x.bin");

        Do(run, "dfu-suffix -v 0x0483 -p 0xdf11 -d 0xffff -a x.bin", 0);

        Do(run, "upload x.bin --offset 0x4000 --simulate f4boot", 0);
        Do(run, "upload x.bin --offset 0x4000 --simulate f4boot --usb-id 1eaf:0003", 6);
    }

    private static ProgramRun With(string hex)
    {
        var run = new ProgramRun();
        run.File("x.bin", Convert.FromHexString(hex));
        return run;
    }

    private static string Hex(ProgramRun run) => Convert.ToHexStringLower(run.Bytes("x.bin"));

    // Also attached to a letter, or behind '='.
    private static Printed Do(ProgramRun run, string line, int status)
    {
        run.Run([.. line.Split(' ').Select(w => w.Replace("x.bin", run.PathOf("x.bin"), StringComparison.Ordinal).Replace("none.bin", run.PathOf("none.bin"), StringComparison.Ordinal))]);
        return run.Printed.Exits(status);
    }
}
