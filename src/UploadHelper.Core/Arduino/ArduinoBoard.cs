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

    /// <summary>Its id, for example "generic_f407v".</summary>
    public string Id { get; }

    /// <summary>The name that the IDE shows.</summary>
    public string Name => _properties["name"] ?? Id;

    /// <summary>Its menus, in the order of the file.</summary>
    public IReadOnlyList<ArduinoMenu> Menus { get; }

    /// <summary>
    /// The properties for a choice of options: the keys of the platform, the board, the options and the upload tool, in
    /// this order; later ones override earlier ones. If two menus set the same key, the board's later menu wins, as in
    /// IDE 1.8; in arduino-cli the order is undefined.
    /// </summary>
    /// <param name="chosen">The option for each menu; menus that are not listed use their first option.</param>
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

/// <summary>A core, as described by its boards.txt and platform.txt and their local files.</summary>
public sealed class ArduinoCore
{
    private const string Menu = "menu";

    /// <summary>Creates a core from its files.</summary>
    /// <param name="boards">boards.txt, overridden by boards.local.txt.</param>
    /// <param name="platform">platform.txt, overridden by platform.local.txt; empty if there is none.</param>
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

    /// <summary>The board with an id, or null.</summary>
    public ArduinoBoard? Find(string id) => Boards.FirstOrDefault(b => b.Id == id);
}

/// <summary>A menu of a board; the default is its first option.</summary>
/// <param name="Id">Its id, for example "upload_method".</param>
/// <param name="Title">The title that the IDE shows.</param>
/// <param name="Options">Its options; at least one.</param>
public sealed record ArduinoMenu(string Id, string Title, IReadOnlyList<ArduinoOption> Options);

/// <summary>An option of a menu.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Label">The label that the IDE shows.</param>
/// <param name="Properties">The properties that it sets.</param>
public sealed record ArduinoOption(string Id, string Label, ArduinoProperties Properties);

/// <summary>The operating systems for which a key in Arduino's properties files can have a suffix.</summary>
public enum ArduinoSystem
{
    /// <summary>".linux".</summary>
    Linux,

    /// <summary>".windows".</summary>
    Windows,

    /// <summary>".macosx".</summary>
    MacOsX,
}
