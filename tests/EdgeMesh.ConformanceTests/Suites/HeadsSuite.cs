using System.Net;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What a store must do to be the component <c>heads</c>: a transaction under a stale guard writes nothing at all, and of
/// many that compete exactly one wins. Redis does neither, on both engines, and is no such store.</summary>
public abstract class HeadsSuite(EngineFixture fixture, string store)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Transaction_StaleETag_Is500AndWritesNothing()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        string guarded = StateSuite.Key(), other = StateSuite.Key();
        await StateSuite.SaveAsync(client, store, guarded, "1");
        var etag = await StateSuite.ETagAsync(client, store, guarded);
        await StateSuite.SaveAsync(client, store, guarded, "2");
        using var answer = await client.PostAsync($"/v1.0/state/{store}/transaction", Running.Json(
            $$$"""{"operations":[{"operation":"upsert","request":{"key":"{{{other}}}","value":1}},{"operation":"upsert","request":{"key":"{{{guarded}}}","value":3,"etag":"{{{etag}}}"}}]}"""), Cancellation);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("ERR_STATE_TRANSACTION", await StateSuite.ErrorCodeAsync(answer));
        Assert.Equal("", await client.GetStringAsync($"/v1.0/state/{store}/{other}", Cancellation));
        Assert.Equal("2", await client.GetStringAsync($"/v1.0/state/{store}/{guarded}", Cancellation));
    }

    [Fact]
    public async Task GrpcTransaction_StaleETag_IsInternalAndWritesNothing()
    {
        var dapr = await fixture.RunningAsync();
        var grpc = dapr.Grpc();
        string guarded = StateSuite.Key(), other = StateSuite.Key();
        await grpc.SaveStateAsync(StateSuite.Item(store, guarded, "1"), Running.Token, cancellationToken: Cancellation);
        var etag = (await grpc.GetStateAsync(new GetStateRequest { StoreName = store, Key = guarded }, Running.Token, cancellationToken: Cancellation)).Etag;
        await grpc.SaveStateAsync(StateSuite.Item(store, guarded, "2"), Running.Token, cancellationToken: Cancellation);
        var request = new ExecuteStateTransactionRequest
        {
            StoreName = store,
            Operations =
            {
                new TransactionalStateOperation { OperationType = "upsert", Request = new StateItem { Key = other, Value = ByteString.CopyFromUtf8("1") } },
                new TransactionalStateOperation { OperationType = "upsert", Request = new StateItem { Key = guarded, Value = ByteString.CopyFromUtf8("3"), Etag = new Etag { Value = etag } } },
            },
        };
        var error = await Assert.ThrowsAsync<RpcException>(async () => await grpc.ExecuteStateTransactionAsync(request, Running.Token, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.Internal, error.StatusCode);
        var left = await grpc.GetStateAsync(new GetStateRequest { StoreName = store, Key = other }, Running.Token, cancellationToken: Cancellation);
        Assert.True(left.Data.IsEmpty);
    }

    [Fact]
    public async Task Transaction_FirstWriteOfAKeyThatExists_WritesNothing()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        string taken = StateSuite.Key(), other = StateSuite.Key();
        await StateSuite.SaveAsync(client, store, taken, "1");
        using var answer = await client.PostAsync($"/v1.0/state/{store}/transaction", Running.Json(
            $$$"""{"operations":[{"operation":"upsert","request":{"key":"{{{other}}}","value":1}},{"operation":"upsert","request":{"key":"{{{taken}}}","value":2,"options":{"concurrency":"first-write"} } }]}"""), Cancellation);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("", await client.GetStringAsync($"/v1.0/state/{store}/{other}", Cancellation));
        Assert.Equal("1", await client.GetStringAsync($"/v1.0/state/{store}/{taken}", Cancellation));
    }

    [Fact]
    public async Task Transaction_DeleteUnderAStaleETag_WritesNothing()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        string guarded = StateSuite.Key(), other = StateSuite.Key();
        await StateSuite.SaveAsync(client, store, guarded, "1");
        var etag = await StateSuite.ETagAsync(client, store, guarded);
        await StateSuite.SaveAsync(client, store, guarded, "2");
        using var answer = await client.PostAsync($"/v1.0/state/{store}/transaction", Running.Json(
            $$$"""{"operations":[{"operation":"upsert","request":{"key":"{{{other}}}","value":1}},{"operation":"delete","request":{"key":"{{{guarded}}}","etag":"{{{etag}}}"}}]}"""), Cancellation);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("", await client.GetStringAsync($"/v1.0/state/{store}/{other}", Cancellation));
        Assert.Equal("2", await client.GetStringAsync($"/v1.0/state/{store}/{guarded}", Cancellation));
    }

    [Fact]
    public async Task Transaction_ManyUnderOneETag_ExactlyOneIsWritten()
    {
        const int Competitors = 12;
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var head = StateSuite.Key();
        await StateSuite.SaveAsync(client, store, head, "0");
        var etag = await StateSuite.ETagAsync(client, store, head);
        var answers = await Task.WhenAll(Enumerable.Range(1, Competitors).Select(n => client.PostAsync($"/v1.0/state/{store}/transaction", Running.Json(
            $$$"""{"operations":[{"operation":"upsert","request":{"key":"{{{head}}}-{{{n}}}","value":{{{n}}}}},{"operation":"upsert","request":{"key":"{{{head}}}","value":{{{n}}},"etag":"{{{etag}}}"}}]}"""), Cancellation)));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.NoContent);
        var winner = await client.GetStringAsync($"/v1.0/state/{store}/{head}", Cancellation);
        for (var n = 1; n <= Competitors; n++)
        {
            var row = await client.GetStringAsync($"/v1.0/state/{store}/{head}-{n}", Cancellation);
            Assert.Equal(winner == $"{n}" ? winner : "", row);
        }
    }
}

public sealed class EmbeddedSqliteHeadsTests(EmbeddedFixture fixture) : HeadsSuite(fixture, "sqlite");

[Trait("Category", "Engines")]
public sealed class DaprdSqliteHeadsTests(DaprdFixture fixture) : HeadsSuite(fixture, "sqlite");
