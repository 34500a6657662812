using UploadHelper.Benchmarks;
using UploadHelper.Benchmarks.Exact;
using UploadHelper.Benchmarks.Native;
using UploadHelper.Benchmarks.Rig;

// scripts/bench.sh calls it: REPORT [HELPER EMPTY IMAGE [RIG-OUTPUT]]
if (args is ["--native", var onlyHelper, var onlyEmpty, var onlyImage])
{
    Console.WriteLine(NativeReport.Run(onlyHelper, onlyEmpty, onlyImage));
    return;
}

if (args is ["--uart", var uartHelper, var uartImage])
{
    Console.WriteLine(UartReport.Run(uartHelper, uartImage));
    return;
}

var report = new Report(args[0]);
report.Add(ExactReport.Devices(), ExactReport.Notes);
var peers = new PeerReport();
report.Add(peers.Table, peers.Notes);
report.Add(ExactReport.Readings(), ExactReport.ReadingsNotes);
report.Add(WireReport.Requests(), WireReport.Notes);
report.Add(ExactReport.Together(), "");
report.Add(ExactReport.Growth(), "");
if (args is [_, var helper, var empty, var image, ..])
{
    report.Add(NativeReport.Run(helper, empty, image), NativeReport.Notes);
    if (ProcessCost.IsInstalled(UartReport.Peer))
    {
        report.Add(UartReport.Run(helper, image), UartReport.Notes);
    }
}

if (args is [_, _, _, _, var rig])
{
    report.Add(RigReport.Uploads(rig), RigReport.Notes);
    report.Add(RigReport.OldChain(rig), RigReport.OldChainNotes);
    report.Add(RigReport.Phases(rig), RigReport.PhasesNotes);
}

report.Write();
