using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace UploadHelper.Devices.Diagnosis;

/// <summary>Whether devices are plugged in now: the registry keeps all that ever were.</summary>
[SupportedOSPlatform("windows")]
internal static partial class WindowsPresence
{
    /// <summary>Whether a device is there (CM_Locate_DevNodeW finds only devices that are, unless it is asked for phantoms).</summary>
    /// <param name="instance">Its instance id, for example "USB\VID_0483&amp;PID_DF11\315A34663432".</param>
    public static bool IsPresent(string instance) => LocateDevNode(out _, instance, 0) == 0;

    [LibraryImport("cfgmgr32", EntryPoint = "CM_Locate_DevNodeW", StringMarshalling = StringMarshalling.Utf16)]
    private static partial int LocateDevNode(out uint node, string instance, uint flags);
}
