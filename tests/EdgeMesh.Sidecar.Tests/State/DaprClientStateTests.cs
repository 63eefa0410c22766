using System.Text;
using Dapr.Client;
using Dapr;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Tests.State;

/// <summary>State as the .NET SDK uses it: every call by gRPC.</summary>
public sealed class DaprClientStateTests : IAsyncLifetime
{
    private TestSidecar _sidecar = null!;
    private DaprClient _dapr = null!;

    public static TheoryData<string> Stores => new(TestSidecar.Memory, TestSidecar.Sqlite);

    public async ValueTask InitializeAsync()
    {
        _sidecar = await TestSidecar.StartAsync();
        _dapr = _sidecar.Dapr();
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Save_ThenGet_IsTheValue(string store)
    {
        await _dapr.SaveStateAsync(store, "one", new Person("Ada", 36), cancellationToken: TestSidecar.Cancellation);
        Assert.Equal(new Person("Ada", 36), await _dapr.GetStateAsync<Person>(store, "one", cancellationToken: TestSidecar.Cancellation));
        Assert.Null(await _dapr.GetStateAsync<Person>(store, "none", cancellationToken: TestSidecar.Cancellation));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Save_Bytes_ComeBackUnchanged(string store)
    {
        byte[] bytes = [0, 1, 2, 255, 128, 0];
        await _dapr.SaveByteStateAsync(store, "bytes", bytes, cancellationToken: TestSidecar.Cancellation);
        Assert.Equal(bytes, (await _dapr.GetByteStateAsync(store, "bytes", cancellationToken: TestSidecar.Cancellation)).ToArray());
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task TrySave_OneOfTwoWithTheSameETag_Wins(string store)
    {
        await _dapr.SaveStateAsync(store, "k", 1, cancellationToken: TestSidecar.Cancellation);
        var (_, etag) = await _dapr.GetStateAndETagAsync<int>(store, "k", cancellationToken: TestSidecar.Cancellation);
        Assert.True(await _dapr.TrySaveStateAsync(store, "k", 2, etag, cancellationToken: TestSidecar.Cancellation));
        Assert.False(await _dapr.TrySaveStateAsync(store, "k", 3, etag, cancellationToken: TestSidecar.Cancellation));
        Assert.False(await _dapr.TryDeleteStateAsync(store, "k", etag, cancellationToken: TestSidecar.Cancellation));
        Assert.Equal(2, await _dapr.GetStateAsync<int>(store, "k", cancellationToken: TestSidecar.Cancellation));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Save_FirstWriteOfAnExistingKey_IsRefused(string store)
    {
        var first = new StateOptions { Concurrency = ConcurrencyMode.FirstWrite };
        await _dapr.SaveStateAsync(store, "once", 1, first, cancellationToken: TestSidecar.Cancellation);
        await Assert.ThrowsAsync<DaprException>(() => _dapr.SaveStateAsync(store, "once", 2, first, cancellationToken: TestSidecar.Cancellation));
        await _dapr.SaveStateAsync(store, "once", 3, cancellationToken: TestSidecar.Cancellation);
        Assert.Equal(3, await _dapr.GetStateAsync<int>(store, "once", cancellationToken: TestSidecar.Cancellation));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Save_OneHundredFirstWritersOfOneKey_ExactlyOneWins(string store)
    {
        var first = new StateOptions { Concurrency = ConcurrencyMode.FirstWrite };
        var won = await Task.WhenAll(Enumerable.Range(0, 100).Select(async n =>
        {
            try
            {
                await _dapr.SaveStateAsync(store, "race", n, first, cancellationToken: TestSidecar.Cancellation);
                return true;
            }
            catch (DaprException)
            {
                return false;
            }
        }));
        Assert.Single(won, w => w);
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Transaction_WithOneStaleETag_WritesNothing(string store)
    {
        await _dapr.SaveStateAsync(store, "head", 1, cancellationToken: TestSidecar.Cancellation);
        StateTransactionRequest[] good = [Upsert("row1", "1"), Upsert("head", "2", (await ETagAsync(store, "head"))), new("gone", null, StateOperationType.Delete)];
        await _dapr.ExecuteStateTransactionAsync(store, good, cancellationToken: TestSidecar.Cancellation);
        StateTransactionRequest[] stale = [Upsert("row2", "1"), Upsert("head", "3", good[1].ETag)];
        await Assert.ThrowsAsync<DaprException>(() => _dapr.ExecuteStateTransactionAsync(store, stale, cancellationToken: TestSidecar.Cancellation));
        Assert.Equal(1, await _dapr.GetStateAsync<int>(store, "row1", cancellationToken: TestSidecar.Cancellation));
        Assert.Equal(2, await _dapr.GetStateAsync<int>(store, "head", cancellationToken: TestSidecar.Cancellation));
        Assert.Equal(0, await _dapr.GetStateAsync<int>(store, "row2", cancellationToken: TestSidecar.Cancellation));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Bulk_GetAndDelete_CoverWhatIsThere(string store)
    {
        await _dapr.SaveStateAsync(store, "a", 1, cancellationToken: TestSidecar.Cancellation);
        await _dapr.SaveStateAsync(store, "b", 2, cancellationToken: TestSidecar.Cancellation);
        var items = await _dapr.GetBulkStateAsync(store, ["a", "none", "b"], 2, cancellationToken: TestSidecar.Cancellation);
        Assert.Equal(["a=1", "b=2", "none="], items.Select(i => $"{i.Key}={i.Value}").Order());
        await _dapr.DeleteBulkStateAsync(store, [new("a", ""), new("b", items.Single(i => i.Key == "b").ETag)], cancellationToken: TestSidecar.Cancellation);
        Assert.Equal(0, await _dapr.GetStateAsync<int>(store, "a", cancellationToken: TestSidecar.Cancellation));
        Assert.Equal(0, await _dapr.GetStateAsync<int>(store, "b", cancellationToken: TestSidecar.Cancellation));
    }

    [Fact]
    public async Task Get_UnknownStore_IsInvalidArgumentWithDaprsReason()
    {
        var error = await Assert.ThrowsAsync<DaprException>(() => _dapr.GetStateAsync<int>("nosuch", "k", cancellationToken: TestSidecar.Cancellation));
        var status = Assert.IsType<RpcException>(error.InnerException);
        Assert.Equal(StatusCode.InvalidArgument, status.StatusCode);
        var details = Encoding.UTF8.GetString(status.Trailers.GetValueBytes("grpc-status-details-bin")!);
        Assert.Contains("DAPR_STATE_NOT_FOUND", details, StringComparison.Ordinal);
    }

    private async Task<string> ETagAsync(string store, string key) =>
        (await _dapr.GetStateAndETagAsync<int>(store, key, cancellationToken: TestSidecar.Cancellation)).etag;

    private static StateTransactionRequest Upsert(string key, string value, string? etag = null) =>
        new(key, Encoding.UTF8.GetBytes(value), StateOperationType.Upsert, etag);

    public async ValueTask DisposeAsync()
    {
        _dapr.Dispose();
        await _sidecar.DisposeAsync();
    }

    private sealed record Person(string Name, int Age);
}
