using System.Globalization;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Functions.Triggers.Http;

/// <summary>A request as CGI 1.1 (RFC 3875) tells it to a program, with what Wagi and Spin add to it: a module that was written for them
/// finds here what it finds there. The function never sees credentials.</summary>
internal static class CgiRequest
{
    private const string Software = "EdgeMesh/1";

    /// <summary>By this a program knows that its stdout is read as an answer with a head.</summary>
    private const string Interface = "CGI/1.1";

    /// <summary>What a request is taken to ask for that names no host, or none that is one.</summary>
    private static readonly Uri Nameless = new("http://localhost");

    /// <summary>Credentials, and what would be taken for the address of a proxy.</summary>
    private static readonly HashSet<string> Withheld = new(StringComparer.OrdinalIgnoreCase) { "Authorization", "Cookie", "Proxy", "Proxy-Authorization", "Connection" };

    /// <summary>Arguments after the program's name: the parts of the query, as they came.</summary>
    public static IReadOnlyList<string> Arguments(HttpRequest request) =>
        request.QueryString.Value is { Length: > 1 } query ? query[1..].Split('&', StringSplitOptions.RemoveEmptyEntries) : [];

    /// <param name="request">The request.</param>
    /// <param name="at">Where the function is reached, by path.</param>
    /// <param name="trigger">The trigger that matched.</param>
    /// <param name="path">The path below the function.</param>
    /// <param name="values">What stands for the names of the trigger's path.</param>
    /// <param name="length">Of the body.</param>
    /// <param name="publicUrl">The site's door as clients know it; null: not told.</param>
    public static Dictionary<string, string> Environment(
        HttpRequest request, string at, HttpTrigger trigger, string path, IReadOnlyList<KeyValuePair<string, string>> values, int length, Uri? publicUrl)
    {
        var (caller, query) = (request.HttpContext.GetCaller(), request.QueryString.Value ?? "");
        var door = publicUrl ?? (Uri.TryCreate($"{request.Scheme}://{request.Host}", UriKind.Absolute, out var asked) ? asked : Nameless);
        var from = request.HttpContext.Connection.RemoteIpAddress?.ToString() ?? "";
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["AUTH_TYPE"] = caller is null ? "" : "Bearer",
            ["CONTENT_LENGTH"] = length.ToString(CultureInfo.InvariantCulture),
            ["CONTENT_TYPE"] = request.ContentType ?? "",
            ["GATEWAY_INTERFACE"] = Interface,
            ["PATH_INFO"] = path,
            ["PATH_TRANSLATED"] = path,
            ["QUERY_STRING"] = query.TrimStart('?'),
            ["REMOTE_ADDR"] = from,
            ["REMOTE_HOST"] = from,
            ["REMOTE_USER"] = caller?.Subject ?? "",
            ["REQUEST_METHOD"] = request.Method,
            ["SCRIPT_NAME"] = at,
            ["SERVER_NAME"] = door.Host,
            ["SERVER_PORT"] = door.Port.ToString(CultureInfo.InvariantCulture),
            ["SERVER_PROTOCOL"] = "HTTP/1.1",
            ["SERVER_SOFTWARE"] = Software,
            ["X_FULL_URL"] = $"{door.GetLeftPart(UriPartial.Authority)}{at}{path}{query}",
            ["X_MATCHED_ROUTE"] = at + trigger.Path,
        };
        foreach (var (name, value) in values)
        {
            environment["PATH_" + name.ToUpperInvariant()] = value;
        }

        foreach (var (name, value) in request.Headers.Where(h => IsForFunctions(h.Key)))
        {
            environment["HTTP_" + name.ToUpperInvariant().Replace('-', '_')] = value.ToString().ReplaceLineEndings(" ");
        }

        return environment;
    }

    /// <summary>One with an underscore would have the variable of another that somebody vouches for: <c>X_Forwarded_For</c> that of <c>X-Forwarded-For</c>.</summary>
    private static bool IsForFunctions(string header) =>
        !header.Contains('_', StringComparison.Ordinal) && !Withheld.Contains(header) && !header.StartsWith("X-EdgeMesh-", StringComparison.OrdinalIgnoreCase) && !header.StartsWith("dapr-", StringComparison.OrdinalIgnoreCase);
}
