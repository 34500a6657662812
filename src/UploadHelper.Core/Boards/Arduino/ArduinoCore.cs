namespace UploadHelper.Core.Boards.Arduino;

/// <summary>A core as its boards.txt and platform.txt describe it, with their local files laid over them.</summary>
public sealed class ArduinoCore
{
    private const string Menu = "menu";

    /// <summary>A core.</summary>
    /// <param name="boards">boards.txt, with boards.local.txt over it.</param>
    /// <param name="platform">platform.txt, with platform.local.txt over it; empty if there is none.</param>
    public ArduinoCore(ArduinoProperties boards, ArduinoProperties platform)
    {
        Platform = platform;
        var titles = boards.Below(Menu);
        var branches = boards.Branches();
        Boards = [.. boards.FirstLevel().Where(id => id != Menu && branches.ContainsKey(id)).Select(id => new ArduinoBoard(this, id, branches[id], titles))];
    }

    /// <summary>The boards, in the order of the file.</summary>
    public IReadOnlyList<ArduinoBoard> Boards { get; }

    /// <summary>The platform's keys.</summary>
    internal ArduinoProperties Platform { get; }

    /// <summary>The board of an id, or null.</summary>
    public ArduinoBoard? Find(string id) => Boards.FirstOrDefault(b => b.Id == id);
}
