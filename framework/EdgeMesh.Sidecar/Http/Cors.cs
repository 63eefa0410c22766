using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace EdgeMesh.Sidecar.Http;

/// <summary>daprd's <c>--allowed-origins</c>: which pages may call the HTTP API from a browser. Every header may be sent. A browser's question
/// needs no token.</summary>
internal sealed class Cors
{
    private static readonly HashSet<string> Methods = new(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"], StringComparer.OrdinalIgnoreCase);

    /// <summary>What is before and behind an origin's asterisk; without one all of it is before.</summary>
    private readonly List<(string Before, string? Behind)> _origins;
    private readonly bool _everybody;

    private Cors(IReadOnlyList<string> origins)
    {
        _everybody = origins.Contains("*", StringComparer.Ordinal);
        _origins = [.. origins.Select(o => o.IndexOf('*', StringComparison.Ordinal) is >= 0 and var at ? (o[..at], o[(at + 1)..]) : (o, (string?)null))];
    }

    /// <summary>Null: nobody asks.</summary>
    public static Cors? Of(IReadOnlyList<string> origins) => origins.Count == 0 ? null : new Cors(origins);

    /// <summary>Says on the answer what the browser may do with it.</summary>
    /// <returns>Whether that was the whole answer, to a question before the call.</returns>
    public bool Answers(HttpContext context)
    {
        var (request, answer) = (context.Request, context.Response.Headers);
        var origin = request.Headers.Origin.ToString();
        var mayCall = origin.Length > 0 && Allows(origin);
        var method = request.Headers.AccessControlRequestMethod.ToString();
        var isQuestion = HttpMethods.IsOptions(request.Method) && method.Length > 0;
        answer.Vary = isQuestion ? new StringValues(["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"]) : "Origin";
        if (!mayCall || (isQuestion && !Methods.Contains(method)))
        {
            return isQuestion;
        }

        answer.AccessControlAllowOrigin = _everybody ? "*" : origin;
        if (isQuestion)
        {
            answer.AccessControlAllowMethods = method.ToUpperInvariant();
            var asked = request.Headers.AccessControlRequestHeaders.ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (asked.Length > 0)
            {
                answer.AccessControlAllowHeaders = string.Join(", ", asked.Select(Canonical));
            }
        }

        return isQuestion;
    }

    private bool Allows(string origin) => _everybody || _origins.Exists(o => o.Behind is null
        ? origin.Equals(o.Before, StringComparison.OrdinalIgnoreCase)
        : origin.Length >= o.Before.Length + o.Behind.Length && origin.StartsWith(o.Before, StringComparison.OrdinalIgnoreCase) && origin.EndsWith(o.Behind, StringComparison.OrdinalIgnoreCase));

    /// <summary>As Go writes a header's name.</summary>
    private static string Canonical(string name) => CultureInfo.InvariantCulture.TextInfo.ToTitleCase(name.ToLowerInvariant());
}
