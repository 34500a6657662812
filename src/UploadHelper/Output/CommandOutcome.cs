using System.Text.Json;

namespace UploadHelper.Output;

/// <summary>How a command ended that did not fail.</summary>
/// <param name="Text">For people: whole sentences.</param>
/// <param name="Fields">For programs: writes the fields of the result.</param>
internal sealed record CommandOutcome(string Text, Action<Utf8JsonWriter> Fields);
