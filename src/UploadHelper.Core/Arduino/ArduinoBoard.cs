namespace UploadHelper.Core.Arduino;

/// <summary>A board of a core.</summary>
public sealed class ArduinoBoard
{
    private readonly ArduinoCore _core;
    private readonly ArduinoProperties _properties;

    internal ArduinoBoard(ArduinoCore core, string id, ArduinoProperties properties, ArduinoProperties titles)
    {
        (_core, Id, _properties) = (core, id, properties.Without("menu"));
        var menus = properties.Below("menu");
        var branches = menus.Branches();
        Menus = [.. menus.FirstLevel().Where(branches.ContainsKey).Select(m => Menu(m, branches[m], titles)).Where(m => m.Options.Count > 0)];
    }

    /// <summary>Its key, for example "generic_f407v".</summary>
    public string Id { get; }

    /// <summary>What the IDE shows.</summary>
    public string Name => _properties["name"] ?? Id;

    /// <summary>Its menus, in the order of the file.</summary>
    public IReadOnlyList<ArduinoMenu> Menus { get; }

    /// <summary>
    /// What holds for a choice of options: the platform's keys, the board's, the options', and last those of the upload
    /// tool, each over the ones before. Where two menus set the same key, the board's later menu wins, as in IDE 1.8;
    /// arduino-cli knows no order there.
    /// </summary>
    /// <param name="chosen">Menu and option; of menus that are not named, the first option.</param>
    public ArduinoProperties Resolve(IReadOnlyDictionary<string, string> chosen)
    {
        var properties = _core.Platform.With(_properties);
        foreach (var menu in Menus)
        {
            var option = chosen.TryGetValue(menu.Id, out var id) ? menu.Options.First(o => o.Id == id) : menu.Options[0];
            properties = properties.With(option.Properties);
        }

        return properties["upload.tool"] is { } tool ? properties.With(_core.Platform.Below($"tools.{tool}")) : properties;
    }

    private static ArduinoMenu Menu(string id, ArduinoProperties menu, ArduinoProperties titles)
    {
        var branches = menu.Branches();
        var none = new ArduinoProperties();
        return new ArduinoMenu(
            id,
            titles[id] ?? id,
            [.. menu.FirstLevel().Where(o => menu[o] is not null).Select(o => new ArduinoOption(o, menu[o]!, branches.GetValueOrDefault(o, none)))]);
    }
}

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

/// <summary>A menu of a board; its first option is chosen if none is named.</summary>
/// <param name="Id">Its key, for example "upload_method".</param>
/// <param name="Title">What the IDE shows.</param>
/// <param name="Options">Its options; at least one.</param>
public sealed record ArduinoMenu(string Id, string Title, IReadOnlyList<ArduinoOption> Options);

/// <summary>An option of a menu.</summary>
/// <param name="Id">Its key.</param>
/// <param name="Label">What the IDE shows.</param>
/// <param name="Properties">What it sets.</param>
public sealed record ArduinoOption(string Id, string Label, ArduinoProperties Properties);

/// <summary>The systems that Arduino's properties files tell apart by a suffix of the key.</summary>
public enum ArduinoSystem
{
    /// <summary>".linux".</summary>
    Linux,

    /// <summary>".windows".</summary>
    Windows,

    /// <summary>".macosx".</summary>
    MacOsX,
}
