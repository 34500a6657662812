using UploadHelper.EndToEnd.Support;
using UploadHelper.EndToEnd.Wine;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>
/// The Windows executable on a real serial port: Windows' code of System.IO.Ports drives, through Wine, the kernel's cdc_acm.
/// Outside of the rig there are only pseudo terminals, which it cannot open as COM ports. The bootloader is behind the
/// stand-ins for USB libraries.
/// </summary>
[Collection(RigCollection.Name)]
public sealed class WineRigTests(WineRigTests.Run rig) : IClassFixture<WineRigTests.Run>
{
    public sealed class Run : RigRun, IDisposable
    {
        private readonly WinePrefix _prefix;

        public Run(RigMachine machine)
            : this(machine, new WinePrefix())
        {
        }

        private Run(RigMachine machine, WinePrefix prefix)
            : base(machine, "wine", () => Prepare(prefix)) => _prefix = prefix;

        protected override int Seconds => 900;

        public void Dispose() => _prefix.Dispose();

        private static string Prepare(WinePrefix prefix)
        {
            Copy("blink-08002000.bin", prefix.Install("maple", StandIns.LibUsb, StandIns.LibUsb0), "Blink.bin");
            Copy("blink-08010000.bin", prefix.Install("Programme für Arduino", StandIns.LibUsb), "Blinklicht grün 2.bin");
            prefix.MapPort("com7", "/dev/ttyACM0");
            prefix.Stop();
            return Path.GetDirectoryName(prefix.DriveC)!;
        }

        private static void Copy(string sketch, string folder, string name) =>
            File.Copy(Repository.PathOf("tests", "firmware", sketch), Path.Combine(folder, name));
    }

    [WineRigFact]
    public void An_old_command_line_uploads_to_a_maple_that_has_the_driver_of_old_cores() =>
        Uploaded("maple", 0x2000, "blink-08002000.bin", "bus reset");

    [WineRigFact]
    public void A_folder_with_spaces_and_umlauts_uploads_through_libusb() =>
        Uploaded("f4boot-old", 0x1_0000, "blink-08010000.bin", "DNLOAD");

    private void Uploaded(string step, int offset, string sketch, string seen)
    {
        var log = rig.Text(step + ".board");
        Assert.True(rig.Status(step) == 0, rig.Text(step + ".out") + log);
        Assert.Contains("verified", rig.Text(step + ".out"), StringComparison.Ordinal);
        Assert.Contains("reset: magic", log, StringComparison.Ordinal);
        Assert.Contains(seen, log, StringComparison.Ordinal);
        Assert.Equal("0", rig.Summary(step)["violations"]);
        var image = File.ReadAllBytes(Repository.PathOf("tests", "firmware", sketch));
        Assert.Equal(image, rig.Bytes(step + ".flash")[offset..(offset + image.Length)]);
    }
}
