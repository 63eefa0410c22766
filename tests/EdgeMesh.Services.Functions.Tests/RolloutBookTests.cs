using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Rollouts;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>Steps of a rollout that another process writes too: it does whenever the book has read what it decides on.</summary>
public sealed class RolloutBookTests : IAsyncLifetime
{
    private const string Function = "f";
    private static readonly SiteIdentity Site = new("clinic-a", FunctionsApp.AppId, "");

    private readonly MeshDirectory _directory = new(Site.Site, [new SiteEntry(Site.Site, "org", null, default, "", "", false)]);
    private readonly Catalog _catalog = new(Site.Site, new Dictionary<string, string>());
    private Journal _changes = null!;
    private FollowerLoop _following = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _changes = await Journal.OpenAsync(new JournalName(Site.Site, FunctionsApp.AppId, JournalName.Changes), new MemoryJournalStore(), new JournalOptions(), Cancellation);
        var follower = new CatalogFollower(_changes, _catalog, [], _directory, Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")), NullLogger<CatalogFollower>.Instance);
        _following = new FollowerLoop(_changes, follower, TimeProvider.System, NullLogger.Instance);
        _following.Start();
        _catalog.Put(Site.Site, Deployment.Sign(Function, 1, null, CanaryPlan.None, FunctionsSite.Ops));
    }

    public async ValueTask DisposeAsync()
    {
        await _following.DisposeAsync();
        await _changes.DisposeAsync();
    }

    [Fact]
    public async Task Decide_ThatIsWrittenWithTheLastStep_IsAtRest()
    {
        var rival = new Rival(RolloutBook.MostSteps - 1);
        var book = Book(rival);
        // A removed function is at rest: what is asked for is the one step.
        Assert.True(await book.DecideAsync(Function, static s => s, Cancellation));
        rival.Begin(Book(TimeProvider.System));

        Assert.True(await book.DecideAsync(Function, s => RolloutRules.Hold(s, "ops"), Cancellation));
        Assert.True(book.State(Function).IsHeld);
        Assert.Equal(0, rival.Left);
    }

    [Fact]
    public async Task Decide_ThatIsNeverFirst_SaysThatItIsNotAtRest()
    {
        var rival = new Rival(100);
        rival.Begin(Book(TimeProvider.System));

        Assert.False(await Book(rival).DecideAsync(Function, s => RolloutRules.Hold(s, "ops"), Cancellation));
        Assert.False(Book(TimeProvider.System).State(Function).IsHeld);
    }

    private RolloutBook Book(TimeProvider clock) => new(_changes, _following, _catalog, Site, _directory, clock, NullLogger<RolloutBook>.Instance);

    /// <summary>The book asks for the time between reading a rollout and writing the next step.</summary>
    private sealed class Rival(int writes) : TimeProvider
    {
        private RolloutBook? _book;

        public int Left { get; private set; } = writes;

        public void Begin(RolloutBook book) => _book = book;

        public override DateTimeOffset GetUtcNow()
        {
            if (_book is { } book && Left > 0)
            {
                Left--;
                Assert.True(book.WriteAsync(book.State(Function) with { Reason = $"{Left} left" }, book.Find(Function), CancellationToken.None).GetAwaiter().GetResult());
            }

            return base.GetUtcNow();
        }
    }
}
