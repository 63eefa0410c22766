namespace EdgeMesh.LoadTests.Anomalies;

/// <summary>What a hit is worth, and what a false alarm and a missed window cost.</summary>
internal sealed record NabProfile(string Name, double Hit, double FalseAlarm, double Miss)
{
    public const string StandardName = "standard";
}
