namespace UploadHelper.Discovery;

/// <summary>The commands of the pluggable discovery protocol (arduino-cli, docs/pluggable-discovery-specification.md).</summary>
internal enum DiscoveryVerb
{
    /// <summary>Anything that is no command, or a command that is not written as it should be.</summary>
    Unknown,

    /// <summary>HELLO VERSION "USER AGENT": the first command of a client.</summary>
    Hello,

    /// <summary>START: LIST may be asked from now on.</summary>
    Start,

    /// <summary>START_SYNC: ports that come and go are told as they do.</summary>
    StartSync,

    /// <summary>STOP: the end of either.</summary>
    Stop,

    /// <summary>LIST: the ports of this moment.</summary>
    List,

    /// <summary>QUIT: the end of the process; always allowed.</summary>
    Quit,
}
