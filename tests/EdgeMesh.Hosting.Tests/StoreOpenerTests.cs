using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Hosting.Tests;

public sealed class StoreOpenerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Open_ThatFailsOnItsWay_ClosesWhatItOpenedAndTriesAgain()
    {
        using var opener = new Opener { Failures = 2 };
        await opener.StartAsync(Cancellation);
        await opener.Opened.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        Assert.Equal(["1 changes", "1 keys", "2 changes", "2 keys"], opener.Closed);
        Assert.Equal("attempt 2 failed", opener.Waits);
    }

    [Fact]
    public async Task Open_WhereAPartFailsToCloseToo_ClosesTheOthersAndTriesAgain()
    {
        using var opener = new Opener { Failures = 1, Closing = () => throw new IOException("no room") };
        await opener.StartAsync(Cancellation);
        await opener.Opened.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        Assert.Equal(["1 keys"], opener.Closed);
        Assert.Equal("no room", opener.Waits);
    }

    [Fact]
    public async Task Stop_AnOpenStore_ClosesItsPartsInReverseAndServesItNoMore()
    {
        using var opener = new Opener();
        await opener.StartAsync(Cancellation);
        await opener.ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.Equal("open", opener.Store);

        await opener.StopAsync(Cancellation);

        Assert.Null(opener.Store);
        Assert.Equal(["1 changes", "1 keys"], opener.Closed);
    }

    private sealed class Opener() : StoreOpener<string>(NullLogger.Instance)
    {
        private int _attempts;

        public int Failures { get; init; }

        /// <summary>Before the part that was opened last is closed.</summary>
        public Action Closing { get; init; } = () => { };

        public List<string> Closed { get; } = [];

        public TaskCompletionSource Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Waits => Awaited;

        protected override Task<string> OpenAsync(OwnedParts parts, CancellationToken cancellation)
        {
            var attempt = ++_attempts;
            parts.Own(new Part(() => Closed.Add($"{attempt} keys")));
            parts.Own(new SlowPart(() =>
            {
                Closing();
                Closed.Add($"{attempt} changes");
            }));
            if (attempt <= Failures)
            {
                throw new IOException($"attempt {attempt} failed");
            }

            Opened.SetResult();
            return Task.FromResult("open");
        }
    }

    private sealed class Part(Action close) : IDisposable
    {
        public void Dispose() => close();
    }

    private sealed class SlowPart(Action close) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            close();
        }
    }
}
