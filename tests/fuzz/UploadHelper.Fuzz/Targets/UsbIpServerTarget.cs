using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.Fuzz.Targets;

/// <summary>
/// The USB/IP server's side of a session: a client sends any messages to a virtual board, which the first byte chooses. Between two
/// messages a little time passes.
/// </summary>
internal static class UsbIpServerTarget
{
    private static readonly string[] Boards = ["maple20", "f4rom", "hid-f1", "dapboot"];
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(3);

    public static FuzzTarget Target { get; } = new(
        "usbip-server",
        ["UploadHelper.VirtualBoard.UsbIp.HostController", "UploadHelper.VirtualBoard.UsbIp.ControlPipe", "UploadHelper.Core.Usb.UsbIp.UsbIpSubmit", "UploadHelper.Core.Usb.UsbIp.UsbIpUnlink", "UploadHelper.VirtualBoard.Usb."],
        () => Boards.Select((_, i) => Conversation((byte)i)),
        [Submit(2, UsbIpDirection.In, new UsbSetup(0xA1, 3, 0, 0, 6)), Submit(2, UsbIpDirection.Out, new UsbSetup(0x21, 1, 0, 0, 0)), Submit(2, UsbIpDirection.In, new UsbSetup(0xA1, 2, 2, 0, 64)), Unlink(2)],
        Run)
    {
        // The flash of a board, and transfers of 1 MiB.
        Memory = length => (64L << 20) + (1 << 16) * (long)length,
    };

    private static string Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return "nothing";
        }

        using var system = new SimulatedSystem(SimulationOptions.Parse(Boards[input[0] % Boards.Length], StartState.Bootloader), _ => { });
        var (board, now, ended) = (system.Board, system.Clock.Now, false);
        var (sent, answered) = (new Dictionary<uint, int>(), new Dictionary<uint, int>());
        var host = new HostController(board.Attached!, Completed, () => ended = true);
        var at = 1;
        try
        {
            while (at + UsbIpHeader.MessageSize <= input.Length && !ended)
            {
                var message = input.AsSpan(at, UsbIpHeader.MessageSize);
                at += UsbIpHeader.MessageSize;
                if (UsbIpHeader.Read(message).Command == UsbIpCommand.Unlink)
                {
                    host.Unlink(UsbIpUnlink.Read(message).Unlinked);
                }
                else
                {
                    var submit = UsbIpSubmit.Read(message);
                    if (submit.DataLength > input.Length - at)
                    {
                        break;
                    }

                    var direction = submit.Endpoint != 0 && submit.Direction == UsbIpDirection.In ? 0x80 : 0;
                    sent[submit.Sequence] = sent.GetValueOrDefault(submit.Sequence) + 1;
                    host.Submit(new Transfer(submit.Sequence, (byte)(submit.Endpoint | direction), submit.Setup, submit.Length, input[at..(at + submit.DataLength)]));
                    at += submit.DataLength;
                }

                now += Pause;
                board.AdvanceTo(now);
                host.Serve(board, now);
            }
        }
        catch (UsbIpFormatException e)
        {
            return e.Message;
        }

        return $"{ended} {answered.Count > 0} {host.Pending > 0}";

        void Completed(Transfer transfer, int status)
        {
            answered[transfer.Sequence] = answered.GetValueOrDefault(transfer.Sequence) + 1;
            if (answered[transfer.Sequence] > sent[transfer.Sequence] || transfer.Data.Length > transfer.Length || transfer.Accepted > transfer.Length || status > 0)
            {
                throw new UnsoundException($"transfer {transfer.Sequence} of {transfer.Length} bytes ends with {status}, {transfer.Data.Length} bytes, {transfer.Accepted} accepted");
            }
        }
    }

    private static byte[] Conversation(byte board) =>
    [
        board,
        .. Submit(1, UsbIpDirection.In, new UsbSetup(0x80, 6, 0x0100, 0, 18)),
        .. Submit(2, UsbIpDirection.In, new UsbSetup(0x80, 6, 0x0200, 0, 255)),
        .. Submit(3, UsbIpDirection.In, new UsbSetup(0x80, 6, 0x0302, 0x0409, 255)),
        .. Submit(4, UsbIpDirection.Out, new UsbSetup(0, 9, 1, 0, 0)),
        .. Submit(5, UsbIpDirection.Out, new UsbSetup(1, 11, 0, 0, 0)),
        .. Submit(6, UsbIpDirection.In, new UsbSetup(0xA1, 3, 0, 0, 6)),
        .. Submit(7, UsbIpDirection.Out, new UsbSetup(0x21, 1, 0, 0, 5)), 0x21, 0, 0, 0, 8,
        .. Submit(8, UsbIpDirection.In, new UsbSetup(0xA1, 3, 0, 0, 6)),
        .. Submit(9, UsbIpDirection.Out, new UsbSetup(0x21, 4, 0, 0, 0)),
        .. Submit(10, UsbIpDirection.In, new UsbSetup(0xA1, 2, 2, 0, 64)),
        .. Unlink(10),
        .. Submit(11, UsbIpDirection.Out, new UsbSetup(0x21, 9, 0x0200, 0, 8)), 1, 2, 3, 4, 5, 6, 7, 8,
        .. Submit(12, UsbIpDirection.In, default, endpoint: 1, length: 64),
        .. Submit(13, UsbIpDirection.Out, new UsbSetup(0x23, 3, 4, 1, 0)),
    ];

    private static byte[] Submit(uint sequence, UsbIpDirection direction, UsbSetup setup, byte endpoint = 0, int? length = null)
    {
        var message = new byte[UsbIpHeader.MessageSize];
        new UsbIpSubmit(sequence, 0x1_0002, direction, endpoint, length ?? setup.Length, setup).Write(message);
        return message;
    }

    private static byte[] Unlink(uint sequence)
    {
        var message = new byte[UsbIpHeader.MessageSize];
        new UsbIpUnlink(sequence + 100, 0x1_0002, sequence).Write(message);
        return message;
    }
}
