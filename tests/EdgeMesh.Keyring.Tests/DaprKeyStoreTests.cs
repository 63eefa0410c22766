using EdgeMesh.Testing;

namespace EdgeMesh.Keyring.Tests;

/// <summary>Keys behind a real sidecar, on the store that a site runs on.</summary>
public sealed class DaprKeyStoreTests
{
    private const string Sqlite = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: heads
        spec:
          type: state.sqlite
          version: v1
          metadata:
            - name: connectionString
              value: heads.db
        """;

    private static readonly KeyScope Scope = new("Patient/clinic-a-1", "N");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TestComponents.InMemory)]
    [InlineData(Sqlite)]
    public async Task Commit_ForAGuardThatMoved_WritesNothing(string resources)
    {
        await using var host = await StartAsync(resources);
        var store = new DaprKeyStore(host.Dapr("records"), "clinic-a");
        Assert.Null(await store.GetAsync("guard", Cancellation));
        Assert.True(await store.CommitAsync([new KeyWrite("guard", [1]), new KeyWrite("other", [1])], null, Cancellation));
        var row = (await store.GetAsync("guard", Cancellation))!.Value;
        Assert.False(await store.CommitAsync([new KeyWrite("guard", [2]), new KeyWrite("other", [2])], null, Cancellation));
        Assert.True(await store.CommitAsync([new KeyWrite("guard", [3])], row.ETag, Cancellation));
        Assert.False(await store.CommitAsync([new KeyWrite("guard", [4]), new KeyWrite("other", null)], row.ETag, Cancellation));
        Assert.Equal([3], (await store.GetAsync("guard", Cancellation))!.Value.Value.ToArray());
        Assert.Equal([1], (await store.GetAsync("other", Cancellation))!.Value.Value.ToArray());
    }

    [Theory]
    [InlineData(TestComponents.InMemory)]
    [InlineData(Sqlite)]
    public async Task Keyring_SealsRotatesErases_ForTwoInstancesAtOnce(string resources)
    {
        await using var host = await StartAsync(resources);
        var store = new DaprKeyStore(host.Dapr("records"), "clinic-a");
        var keys = SiteKeys.Generate();
        using var one = new Keyring(keys, store);
        using var two = new Keyring(keys, store);
        var sealedByAll = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => (i % 2 == 0 ? one : two).SealAsync(Scope, new byte[i], default, Cancellation).AsTask()));
        Assert.Single(sealedByAll.Select(e => Convert.ToHexString(e.Span[1..17])).Distinct());
        await one.RotateAsync(Scope, Cancellation);
        var rotated = await one.SealAsync(Scope, new byte[1], default, Cancellation);
        Assert.Null((await two.OpenAsync(rotated, default, Cancellation)).Failure);
        await one.EraseAsync(Scope.Subject, Cancellation);
        using var later = new Keyring(keys, store);
        Assert.Equal(OpenFailure.Erased, (await later.OpenAsync(sealedByAll[0], default, Cancellation)).Failure);
        Assert.Equal(OpenFailure.Erased, (await later.OpenAsync(rotated, default, Cancellation)).Failure);
    }

    private static Task<DaprTestHost> StartAsync(string resources) =>
        DaprTestHost.StartAsync(new DaprTestHostOptions { Site = "clinic-a", Apps = [new TestApp("records")], Resources = resources }, Cancellation);
}
