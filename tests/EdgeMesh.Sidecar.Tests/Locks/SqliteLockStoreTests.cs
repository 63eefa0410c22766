using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.LockSqlite;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Locks;

public sealed class SqliteLockStoreTests : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly string _folder = TestSidecar.TemporaryFolder();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(60));

    [Fact]
    public async Task TryLock_UntilItsTimeIsOver_IsHeld()
    {
        await using var locks = Open();
        Assert.True(await locks.TryLockAsync("r", "one", Minute, TestSidecar.Cancellation));
        _clock.Advance(Minute - TimeSpan.FromMilliseconds(1));
        Assert.False(await locks.TryLockAsync("r", "two", Minute, TestSidecar.Cancellation));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(await locks.TryLockAsync("r", "two", Minute, TestSidecar.Cancellation));
        Assert.Equal(UnlockOutcome.HeldByAnother, await locks.UnlockAsync("r", "one", TestSidecar.Cancellation));
    }

    [Fact]
    public async Task Unlock_AfterItsTime_HoldsNothingAnyMore()
    {
        await using var locks = Open();
        await locks.TryLockAsync("r", "one", Minute, TestSidecar.Cancellation);
        _clock.Advance(Minute);
        Assert.Equal(UnlockOutcome.NotLocked, await locks.UnlockAsync("r", "one", TestSidecar.Cancellation));
    }

    [Fact]
    public async Task TryLock_AfterARestart_IsStillHeld()
    {
        await using (var locks = Open())
        {
            Assert.True(await locks.TryLockAsync("r", "one", Minute, TestSidecar.Cancellation));
        }

        await using var again = Open();
        Assert.False(await again.TryLockAsync("r", "two", Minute, TestSidecar.Cancellation));
        Assert.Equal(UnlockOutcome.Done, await again.UnlockAsync("r", "one", TestSidecar.Cancellation));
    }

    [Fact]
    public async Task TryLock_FromTwoProcesses_OneGetsIt()
    {
        await using var first = Open();
        await using var second = Open();
        var taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => (n % 2 == 0 ? first : second).TryLockAsync("r", $"owner-{n}", Minute, TestSidecar.Cancellation)));
        Assert.Single(taken, t => t);
    }

    [Fact]
    public async Task TryLock_TwoApps_HaveLocksOfTheirOwnUnlessThePrefixSaysOtherwise()
    {
        await using var sidecar = await TestSidecar.StartAsync(
            Yaml.Component("own", "lock.edgemesh.sqlite", ("connectionString", "own.db")) + Yaml.Component("shared", "lock.edgemesh.sqlite", ("connectionString", "shared.db"), ("keyPrefix", "none")),
            new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = null });
        using var alpha = sidecar.Http("alpha");
        using var beta = sidecar.Http("beta");
        Assert.Equal(["true", "true", "true", "false"], await AllAsync(alpha, beta, "own", "shared"));
    }

    private static async Task<string[]> AllAsync(HttpClient alpha, HttpClient beta, params string[] stores)
    {
        var answers = new List<string>();
        foreach (var store in stores)
        {
            foreach (var client in new[] { alpha, beta })
            {
                var text = await client.PostJsonAsync($"/v1.0-alpha1/lock/{store}", """{"resourceId":"r","lockOwner":"me","expiryInSeconds":60}""").TextAsync();
                answers.Add(text == """{"success":true}""" ? "true" : "false");
            }
        }

        return [.. answers];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private SqliteLockStore Open() => SqliteLockStore.Open(
        new ComponentSpec("locks", "lock.edgemesh.sqlite", "v1", new Dictionary<string, string> { ["connectionString"] = "locks.db" }),
        new ComponentContext(_folder, _clock, new Dictionary<string, string>(), _ => null));
}
