namespace EdgeMesh.Sidecar.CommandLine;

/// <summary>How a sidecar came to stop.</summary>
internal enum ServingEnd
{
    /// <summary>What was in flight is done.</summary>
    InTime,

    /// <summary>It took too long.</summary>
    CutOff,

    /// <summary>To begin anew, with all it reads read again.</summary>
    Again,
}
