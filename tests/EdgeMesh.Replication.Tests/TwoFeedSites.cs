namespace EdgeMesh.Replication.Tests;

/// <summary>Two sites whose shared feeds the tests pull by hand.</summary>
public abstract class TwoFeedSites : IAsyncLifetime
{
    private protected FeedSite A { get; private set; } = null!;

    private protected FeedSite B { get; private set; } = null!;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => (A, B) = (await FeedSite.OpenAsync("clinic-a"), await FeedSite.OpenAsync("clinic-b"));

    public virtual async ValueTask DisposeAsync()
    {
        await A.DisposeAsync();
        await B.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
