namespace EdgeMesh.Telemetry;

/// <summary>Addresses of requests as telemetry may keep them: without queries, where people search for names, and without the parts of a
/// path that name a record. A part of a path stays if it reads as a name of an interface: letters, hyphens and dots, or a version such as
/// <c>v1.0-alpha1</c>. Of what is behind <c>fhir</c> the resource type and FHIR's own words alone stay, of what is behind <c>state</c> and
/// <c>actors</c> never the key or the actor's id, and of what is behind <c>receipts</c> nothing. Everything else becomes <c>{id}</c>. An address
/// whose route is known becomes the route.</summary>
public static class AnonymousAddress
{
    /// <summary>What a span tells of its route, by OpenTelemetry's convention.</summary>
    public const string RouteKey = "http.route";

    /// <summary>Stands for what named a record.</summary>
    private const string Id = "{id}";
    private const int LongestName = 40;

    /// <summary>FHIR's resource type, Dapr's store and type of actor: the parts behind them that come before an item of many is named.</summary>
    private static readonly Dictionary<string, int> Collections = new(StringComparer.OrdinalIgnoreCase) { ["fhir"] = 1, ["state"] = 1, ["actors"] = 1, ["receipts"] = 0 };

    /// <summary>Those behind which nothing is a name of an interface: FHIR's ids are in many places, and behind receipts people type whatever they
    /// have.</summary>
    private static readonly string[] Closed = ["fhir", "receipts"];

    private static readonly string[] Queries = ["url.query", "QueryString"];
    private static readonly string[] Paths = ["url.path", "http.target", "dapr.invoke_method", "RequestPath"];
    private static readonly string[] Addresses = ["url.full", "http.url", "RequestUri", "Uri"];

    /// <summary>A sidecar's, of the type and the id. A span of a call to one names it as the peer too.</summary>
    private const string Actor = "dapr.actor";
    private static readonly string[] Peers = ["net.peer.name", "server.address"];

    /// <summary>A method and a path, or that of gRPC; of a database a statement, for which sidecars give the call.</summary>
    private static readonly string[] Calls = ["dapr.api", "db.statement", "db.query.text"];

    /// <summary>Attributes that hold addresses: those of OpenTelemetry's conventions, old and new, of Dapr's spans, and of what ASP.NET Core and
    /// its HTTP client log.</summary>
    private static readonly string[] Names = [.. Queries, .. Paths, .. Addresses, .. Calls, .. Peers, Actor];

    /// <summary>Cuts the attributes of a span or of a line.</summary>
    /// <param name="find">What one holds; null: it is not there, or is no text.</param>
    /// <param name="change">Takes the name of one that may not stay as it is, what it holds, and what may be kept of it; null: nothing.</param>
    public static void Cut(Func<string, string?> find, Action<string, string, string?> change)
    {
        var (route, actor) = (find(RouteKey), find(Actor));
        foreach (var name in Names)
        {
            if (find(name) is { } value && OfAttribute(name, value, route, actor) is var kept && kept != value)
            {
                change(name, value, kept);
            }
        }
    }

    /// <summary>A path, with or without a slash before it.</summary>
    /// <param name="path">The path; a query behind it is cut.</param>
    /// <param name="route">The request's route, where it is known. One that takes the rest of a path, whatever it is, says too little.</param>
    public static string OfPath(string path, string? route = null) =>
        route is { Length: > 0 } known && !known.Contains('*', StringComparison.Ordinal) ? known : Cut(WithoutQuery(path));

    /// <summary>A span's name, or a call with its method: words that are paths are treated as such, and those that are routes stay.</summary>
    public static string OfName(string name) =>
        name.Contains('/', StringComparison.Ordinal) ? string.Join(' ', name.Split(' ').Select(word => word.AsSpan().Contains('/') && !word.Contains('{', StringComparison.Ordinal) ? OfPath(word) : word)) : name;

    private static string? OfAttribute(string name, string value, string? route, string? actor) =>
        Queries.Contains(name) ? null
        : Paths.Contains(name) ? OfPath(value, route)
        : Addresses.Contains(name) ? OfUrl(value)
        : Calls.Contains(name) && value.Contains(" /", StringComparison.Ordinal) ? OfName(value)
        : name == Actor || (Peers.Contains(name) && value == actor) ? OfActor(value)
        : value;

    private static string OfActor(string actor) => actor.IndexOf('.', StringComparison.Ordinal) is >= 0 and var id ? $"{actor[..id]}.{Id}" : actor;

    private static string OfUrl(string url)
    {
        var (scheme, whole) = (url.IndexOf("://", StringComparison.Ordinal), WithoutQuery(url));
        var path = scheme < 0 ? 0 : whole.IndexOf('/', Math.Min(scheme + 3, whole.Length));
        return path < 0 ? whole : whole[..path] + Cut(whole[path..]);
    }

    private static string WithoutQuery(string address) => address.IndexOfAny(['?', '#']) is >= 0 and var end ? address[..end] : address;

    private static string Cut(string path)
    {
        var parts = path.Split('/');
        var (item, isClosed) = (-1, false);
        for (var n = 0; n < parts.Length; n++)
        {
            var part = parts[n];
            if (n > item && !isClosed && Collections.TryGetValue(part, out var before))
            {
                (item, isClosed) = (n + before + 1, Closed.Contains(part, StringComparer.OrdinalIgnoreCase));
            }

            var stays = part.Length == 0 || (n == item || (isClosed && n > item) ? IsWord(part) : IsName(part));
            parts[n] = stays ? part : Id;
        }

        return string.Join('/', parts);
    }

    /// <summary>Stands where an item's name would, and is none: such as <c>_history</c> and <c>$everything</c>.</summary>
    private static bool IsWord(string part) => part is "bulk" or "transaction" or "query" or "_history" or "_search" || (part[0] == '$' && IsLetters(part.AsSpan(1)));

    /// <summary>Names of letters, such as a site's or that of a gRPC service with its version.</summary>
    private static bool IsName(string part)
    {
        if (part.Length > LongestName || IsVersion(part))
        {
            return part.Length <= LongestName;
        }

        var text = part.AsSpan(part[0] is '_' or '$' ? 1 : 0);
        foreach (var label in text.Split('.'))
        {
            if (!IsLetters(text[label]) && !IsVersion(text[label]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLetters(ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (!char.IsAsciiLetter(character) && character is not ('-' or '_'))
            {
                return false;
            }
        }

        return text.Length > 0;
    }

    /// <summary>Such as <c>v1</c>, <c>v1.0</c> and <c>v1.0-alpha1</c>: no more digits than a version has.</summary>
    private static bool IsVersion(ReadOnlySpan<char> text)
    {
        if (text.Length is < 2 or > 12 || text[0] != 'v' || !char.IsAsciiDigit(text[1]))
        {
            return false;
        }

        var digits = 0;
        foreach (var character in text)
        {
            digits += char.IsAsciiDigit(character) ? 1 : 0;
        }

        var stage = text.IndexOf('-');
        return digits <= 4 && !text[1..(stage < 0 ? text.Length : stage)].ContainsAnyExcept("0123456789.")
            && (stage < 0 || text[(stage + 1)..].StartsWith("alpha") || text[(stage + 1)..].StartsWith("beta"));
    }
}
