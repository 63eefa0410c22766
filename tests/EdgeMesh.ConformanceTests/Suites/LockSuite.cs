using System.Net;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Grpc.Core;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Locks: one holder, released by it alone, free after its time.</summary>
public abstract class LockSuite(BlocksFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TryLock_HeldByAnyone_IsRefusedUntilItsHolderReleasesIt()
    {
        Assert.Equal((200, """{"success":true}"""), await LockAsync("held", "one"));
        Assert.Equal((200, """{"success":false}"""), await LockAsync("held", "two"));
        Assert.Equal((200, """{"success":false}"""), await LockAsync("held", "one"));
        Assert.Equal((200, """{"status":2}"""), await UnlockAsync("held", "two"));
        Assert.Equal((200, """{"status":0}"""), await UnlockAsync("held", "one"));
        Assert.Equal((200, """{"status":1}"""), await UnlockAsync("held", "one"));
        Assert.Equal((200, """{"success":true}"""), await LockAsync("held", "two"));
    }

    [Fact]
    public async Task TryLock_AfterItsTime_IsFree()
    {
        Assert.Equal((200, """{"success":true}"""), await LockAsync("expiring", "one", seconds: 1));
        await Eventually.HoldsAsync(async () => await LockAsync("expiring", "two") == (200, """{"success":true}"""), Cancellation);
        Assert.Equal((200, """{"status":2}"""), await UnlockAsync("expiring", "one"));
    }

    [Fact]
    public async Task TryLock_ManyAtOnce_ExactlyOneGetsIt()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => LockAsync("wanted", $"owner-{n}")));
        Assert.Single(answers, a => a.Body == """{"success":true}""");
    }

    [Theory]
    [InlineData("""{"resourceId":"","lockOwner":"me","expiryInSeconds":60}""", 400, "ERR_MALFORMED_REQUEST", "ResourceId is empty in lock store locks")]
    [InlineData("""{"resourceId":"r","lockOwner":"","expiryInSeconds":60}""", 400, "ERR_MALFORMED_REQUEST", "LockOwner is empty in lock store locks")]
    [InlineData("""{"resourceId":"r","lockOwner":"me"}""", 400, "ERR_MALFORMED_REQUEST", "ExpiryInSeconds is not positive in lock store locks")]
    [InlineData("""{"resourceId":"r","lockOwner":"me","expiryInSeconds":-1}""", 400, "ERR_MALFORMED_REQUEST", "ExpiryInSeconds is not positive in lock store locks")]
    [InlineData("""{"resourceId":"r||x","lockOwner":"me","expiryInSeconds":60}""", 500, "ERR_TRY_LOCK", "failed to try acquiring lock: input key/keyPrefix 'r||x' can't contain '||'")]
    public async Task TryLock_BadRequest_SaysWhatIsWrong(string body, int status, string code, string message)
    {
        Assert.Equal((status, code, message), await FaultOf("/v1.0-alpha1/lock/locks", body));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("""{"resourceId":5}""")]
    [InlineData("[]")]
    public async Task TryLock_NoSuchBody_Is400(string body)
    {
        var (status, code, _) = await FaultOf("/v1.0-alpha1/lock/locks", body);
        Assert.Equal((400, "ERR_MALFORMED_REQUEST"), (status, code));
    }

    [Theory]
    [InlineData("lock")]
    [InlineData("unlock")]
    public async Task Any_UnknownStore_Is400WithDaprsCode(string api) => Assert.Equal(
        (400, "ERR_LOCK_STORE_NOT_FOUND", "lock store nosuch not found"),
        await FaultOf($"/v1.0-alpha1/{api}/nosuch", """{"resourceId":"r","lockOwner":"me","expiryInSeconds":60}"""));

    [Fact]
    public async Task Put_IsNoRoute()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PutAsync("/v1.0-alpha1/lock/locks", Running.Json("{}"), Cancellation);
        Assert.Equal((HttpStatusCode.NotFound, "ERR_DIRECT_INVOKE"), (answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
    }

    [Fact]
    public async Task Grpc_LockAndUnlock_AsByHttp()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        var request = new TryLockRequest { StoreName = "locks", ResourceId = "grpc", LockOwner = "one", ExpiryInSeconds = 60 };
        Assert.True((await grpc.TryLockAlpha1Async(request, Running.Token, cancellationToken: Cancellation)).Success);
        Assert.False((await grpc.TryLockAlpha1Async(request, Running.Token, cancellationToken: Cancellation)).Success);
        Assert.Equal((200, """{"success":false}"""), await LockAsync("grpc", "two"));
        Assert.Equal(UnlockResponse.Types.Status.LockBelongsToOthers, await GrpcUnlockAsync(grpc, "two"));
        Assert.Equal(UnlockResponse.Types.Status.Success, await GrpcUnlockAsync(grpc, "one"));
        Assert.Equal(UnlockResponse.Types.Status.LockDoesNotExist, await GrpcUnlockAsync(grpc, "one"));
    }

    [Theory]
    [InlineData("nosuch", "r", 60, StatusCode.InvalidArgument, "lock store nosuch not found")]
    [InlineData("locks", "", 60, StatusCode.InvalidArgument, "ResourceId is empty in lock store locks")]
    [InlineData("locks", "r", 0, StatusCode.InvalidArgument, "ExpiryInSeconds is not positive in lock store locks")]
    [InlineData("locks", "a||b", 60, StatusCode.Internal, "failed to try acquiring lock: input key/keyPrefix 'a||b' can't contain '||'")]
    public async Task Grpc_BadRequest_HasDaprsStatus(string store, string resource, int seconds, StatusCode status, string detail)
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        var request = new TryLockRequest { StoreName = store, ResourceId = resource, LockOwner = "me", ExpiryInSeconds = seconds };
        var error = await Assert.ThrowsAsync<RpcException>(async () => await grpc.TryLockAlpha1Async(request, Running.Token, cancellationToken: Cancellation));
        Assert.Equal((status, detail), (error.StatusCode, error.Status.Detail));
    }

    private static async Task<UnlockResponse.Types.Status> GrpcUnlockAsync(Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient grpc, string owner) =>
        (await grpc.UnlockAlpha1Async(new UnlockRequest { StoreName = "locks", ResourceId = "grpc", LockOwner = owner }, Running.Token, cancellationToken: Cancellation)).Status;

    private Task<(int Status, string Body)> LockAsync(string resource, string owner, int seconds = 60) =>
        PostAsync("/v1.0-alpha1/lock/locks", $$"""{"resourceId":"{{resource}}","lockOwner":"{{owner}}","expiryInSeconds":{{seconds}}}""");

    private Task<(int Status, string Body)> UnlockAsync(string resource, string owner) =>
        PostAsync("/v1.0-alpha1/unlock/locks", $$"""{"resourceId":"{{resource}}","lockOwner":"{{owner}}"}""");

    private async Task<(int Status, string Body)> PostAsync(string path, string body)
    {
        using var client = (await fixture.RunningAsync()).Client();
        using var answer = await client.PostAsync(path, Running.Json(body), Cancellation);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }

    private async Task<(int Status, string Code, string Message)> FaultOf(string path, string body)
    {
        using var client = (await fixture.RunningAsync()).Client();
        return await Faults.OfAsync(client.PostAsync(path, Running.Json(body), Cancellation));
    }
}

public sealed class EmbeddedLockTests(EmbeddedBlocksFixture fixture) : LockSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdLockTests(DaprdBlocksFixture fixture) : LockSuite(fixture);
