using System.Net;
using EdgeMesh.Services.Gateway.Tests.Fixtures;
using EdgeMesh.Testing;

namespace EdgeMesh.Services.Gateway.Tests;

public sealed class ReadinessTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("issuer-jwks", """{"keys":[{"kty":"oct","kid":"shared","k":"AAAA"}]}""", "issuer-jwks")]
    [InlineData("issuer-jwks", "nonsense", "issuer-jwks")]
    [InlineData("mesh-ca", "nonsense", "mesh-ca")]
    [InlineData("caller-signing-key", "nonsense", "caller-signing-key")]
    [InlineData("mesh-private-key", "nonsense", "mesh-private-key")]
    public async Task Readyz_WithASecretThatCantBeUsed_SaysWhich(string secret, string value, string named)
    {
        await using var host = await StartAsync(TestComponents.InMemory, new Dictionary<string, string> { [secret] = value });

        Assert.Contains(named, await WaitForAsync(host), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readyz_WithoutASecretStore_SaysSo()
    {
        var without = string.Join("---", TestComponents.InMemory.Split("---").Where(d => !d.Contains("name: secrets", StringComparison.Ordinal)));
        await using var host = await StartAsync(without, []);

        Assert.Contains("secret", await WaitForAsync(host), StringComparison.Ordinal);
    }

    /// <summary>The reason, once the gateway has tried.</summary>
    private static async Task<string> WaitForAsync(DaprTestHost host)
    {
        using var client = host.AppClient(GatewayApp.AppId);
        while (true)
        {
            using var answer = await client.AskAsync("/readyz");
            var text = await answer.Content.ReadAsStringAsync(Cancellation);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Contains("credentials", text, StringComparison.Ordinal);
            if (!text.Contains("has not been read yet", StringComparison.Ordinal))
            {
                return text;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancellation);
        }
    }

    private static Task<DaprTestHost> StartAsync(string resources, Dictionary<string, string> secrets) => DaprTestHost.StartAsync(
        new DaprTestHostOptions { Apps = [new TestApp(GatewayApp.AppId, GatewayApp.Create)], Resources = resources, Secrets = secrets, ReadyLimit = TimeSpan.Zero }, Cancellation);
}
