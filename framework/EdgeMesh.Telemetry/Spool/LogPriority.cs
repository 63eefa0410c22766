namespace EdgeMesh.Telemetry;

/// <summary>What is given up first when room runs out. Each priority has segments of its own, so that giving up is deleting a file.</summary>
public enum LogPriority
{
    /// <summary>Trace and debug.</summary>
    Low,

    /// <summary>Information.</summary>
    Normal,

    /// <summary>Warnings, errors and what ends a process: written to disk at once.</summary>
    High,
}
