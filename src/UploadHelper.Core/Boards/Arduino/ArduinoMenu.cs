namespace UploadHelper.Core.Boards.Arduino;

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
