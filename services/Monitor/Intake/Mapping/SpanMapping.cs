using System.Globalization;
using EdgeMesh.Services.Monitor.Intake.Protos;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Telemetry;

namespace EdgeMesh.Services.Monitor.Intake.Mapping;

/// <summary>Spans as rows of this site.</summary>
internal sealed class SpanMapping(string site)
{
    private const int ErrorCode = 2;
    private const int MostName = 500;
    private const int MostLinks = 32;
    private const int MostEvents = 16;
    private const string GrpcClient = "Grpc.Net.Client.GrpcOut";

    private static readonly string[] Kinds = ["internal", "internal", "server", "client", "producer", "consumer"];

    /// <summary>Dapr's spans use names from before the conventions were settled: both are found under the new ones.</summary>
    private static readonly (string Old, string New)[] Renamed =
    [
        ("db.system", "db.system.name"), ("db.name", "db.namespace"), ("db.statement", "db.query.text"), ("net.peer.name", "server.address"),
        ("http.method", "http.request.method"), ("http.status_code", "http.response.status_code"), ("http.url", "url.full"),
    ];

    /// <param name="request">What came.</param>
    /// <param name="rejected">Spans without ids or times: nothing could be done with them.</param>
    public List<SpanRow> Map(ExportTraceServiceRequest request, out int rejected)
    {
        var spans = new List<SpanRow>();
        rejected = 0;
        foreach (var resource in request.ResourceSpans)
        {
            foreach (var scope in resource.ScopeSpans)
            {
                foreach (var span in scope.Spans)
                {
                    if (Map(span, scope.Scope, resource.Resource) is { } row)
                    {
                        spans.Add(row);
                    }
                    else
                    {
                        rejected++;
                    }
                }
            }
        }

        return spans;
    }

    private SpanRow? Map(Span span, InstrumentationScope? scope, Resource? resource)
    {
        if (WireTimes.Id(span.TraceId, 16) is not { } trace || WireTimes.Id(span.SpanId, 8) is not { } id || WireTimes.Time(span.StartTimeUnixNano) is not { } start)
        {
            return null;
        }

        var (end, fields) = (WireTimes.Time(span.EndTimeUnixNano) ?? start, Fields(span));
        return new(trace, id, WireTimes.Id(span.ParentSpanId, 8), site, Origin.Service(span.Attributes, scope, resource), Name(span, fields),
            span.Kind >= 0 && span.Kind < Kinds.Length ? Kinds[span.Kind] : Kinds[0], start, end > start ? end - start : TimeSpan.Zero, span.Status?.Code == ErrorCode,
            fields, [.. span.Links.Take(MostLinks).Select(Link).OfType<SpanLink>()]);
    }

    /// <summary>Clients name a call by its method alone, as they know no route, and .NET's of gRPC by themselves: in a list of traces all would be
    /// called the same.</summary>
    private static string Name(Span span, Dictionary<string, string> fields)
    {
        if (span.Name == GrpcClient && fields.TryGetValue("grpc.method", out var method))
        {
            return AnonymousAddress.OfName(method);
        }

        var name = AnonymousAddress.OfName(VisibleText.Of(span.Name, MostName));
        return name == fields.GetValueOrDefault("http.request.method") && fields.TryGetValue("url.full", out var address) && Uri.TryCreate(address, UriKind.Absolute, out var url)
            ? $"{name} {Uri.UnescapeDataString(url.AbsolutePath)}"
            : name;
    }

    private static Dictionary<string, string> Fields(Span span)
    {
        var fields = Attributes.Read(span.Attributes);
        foreach (var (old, now) in Renamed)
        {
            if (fields.Remove(old, out var value))
            {
                fields.TryAdd(now, value);
            }
        }

        RequestFields.Cut(fields);
        if (span.Status is { Message.Length: > 0 } status)
        {
            fields["error.message"] = VisibleText.Of(status.Message, Attributes.MostText);
        }

        foreach (var (place, happened) in span.Events.Take(MostEvents).Index())
        {
            var told = string.Join(", ", Attributes.Read(happened.Attributes).Select(a => $"{a.Key}={a.Value}"));
            fields[string.Create(CultureInfo.InvariantCulture, $"event.{place}")] = VisibleText.Of($"{happened.Name} {told}".TrimEnd(), Attributes.MostText);
        }

        return fields;
    }

    private static SpanLink? Link(Span.Types.Link link) =>
        WireTimes.Id(link.TraceId, 16) is { } trace && WireTimes.Id(link.SpanId, 8) is { } span ? new(trace, span) : null;
}
