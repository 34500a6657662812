using UploadHelper.Commands;

namespace UploadHelper.DropIns;

/// <summary>dfu-util 0.11.</summary>
internal static class DfuUtil
{
    public static DropIn Tool { get; } = new("dfu-util", "dfu-util [-l] [-d VID:PID[,VID:PID]] [-a ALT] [-s ADDRESS[:leave]] [-D FILE | -U FILE]") { Run = Run };

    private static int Run(CommandContext context, IReadOnlyList<string> arguments) => 0;
}
