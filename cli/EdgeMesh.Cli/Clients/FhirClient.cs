using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EdgeMesh.Cli.Clients;

/// <summary>What a site's public door answered.</summary>
/// <param name="Receipt">The id under which <c>/receipts</c> tells who decided.</param>
internal sealed record FhirAnswer(HttpStatusCode Status, JsonNode? Body, string Text, string? ETag, string? Location, string? Receipt)
{
    public int Code => (int)Status;

    public string? Id => Body?["id"]?.ToString();

    public string? VersionId => Body?["meta"]?["versionId"]?.ToString();

    /// <summary>The resources of a search's page.</summary>
    public IReadOnlyList<JsonNode> Matches =>
        Body?["entry"] is JsonArray entries ? [.. entries.Select(e => e?["resource"]).OfType<JsonNode>()] : [];

    public string? NextLink => (Body?["link"] as JsonArray)?.FirstOrDefault(l => l?["relation"]?.ToString() == "next")?["url"]?.ToString();
}

/// <summary>FHIR over a site's public door, as any client has it.</summary>
internal sealed class FhirClient(HttpClient http) : IDisposable
{
    public const string ReceiptHeader = "X-EdgeMesh-Receipt";

    private const int MostPages = 200;

    public Task<FhirAnswer> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, null, [], cancellation);

    public Task<FhirAnswer> CreateAsync(JsonObject resource, CancellationToken cancellation, string? ifNoneExist = null) =>
        SendAsync(HttpMethod.Post, $"fhir/{resource["resourceType"]}", resource, ifNoneExist is null ? [] : [("If-None-Exist", ifNoneExist)], cancellation);

    public Task<FhirAnswer> UpdateAsync(JsonNode resource, string ifMatch, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Put, $"fhir/{resource["resourceType"]}/{resource["id"]}", resource, [("If-Match", ifMatch)], cancellation);

    /// <summary>Every match of a search, page by page.</summary>
    public async Task<IReadOnlyList<JsonNode>> SearchAllAsync(string query, CancellationToken cancellation)
    {
        var found = new List<JsonNode>();
        var next = $"fhir/{query}";
        for (var page = 0; next is not null && page < MostPages; page++)
        {
            var answer = await GetAsync(next, cancellation);
            found.AddRange(answer.Matches);
            next = answer.NextLink;
        }

        return found;
    }

    public void Dispose() => http.Dispose();

    private async Task<FhirAnswer> SendAsync(HttpMethod method, string path, JsonNode? body, (string Name, string Value)[] headers, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Accept.Add(new("application/fhir+json"));
        request.Headers.Accept.Add(new("application/json", 0.9));
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/fhir+json"));
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await http.SendAsync(request, cancellation);
        var text = await answer.Content.ReadAsStringAsync(cancellation);
        return new(
            answer.StatusCode, Parse(text), text, answer.Headers.ETag?.ToString(), answer.Headers.Location?.ToString(),
            answer.Headers.TryGetValues(ReceiptHeader, out var receipt) ? receipt.First() : null);
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
