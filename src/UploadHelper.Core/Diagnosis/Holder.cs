namespace UploadHelper.Core.Diagnosis;

/// <summary>A process that has something open.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name.</param>
public sealed record Holder(int Id, string Name);
