namespace EdgeMesh.Functions;

/// <summary>What a function may keep at one site.</summary>
/// <param name="Keys">How many keys.</param>
/// <param name="Bytes">What keys and values take together, in bytes.</param>
public sealed record StateLimits(int Keys, long Bytes)
{
    /// <summary>Where the manifest says nothing.</summary>
    public static StateLimits Usual { get; } = new(1_000, 16 * 1024 * 1024);
}
