using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Anomalies;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Services.Monitor.Tests.Store;

namespace EdgeMesh.Services.Monitor.Tests.Anomalies;

public sealed class AnomalyWatchTests : IAsyncDisposable
{
    private const string Name = "http.server.request.duration";

    private readonly LimitedClock _clock = new();
    private readonly TemporaryStore _store;
    private readonly string _folder = Directory.CreateTempSubdirectory("edgemesh-anomalies-").FullName;
    private readonly Random _random = new(7);
    private AnomalyWatch _watch;

    public AnomalyWatchTests()
    {
        _store = new(clock: _clock);
        _watch = Watch();
    }

    private DateTimeOffset Now => _store.Clock.GetUtcNow();

    [Fact]
    public async Task Jump_InASteadySeries_IsMarkedWithWhatWasExpected_AndTheRestIsNot()
    {
        await FeedAsync(150, 10);
        Assert.Empty(_watch.Since(TemporaryStore.Start));
        var raised = 0;
        _watch.Found += () => raised++;
        var jumped = Now;
        await FeedAsync(1, 100);

        var mark = Assert.Single(_watch.Since(TemporaryStore.Start));
        Assert.Equal((TemporaryStore.Site, "records", $"{Name} p95", WatchedSeries.Floor(jumped), 100), (mark.Site, mark.Service, mark.Series, mark.Time, mark.Observed));
        Assert.InRange(mark.Expected, 9, 11);
        Assert.InRange(mark.High, 9, 20);
        Assert.True(mark.Score >= 0.3);
        Assert.Equal(1, raised);
        Assert.Equal(mark, Assert.Single(_watch.Find(mark.SeriesId, mark.Time, mark.Time)));
        Assert.Empty(_watch.Find(mark.SeriesId, mark.Time.AddTicks(1), DateTimeOffset.MaxValue));
        Assert.Empty(_watch.Find(mark.SeriesId + 1, TemporaryStore.Start, DateTimeOffset.MaxValue));
    }

    [Fact]
    public async Task Asking_WhileTheStoreIsRead_DoesNotWaitForIt()
    {
        await FeedAsync(3, 10);
        _store.Clock.Advance(TimeSpan.FromMinutes(2));
        using var goOn = new ManualResetEventSlim();
        var isReading = new TaskCompletionSource();
        var lists = new AnomalyOptions().Series.Length;
        _clock.ReadBegins = () =>
        {
            // Those that find the series come first.
            if (lists-- <= 0)
            {
                isReading.TrySetResult();
                goOn.Wait(TestContext.Current.CancellationToken);
            }
        };
        var looking = Task.Factory.StartNew(_watch.Look, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await isReading.Task.WaitAsync(TestContext.Current.CancellationToken);

        var asked = Task.Run(() => _watch.Since(TemporaryStore.Start), TestContext.Current.CancellationToken);

        Assert.Empty(await asked.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        goOn.Set();
        await looking;
    }

    [Fact]
    public async Task Look_TwiceAtTheSameMinutes_FeedsThemOnce()
    {
        await FeedAsync(150, 10);
        await FeedAsync(1, 100);
        _watch.Look();
        _watch.Look();
        Assert.Single(_watch.Since(TemporaryStore.Start));
    }

    [Fact]
    public async Task Restart_GoesOnWithWhatWasLearned_AndKeepsTheMarks()
    {
        await FeedAsync(150, 10);
        await FeedAsync(1, 100);
        _watch.Save();
        _watch = Watch();
        _watch.Load();
        Assert.Equal(100, Assert.Single(_watch.Since(TemporaryStore.Start)).Observed);

        // A detector that had begun anew would say nothing for a hundred minutes.
        await FeedAsync(5, 10);
        await FeedAsync(1, -5000);
        Assert.Equal(-5000, _watch.Since(TemporaryStore.Start)[^1].Observed);
    }

    [Fact]
    public async Task File_ThatWasDamaged_LosesOnlyWhatWasDamaged()
    {
        await AddAsync(10, "a");
        await AddAsync(10, "b");
        Look();
        _watch.Save();
        var path = Path.Combine(_folder, "monitor", "anomalies.state");
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        bytes[^20] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        Assert.Equal(1, Loaded());

        await File.WriteAllBytesAsync(path, bytes[..^30], TestContext.Current.CancellationToken);
        Assert.Equal(1, Loaded());
        await File.WriteAllBytesAsync(path, "another file"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Equal(0, Loaded());

        int Loaded()
        {
            var watch = Watch();
            watch.Load();
            return watch.Watched;
        }
    }

    [Fact]
    public async Task Series_AreWatchedByName_UpToTheBound_AndAnIdleOneMakesRoom()
    {
        _watch = Watch(new AnomalyOptions { Series = ["edgemesh.*", "exact"], MostSeries = 3 });
        foreach (var name in (string[])["edgemesh.a", "edgemesh.b", "exact", "exactly", "other"])
        {
            await _store.AddAsync(Sample(name, 1));
        }

        Look();
        Assert.Equal((3, 0), (_watch.Watched, _watch.LeftOut));
        await _store.AddAsync(Sample("edgemesh.c", 1));
        Look();
        Assert.Equal((3, 1), (_watch.Watched, _watch.LeftOut));

        _store.Clock.Advance(TimeSpan.FromDays(2));
        await _store.AddAsync(Sample("edgemesh.c", 1));
        Look();
        Assert.Equal(3, _watch.Watched);
        Assert.Equal(1, _watch.LeftOut);
    }

    [Fact]
    public async Task SeriesOfOtherSites_AreNotWatchedHere()
    {
        await _store.AddAsync(Sample(Name, 1) with { Site = "clinic-b" });
        Look();
        Assert.Equal(0, _watch.Watched);
    }

    [Fact]
    public async Task Similar_IsTold_AndFoundForTheMarkItIsLike()
    {
        await FeedAsync(150, 10);
        await FeedAsync(1, 100);
        var mark = _watch.Since(TemporaryStore.Start)[0];
        var raised = 0;
        _watch.Found += () => raised++;
        var alike = mark with { Site = "clinic-b", Time = mark.Time.AddMinutes(2) };
        _watch.TakeSimilar([alike, alike with { Series = "other p95" }]);
        _watch.TakeSimilar([alike]);
        Assert.Equal([alike], _watch.SimilarTo(mark));
        Assert.Equal(1, raised);
    }

    [Fact]
    public async Task Memory_OfALongSeries_DoesNotGrow()
    {
        await AddAsync(10, "");
        Look();
        _watch.Save();
        var path = Path.Combine(_folder, "monitor", "anomalies.state");
        var first = new FileInfo(path).Length;
        for (var i = 0; i < 40; i++)
        {
            await FeedAsync(5, i % 2 == 0 ? 10 : 1e6 * (i + 1));
        }

        _watch.Save();
        Assert.InRange(new FileInfo(path).Length, first, first + (WatchedSeries.MostMarks * 500));
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private AnomalyWatch Watch(AnomalyOptions? options = null) =>
        new(_store.Store, options ?? new(), new SiteIdentity(TemporaryStore.Site, MonitorApp.AppId, _folder), _store.Clock);

    /// <summary>Minutes of two points each, about a value; each is looked at when it is over.</summary>
    private async Task FeedAsync(int minutes, double value)
    {
        for (var i = 0; i < minutes; i++)
        {
            await AddAsync(value, "");
            _store.Clock.Advance(TimeSpan.FromSeconds(30));
            await AddAsync(value, "");
            _store.Clock.Advance(TimeSpan.FromSeconds(30));
            if (i % 30 == 29 || i == minutes - 1)
            {
                Look();
            }
        }
    }

    private Task AddAsync(double value, string route) =>
        _store.AddAsync(Sample(Name, value == 10 ? 10 + _random.NextDouble() - 0.5 : value) with { Labels = new Dictionary<string, string> { ["http.route"] = route } });

    private SeriesSample Sample(string name, double value) =>
        new(TemporaryStore.Site, "records", name, "s", SeriesKinds.P95, new Dictionary<string, string>(), Now, value, null);

    /// <summary>Looks once the minute has settled, without moving the clock for what comes after.</summary>
    private void Look()
    {
        _store.Clock.Advance(AnomalyWatch.Settle);
        _watch.Look();
        _store.Clock.Advance(WatchedSeries.Step - AnomalyWatch.Settle);
        _watch.Look();
    }
}
