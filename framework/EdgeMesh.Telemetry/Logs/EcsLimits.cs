namespace EdgeMesh.Telemetry;

/// <summary>How much of a record is kept, in characters: an index refuses fields that are too long, and one line must not fill the spool.
/// What is cut is told in <c>edgemesh.cut</c>.</summary>
/// <param name="Message">Of the message.</param>
/// <param name="Stack">Of an exception's text.</param>
/// <param name="Value">Of a label.</param>
internal sealed record EcsLimits(int Message, int Stack, int Value)
{
    /// <summary>Labels in one record.</summary>
    public const int Labels = 40;

    /// <summary>Characters of a label's name.</summary>
    public const int Name = 64;

    /// <summary>Bytes of a record. Characters that JSON escapes take six each.</summary>
    public const int Record = 96 * 1024;

    public static EcsLimits Usual { get; } = new(16 * 1024, 32 * 1024, 1024);

    /// <summary>For a record that escaping made too large: this one never is.</summary>
    public static EcsLimits Tight { get; } = new(2048, 4096, 128);
}
