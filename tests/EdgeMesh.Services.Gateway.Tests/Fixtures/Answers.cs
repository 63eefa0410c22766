using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EdgeMesh.Services.Gateway.Tests.Fixtures;

internal static class Answers
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>What the service saw.</summary>
    public static async Task<Seen> SeenAsync(this HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonSerializer.Deserialize<Seen>(await answer.Content.ReadAsStringAsync(Cancellation), JsonSerializerOptions.Web)!;
    }

    /// <summary>Status and stable code of problem details or of an OperationOutcome.</summary>
    public static async Task<(HttpStatusCode Status, string? Code)> FaultAsync(this HttpResponseMessage answer)
    {
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
        var type = answer.Content.Headers.ContentType?.MediaType;
        Assert.True(type is "application/problem+json" or "application/fhir+json", type);
        return (answer.StatusCode, type == "application/problem+json" ? body["code"]?.ToString() : body["issue"]?[0]?["details"]?["coding"]?[0]?["code"]?.ToString());
    }

    public static Task<HttpResponseMessage> AskAsync(this HttpClient client, string path, params (string Name, string Value)[] headers)
    {
        // Sent as it stands: an attacker's client does not tidy paths.
        var address = client.BaseAddress!.GetLeftPart(UriPartial.Authority) + client.BaseAddress!.AbsolutePath.TrimEnd('/') + path;
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Version = client.DefaultRequestVersion,
            VersionPolicy = client.DefaultVersionPolicy,
        };
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return client.SendAsync(request, Cancellation);
    }
}
