using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Interactions;
using EdgeMesh.Services.Records.Resources;
using Microsoft.Extensions.Primitives;

namespace EdgeMesh.Services.Records.Http;

/// <summary>The header <c>Prefer</c>.</summary>
internal static class Preferences
{
    public static ReturnPreference ReadReturn(StringValues prefer) => Find(prefer, "return") switch
    {
        "minimal" => ReturnPreference.Minimal,
        "representation" => ReturnPreference.Representation,
        "OperationOutcome" => ReturnPreference.Outcome,
        _ => ReturnPreference.Default,
    };

    public static bool IsLenient(StringValues prefer) => Find(prefer, "handling") == "lenient";

    /// <summary>What one write answers with.</summary>
    public static FhirAnswer Apply(FhirRequest request, FhirAnswer answer)
    {
        var isWrite = request.Interaction is Interaction.Create or Interaction.Update or Interaction.Delete;
        if (!isWrite || answer.Status is < 200 or >= 300)
        {
            return answer;
        }

        return request.Return switch
        {
            ReturnPreference.Minimal => answer with { Body = default },
            ReturnPreference.Outcome => answer with
            {
                Status = answer.Status == 204 ? 200 : answer.Status,
                Body = default,
                Issues = [new Issue("informational", "written", $"{request.Interaction.Code()} of {answer.Location ?? $"{request.Type}/{request.Id}"} stands.") { Severity = "information" }],
            },
            _ => answer,
        };
    }

    private static string? Find(StringValues prefer, string name) => prefer
        .SelectMany(value => (value ?? "").Split([',', ';'], StringSplitOptions.TrimEntries))
        .Select(part => part.Split('=', 2))
        .FirstOrDefault(pair => pair.Length == 2 && pair[0].Equals(name, StringComparison.OrdinalIgnoreCase))?[1];
}
