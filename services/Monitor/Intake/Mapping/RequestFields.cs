using EdgeMesh.Telemetry;

namespace EdgeMesh.Services.Monitor.Intake.Mapping;

/// <summary>Takes out of what strangers tell of requests whom somebody searched for and whose record it was: the house's own services do so
/// before they send.</summary>
internal static class RequestFields
{
    /// <summary>Of anything in general; that of a request where a method stands beside it, as in what ASP.NET Core and sidecars log.</summary>
    private const string Path = "Path";

    private static readonly string[] Methods = ["Method", "RequestMethod", "HttpMethod"];

    /// <param name="fields">Of a span or a line; what may not stay is replaced or removed.</param>
    /// <param name="message">Where the same may stand again.</param>
    /// <returns>The message.</returns>
    public static string Cut(Dictionary<string, string> fields, string message = "")
    {
        AnonymousAddress.Cut(fields.GetValueOrDefault, (name, value, kept) => message = Replace(fields, name, value, kept, message));
        return fields.TryGetValue(Path, out var path) && Methods.Any(fields.ContainsKey)
            ? Replace(fields, Path, path, AnonymousAddress.OfPath(path, fields.GetValueOrDefault(AnonymousAddress.RouteKey)), message)
            : message;
    }

    private static string Replace(Dictionary<string, string> fields, string name, string value, string? kept, string message)
    {
        if (kept is null)
        {
            fields.Remove(name);
        }
        else
        {
            fields[name] = kept;
        }

        return kept == value || value.Length == 0 ? message : message.Replace(value, kept, StringComparison.Ordinal);
    }
}
