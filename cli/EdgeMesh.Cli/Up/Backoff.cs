namespace EdgeMesh.Cli.Up;

/// <summary>How long to wait before a site that died is started again: doubling, forgiven after it lived long enough.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest, TimeSpan forgiveAfter)
{
    private TimeSpan? next;

    public TimeSpan Next(TimeSpan lived)
    {
        var wait = lived >= forgiveAfter ? first : next ?? first;
        next = wait * 2 < longest ? wait * 2 : longest;
        return wait;
    }
}
