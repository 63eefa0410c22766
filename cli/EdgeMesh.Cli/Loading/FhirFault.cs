using System.Text.Json;
using System.Text.Json.Nodes;

namespace EdgeMesh.Cli.Loading;

/// <summary>The first sentence of an OperationOutcome or of problem details.</summary>
internal static class FhirFault
{
    private const int Longest = 300;

    public static string Describe(string body)
    {
        try
        {
            var json = JsonNode.Parse(body);
            var text = json?["issue"]?[0]?["diagnostics"]?.ToString() ?? json?["issue"]?[0]?["details"]?["text"]?.ToString()
                ?? json?["detail"]?.ToString() ?? json?["title"]?.ToString() ?? body;
            return Short(text);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Short(body);
        }
    }

    private static string Short(string text) => text.Length <= Longest ? text : text[..Longest] + "…";
}
