using System.Text.Json;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>Whose signatures this site obeys.</summary>
internal static class TrustedDeployers
{
    private const int KeyLength = 32;

    /// <exception cref="KeyNotFoundException">The site has no such secret; the message says what to do.</exception>
    /// <exception cref="InvalidDataException">The secret is no list of keys.</exception>
    public static async Task<IReadOnlyCollection<DeployerIdentity>> ReadAsync(SiteSecrets secrets, CancellationToken cancellation) =>
        Read(await secrets.GetAsync(SiteSecrets.FunctionDeployers, cancellation));

    public static IReadOnlyCollection<DeployerIdentity> Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return [.. document.RootElement.EnumerateObject().Select(d => new DeployerIdentity(d.Name, Key(d)))];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException(
                $"The site's secret '{SiteSecrets.FunctionDeployers}' must be a JSON object of deployers' names and their Ed25519 public keys in base64: {error.Message}", error);
        }
    }

    private static byte[] Key(JsonProperty deployer) =>
        deployer.Value.GetBytesFromBase64() is { Length: KeyLength } key ? key : throw new FormatException($"the key of '{deployer.Name}' has not {KeyLength} bytes");
}
