using System.Net;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Grpc.Core;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Configuration: read, watched by HTTP and by gRPC.</summary>
public abstract class ConfigurationSuite(BlocksFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("v1.0")]
    [InlineData("v1.0-alpha1")]
    public async Task Get_Keys_GivesThoseThatAreThere(string version)
    {
        await SetAsync("get-a", "one");
        await SetAsync("get-b", "two");
        var (status, body) = await GetAsync($"/{version}/configuration/settings?key=get-a&key=get-b&key=get-nosuch");
        Assert.Equal(200, status);
        var items = JsonDocument.Parse(body).RootElement;
        Assert.Equal(["get-a", "get-b"], items.EnumerateObject().Select(i => i.Name).Order(StringComparer.Ordinal));
        Assert.Equal(("one", "two"), (items.GetProperty("get-a").GetProperty("value").GetString(), items.GetProperty("get-b").GetProperty("value").GetString()));
    }

    [Fact]
    public async Task Get_NoKey_GivesAll()
    {
        await SetAsync("all-a", "one");
        var (_, body) = await GetAsync("/v1.0/configuration/settings");
        Assert.Equal("one", JsonDocument.Parse(body).RootElement.GetProperty("all-a").GetProperty("value").GetString());
    }

    [Fact]
    public async Task Get_NothingThere_Is204() => Assert.Equal((204, ""), await GetAsync("/v1.0/configuration/settings?key=get-nosuch"));

    [Theory]
    [InlineData("/v1.0/configuration/nosuch?key=a")]
    [InlineData("/v1.0/configuration/nosuch/subscribe?key=a")]
    [InlineData("/v1.0/configuration/nosuch/id/unsubscribe")]
    public async Task Any_UnknownStore_Is400WithDaprsCode(string path)
    {
        using var client = (await fixture.RunningAsync()).Client();
        Assert.Equal((400, "ERR_CONFIGURATION_STORE_NOT_FOUND", "configuration store nosuch not found"), await Faults.OfAsync(client.GetAsync(path, Cancellation)));
    }

    [Fact]
    public async Task Subscribe_ByHttp_TheAppHearsOfChangesUntilItUnsubscribes()
    {
        var dapr = await fixture.RunningAsync();
        await SetAsync("watched", "before");
        var id = JsonDocument.Parse((await GetAsync("/v1.0/configuration/settings/subscribe?key=watched")).Body).RootElement.GetProperty("id").GetString();

        await SetAsync("watched", "after", untilHeard: "watched");
        // A store that looks from time to time may tell first of what was set just before.
        var value = "before";
        while (value == "before")
        {
            var told = (await dapr.Alpha.NextAsync("configuration-watched", Cancellation)).Json;
            Assert.Equal(id, told.GetProperty("id").GetString());
            value = told.GetProperty("items").GetProperty("watched").GetProperty("value").GetString()!;
            if (value == "before")
            {
                await SetAsync("watched", "after", untilHeard: "watched");
            }
        }

        Assert.StartsWith("after", value, StringComparison.Ordinal);

        Assert.Equal((200, """{"ok":true}"""), await GetAsync($"/v1.0/configuration/settings/{id}/unsubscribe"));
        var (status, body) = await GetAsync($"/v1.0/configuration/settings/{id}/unsubscribe");
        Assert.Equal(500, status);
        Assert.Contains("does not exist", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subscribe_KeyIsDeleted_ComesWithoutAValue()
    {
        var dapr = await fixture.RunningAsync();
        await SetAsync("vanishing", "there");
        await GetAsync("/v1.0/configuration/settings/subscribe?key=vanishing");
        await SetAsync("vanishing", "still there", untilHeard: "vanishing");
        while (dapr.Alpha.HasDelivery("configuration-vanishing"))
        {
            await dapr.Alpha.NextAsync("configuration-vanishing", Cancellation);
        }

        await fixture.SetAsync("vanishing", null);
        JsonElement item;
        do
        {
            item = (await dapr.Alpha.NextAsync("configuration-vanishing", Cancellation)).Json.GetProperty("items").GetProperty("vanishing");
        }
        while (item.TryGetProperty("value", out _));
        Assert.Equal("{}", item.GetRawText());
    }

    [Fact]
    public async Task Grpc_Get_AndFaults()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        await SetAsync("grpc-get", "value");
        var got = await grpc.GetConfigurationAsync(new GetConfigurationRequest { StoreName = "settings", Keys = { "grpc-get", "grpc-nosuch" } }, Running.Token, cancellationToken: Cancellation);
        Assert.Equal("value", Assert.Single(got.Items).Value.Value);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await grpc.GetConfigurationAsync(new GetConfigurationRequest { StoreName = "nosuch" }, Running.Token, cancellationToken: Cancellation));
        Assert.Equal((StatusCode.InvalidArgument, "configuration store nosuch not found"), (error.StatusCode, error.Status.Detail));
        var none = await grpc.UnsubscribeConfigurationAsync(new UnsubscribeConfigurationRequest { StoreName = "settings", Id = "x" }, Running.Token, cancellationToken: Cancellation);
        Assert.Equal((false, "failed to unsubscribe to configuration request x: subscription does not exist"), (none.Ok, none.Message));
    }

    [Fact]
    public async Task Grpc_Subscribe_StreamsChangesAndEndsWhenUnsubscribed()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        using var call = grpc.SubscribeConfiguration(new SubscribeConfigurationRequest { StoreName = "settings", Keys = { "streamed" } }, Running.Token, cancellationToken: Cancellation);
        Assert.True(await call.ResponseStream.MoveNext(Cancellation));
        var id = call.ResponseStream.Current.Id;
        Assert.Empty(call.ResponseStream.Current.Items);

        var next = call.ResponseStream.MoveNext(Cancellation);
        await Eventually.HoldsAsync(
            async () =>
            {
                await fixture.SetAsync("streamed", Guid.NewGuid().ToString());
                return await Task.WhenAny(next, Task.Delay(200, Cancellation)) == next;
            },
            Cancellation);
        Assert.True(await next);
        Assert.Equal((id, "streamed"), (call.ResponseStream.Current.Id, Assert.Single(call.ResponseStream.Current.Items).Key));

        Assert.True((await grpc.UnsubscribeConfigurationAsync(new UnsubscribeConfigurationRequest { StoreName = "settings", Id = id }, Running.Token, cancellationToken: Cancellation)).Ok);
        while (await call.ResponseStream.MoveNext(Cancellation))
        {
            // Changes from before.
        }
    }

    /// <summary>A real store may hear of a subscription a little later: set again until the app has heard.</summary>
    private async Task SetAsync(string key, string value, string? untilHeard = null)
    {
        var dapr = await fixture.RunningAsync();
        await fixture.SetAsync(key, value);
        var times = 0;
        if (untilHeard is not null)
        {
            await Eventually.HoldsAsync(
                async () =>
                {
                    if (dapr.Alpha.HasDelivery("configuration-" + untilHeard))
                    {
                        return true;
                    }

                    await fixture.SetAsync(key, $"{value} {++times}");
                    return false;
                },
                Cancellation);
        }
    }

    private async Task<(int Status, string Body)> GetAsync(string path)
    {
        using var client = (await fixture.RunningAsync()).Client();
        using var answer = await client.GetAsync(path, Cancellation);
        return ((int)answer.StatusCode, (await answer.Content.ReadAsStringAsync(Cancellation)).TrimEnd());
    }
}

public sealed class EmbeddedConfigurationTests(EmbeddedBlocksFixture fixture) : ConfigurationSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdConfigurationTests(DaprdBlocksFixture fixture) : ConfigurationSuite(fixture);
