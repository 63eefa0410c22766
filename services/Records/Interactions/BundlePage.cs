using System.Buffers;
using System.Text.Json;
using EdgeMesh.Services.Records.Resources;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Writes a Bundle entry by entry, resources as the bytes they are.</summary>
internal sealed class BundlePage : IDisposable
{
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly ArrayBufferWriter<byte> _resource = new(2048);
    private readonly Utf8JsonWriter _writer;

    /// <param name="type">Of FHIR's value set bundle-type.</param>
    /// <param name="total">The number of matches; null: not counted.</param>
    /// <param name="links">Relation and address.</param>
    public BundlePage(string type, int? total, params ReadOnlySpan<(string Relation, string Url)> links)
    {
        _writer = new Utf8JsonWriter(_buffer, OutcomeJson.Options);
        _writer.WriteStartObject();
        _writer.WriteString("resourceType", "Bundle");
        _writer.WriteString("type", type);
        if (total is { } number)
        {
            _writer.WriteNumber("total", number);
        }

        if (links.Length > 0)
        {
            WriteLinks(links);
        }
    }

    /// <summary>How many entries were added.</summary>
    public int Count { get; private set; }

    public void Add(string fullUrl, OpenedVersion version, string? searchMode)
    {
        BeginEntry(fullUrl);
        WriteResource(version);
        if (searchMode is not null)
        {
            _writer.WriteStartObject("search");
            _writer.WriteString("mode", searchMode);
            _writer.WriteEndObject();
        }

        _writer.WriteEndObject();
    }

    public void AddVersion(string fullUrl, OpenedVersion version, string method, string url)
    {
        BeginEntry(fullUrl);
        if (version.IsReadable)
        {
            WriteResource(version);
        }

        _writer.WriteStartObject("request");
        _writer.WriteString("method", method);
        _writer.WriteString("url", url);
        _writer.WriteEndObject();
        _writer.WriteStartObject("response");
        _writer.WriteString("status", method switch { "POST" => "201", "DELETE" => "204", _ => "200" });
        _writer.WriteString("etag", $"W/\"{version.Document.Version}\"");
        _writer.WriteString("lastModified", ResourceJson.Instant(version.Document.RecordedAt));
        _writer.WriteEndObject();
        _writer.WriteEndObject();
    }

    public void AddAnswer(FhirAnswer answer, string baseUrl, bool withResource)
    {
        BeginEntry(answer.Location is { } place && !answer.Body.IsEmpty && withResource ? $"{baseUrl}/{Unversioned(place)}" : null);
        if (!answer.Body.IsEmpty && withResource)
        {
            _writer.WritePropertyName("resource");
            _writer.WriteRawValue(answer.Body.Span, skipInputValidation: true);
        }

        _writer.WriteStartObject("response");
        _writer.WriteString("status", StatusLine(answer.Status));
        if (answer.Location is { } location)
        {
            _writer.WriteString("location", $"{baseUrl}/{location}");
        }

        if (answer.VersionId is { } version)
        {
            _writer.WriteString("etag", $"W/\"{version}\"");
        }

        if (answer.LastModified is { } modified)
        {
            _writer.WriteString("lastModified", ResourceJson.Instant(modified));
        }

        if (answer.Issues.Count > 0)
        {
            _writer.WritePropertyName("outcome");
            OutcomeJson.Write(_writer, answer.Issues);
        }

        _writer.WriteEndObject();
        _writer.WriteEndObject();
    }

    public byte[] Finish()
    {
        if (Count > 0)
        {
            _writer.WriteEndArray();
        }

        _writer.WriteEndObject();
        _writer.Flush();
        return _buffer.WrittenSpan.ToArray();
    }

    public void Dispose() => _writer.Dispose();

    private static string Unversioned(string location) =>
        location.IndexOf("/_history/", StringComparison.Ordinal) is var at and > 0 ? location[..at] : location;

    private static string StatusLine(int status) => status switch
    {
        200 => "200 OK",
        201 => "201 Created",
        204 => "204 No Content",
        304 => "304 Not Modified",
        _ => status.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    private void BeginEntry(string? fullUrl)
    {
        if (Count++ == 0)
        {
            _writer.WriteStartArray("entry");
        }

        _writer.WriteStartObject();
        if (fullUrl is not null)
        {
            _writer.WriteString("fullUrl", fullUrl);
        }
    }

    private void WriteResource(OpenedVersion version)
    {
        _resource.ResetWrittenCount();
        ResourceJson.WithMeta(version.Json.Span, version.Document.Version, version.Document.RecordedAt, _resource);
        _writer.WritePropertyName("resource");
        _writer.WriteRawValue(_resource.WrittenSpan, skipInputValidation: true);
    }

    private void WriteLinks(ReadOnlySpan<(string Relation, string Url)> links)
    {
        _writer.WriteStartArray("link");
        foreach (var (relation, url) in links)
        {
            _writer.WriteStartObject();
            _writer.WriteString("relation", relation);
            _writer.WriteString("url", url);
            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
    }
}
