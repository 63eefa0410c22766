using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Search;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Which interaction a method and an address below the base mean; the same for HTTP and for entries of bundles.</summary>
internal static class FhirRoute
{
    /// <param name="method">Upper case.</param>
    /// <param name="path">Below the base, query and all, without a leading slash.</param>
    /// <param name="template">What else there is to the request.</param>
    public static (FhirRequest? Request, FhirAnswer? Fault) Read(string method, string path, FhirRequest template)
    {
        var question = path.IndexOf('?', StringComparison.Ordinal);
        var request = question < 0 ? template : template with { Query = [.. template.Query, .. QueryText.Read(path[question..])] };
        var segments = (question < 0 ? path : path[..question]).TrimEnd('/').Split('/');
        if (BadSegment(segments) is { } bad)
        {
            return (null, bad);
        }

        return (method, segments) switch
        {
            ("POST", [""]) => (request with { Interaction = Interaction.Transaction }, null),
            ("GET" or "HEAD", ["metadata"]) => (request with { Interaction = Interaction.Capabilities }, null),
            ("GET" or "HEAD", [var type]) when type.Length > 0 => (request with { Interaction = Interaction.Search, Type = type }, null),
            ("POST", [var type, "_search"]) => (request with { Interaction = Interaction.Search, Type = type }, null),
            ("POST", [var type]) => (request with { Interaction = Interaction.Create, Type = type }, null),
            ("GET" or "HEAD" or "POST", ["Patient", var id, "$everything"]) => (request with { Interaction = Interaction.Everything, Type = "Patient", Id = id }, null),
            ("GET" or "HEAD", [var type, var id, "_history"]) => (request with { Interaction = Interaction.History, Type = type, Id = id }, null),
            ("GET" or "HEAD", [var type, var id, "_history", var version]) => (request with { Interaction = Interaction.VersionRead, Type = type, Id = id, VersionId = version }, null),
            ("GET" or "HEAD", [var type, var id]) when id[0] is not ('_' or '$') => (request with { Interaction = Interaction.Read, Type = type, Id = id }, null),
            ("PUT", [var type, var id]) when question < 0 => (request with { Interaction = Interaction.Update, Type = type, Id = id }, null),
            ("DELETE", [var type, var id]) when question < 0 => (request with { Interaction = Interaction.Delete, Type = type, Id = id }, null),
            _ => (null, FhirAnswer.Fault(method is "GET" or "HEAD" ? 404 : 405, "not-supported", "interaction-unsupported",
                $"{method} of '{string.Join('/', segments)}' is not supported here. GET metadata lists what is.")),
        };
    }

    private static FhirAnswer? BadSegment(string[] segments)
    {
        if (segments.Length > 4 || (segments.Length > 0 && segments[0].Length > 0 && !segments[0].All(char.IsAsciiLetter) && segments[0][0] is not ('_' or '$')))
        {
            return FhirAnswer.Fault(404, "not-found", "route-unknown", "No FHIR resource type has such an address. GET metadata lists what is here.");
        }

        var ids = segments.Skip(1).Where(s => s is not ("_history" or "_search" or "$everything"));
        return ids.FirstOrDefault(s => !LocalReference.IsId(s) && !(s.Length > 1 && s[0] is '_' or '$' && s.Skip(1).All(char.IsAsciiLetter))) is { } wrong
            ? FhirAnswer.Fault(400, "value", "id-invalid", $"'{wrong}' is no FHIR id: 1 to 64 letters, digits, hyphens and dots.")
            : null;
    }
}
