namespace UploadHelper.Core.Dfu;

/// <summary>The answer to GETSTATUS (USB DFU 1.1, 6.1.2).</summary>
/// <param name="Code">bStatus.</param>
/// <param name="PollTimeout">bwPollTimeout: how long the device asks the host to wait before the next GETSTATUS.</param>
/// <param name="State">bState: the state that the device enters right after this answer.</param>
public readonly record struct DfuStatus(DfuStatusCode Code, TimeSpan PollTimeout, DfuState State)
{
    /// <summary>Size of the answer in bytes.</summary>
    public const int Size = 6;

    /// <summary>Reads the 6 bytes of the answer.</summary>
    public static DfuStatus Read(ReadOnlySpan<byte> answer) => new(
        (DfuStatusCode)answer[0],
        TimeSpan.FromMilliseconds(answer[1] | answer[2] << 8 | answer[3] << 16),
        (DfuState)answer[4]);

    /// <summary>For people: "dfuERROR, errADDRESS".</summary>
    public override string ToString() => $"{State.Name()}, {Code.Name()}";
}
