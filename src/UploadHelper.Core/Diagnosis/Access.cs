namespace UploadHelper.Core.Diagnosis;

/// <summary>Whether this user may open something.</summary>
public enum Access
{
    /// <summary>It is not known without trying.</summary>
    Unknown,

    /// <summary>Yes.</summary>
    Granted,

    /// <summary>No.</summary>
    Denied,
}
