using System.Buffers;
using System.Globalization;
using System.Text.Json;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>Where an AuditEvent stands among those of one request.</summary>
/// <param name="Index">From 0.</param>
/// <param name="HasMore">Whether another is sure to follow.</param>
internal readonly record struct AuditNumber(int Index, bool HasMore);

/// <summary>Writes an <see cref="AuditPart"/> as a FHIR R4 AuditEvent after the IHE Basic Audit Log Patterns (type <c>rest</c>;
/// agents client, server and user; entities patient, data, query and request id). Written by hand rather than through the model:
/// it is on the path of every request.</summary>
internal static class AuditEventWriter
{
    private const string Dicom = "http://dicom.nema.org/resources/ontology/DCM";

    /// <summary>On every AuditEvent of a request that has several: its number from 0, and <c>+</c> when another follows it in the journal.</summary>
    public const string NumberExtension = "https://edgemesh.dev/fhir/audit-number";

    /// <summary>How the request ended as its answer told it, where that was not what happened.</summary>
    public const string AnsweredExtension = "https://edgemesh.dev/fhir/audit-answered";

    /// <summary>The type of an entity's detail: the rule that released, wrote or refused.</summary>
    public const string RuleDetail = "rule";

    /// <summary>The type of an entity's detail: the resource was hidden, by this rule.</summary>
    public const string DeniedDetail = "denied";

    private const int RequestIdLimit = 200;

    /// <param name="part">What to write.</param>
    /// <param name="site">Whose audit.</param>
    /// <param name="number">Where it stands.</param>
    /// <param name="named">The first of the part's resources to name; moved behind the last that found room.</param>
    public static ReadOnlyMemory<byte> Write(AuditPart part, string site, AuditNumber number, ref int named)
    {
        var access = part.Access;
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("resourceType", "AuditEvent");
            WriteCoding(json, "type", "http://terminology.hl7.org/CodeSystem/audit-event-type", "rest");
            json.WriteStartArray("subtype");
            WriteCoding(json, null, "http://hl7.org/fhir/restful-interaction", access.Interaction);
            json.WriteEndArray();
            json.WriteString("action", Action(access.Interaction));
            json.WriteString("recorded", access.Recorded.ToString("yyyy-MM-dd'T'HH:mm:ss.fffK", CultureInfo.InvariantCulture));
            json.WriteString("outcome", part.Outcome is AccessOutcome.Success or AccessOutcome.NotFound ? "0" : part.Outcome == AccessOutcome.Denied ? "4" : "8");
            json.WriteString("outcomeDesc", part.Outcome.ToString());
            WritePurpose(json, access.Caller.Purpose);
            WriteAgents(json, access.Caller, site);
            WriteSource(json, site);
            WriteEntities(json, part, ref named, isFirst: named == 0);
            WriteExtensions(json, number with { HasMore = number.HasMore || named < part.Resources.Length }, access.Answered == part.Outcome ? null : access.Answered.ToString());
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Subjects are unique at the site that verified them, and nowhere else.</summary>
    public static string SystemOf(string site) => $"urn:edgemesh:subjects:{site}";

    private static string Action(string interaction) => interaction switch
    {
        "create" => "C",
        "update" => "U",
        "delete" => "D",
        "read" or "vread" or "history-instance" => "R",
        _ => "E",
    };

    private static void WritePurpose(Utf8JsonWriter json, string purpose)
    {
        json.WriteStartArray("purposeOfEvent");
        json.WriteStartObject();
        json.WriteStartArray("coding");
        WriteCoding(json, null, "http://terminology.hl7.org/CodeSystem/v3-ActReason", purpose);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteAgents(Utf8JsonWriter json, Caller caller, string site)
    {
        json.WriteStartArray("agent");
        WriteAgent(json, "110153", caller.ForwardedBy ?? caller.Site, requestor: false, []);
        WriteAgent(json, "110152", site, requestor: false, []);
        WriteAgent(json, null, caller.Subject, requestor: true, caller.Roles.AsSpan(), caller.Site);
        json.WriteEndArray();
    }

    private static void WriteAgent(Utf8JsonWriter json, string? code, string who, bool requestor, ReadOnlySpan<string> roles, string? system = null)
    {
        json.WriteStartObject();
        if (code is not null)
        {
            json.WriteStartObject("type");
            json.WriteStartArray("coding");
            WriteCoding(json, null, Dicom, code);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        if (roles.Length > 0)
        {
            json.WriteStartArray("role");
            foreach (var role in roles)
            {
                json.WriteStartObject();
                json.WriteString("text", role);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteStartObject("who");
        json.WriteStartObject("identifier");
        if (system is not null)
        {
            json.WriteString("system", SystemOf(system));
        }

        json.WriteString("value", who);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteBoolean("requestor", requestor);
        json.WriteEndObject();
    }

    private static void WriteSource(Utf8JsonWriter json, string site)
    {
        json.WriteStartObject("source");
        json.WriteString("site", site);
        json.WriteStartObject("observer");
        json.WriteString("display", $"{site}/records");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteEntities(Utf8JsonWriter json, AuditPart part, ref int named, bool isFirst)
    {
        json.WriteStartArray("entity");
        if (isFirst && part.Query is { } query)
        {
            json.WriteStartObject();
            WriteCoding(json, "type", "http://terminology.hl7.org/CodeSystem/audit-entity-type", "2");
            WriteCoding(json, "role", "http://terminology.hl7.org/CodeSystem/object-role", "24");
            json.WriteBase64String("query", System.Text.Encoding.UTF8.GetBytes(query));
            json.WriteEndObject();
        }

        WriteRequestId(json, part.Access.RequestId);
        var (rules, bytes, first) = (new SortedSet<string>(part.Access.Refusals, StringComparer.Ordinal), 0L, named);
        for (; named < part.Resources.Length && (named == first || json.BytesCommitted + json.BytesPending + bytes < AuditEntry.FullEvent); named++)
        {
            var resource = part.Resources[named];
            WriteEntity(json, resource.Version is null ? resource.Reference : $"{resource.Reference}/_history/{resource.Version}", "2", "4", DeniedDetail, resource.IsDenied ? [resource.Rule] : []);
            bytes += !resource.IsDenied && rules.Add(resource.Rule) ? JsonEncodedText.Encode(resource.Rule).EncodedUtf8Bytes.Length + 60 : 0;
        }

        if (part.Patient is { } patient)
        {
            WriteEntity(json, $"Patient/{patient}", "1", "1", RuleDetail, rules);
        }
        else if (rules.Count > 0)
        {
            WriteEntity(json, null, "4", "13", RuleDetail, rules);
        }

        if (isFirst && part.Patient is null && part.Access.DeniedBesides > 0)
        {
            WriteEntity(json, null, "4", "13", "denied-besides", [part.Access.DeniedBesides.ToString(CultureInfo.InvariantCulture)]);
        }

        json.WriteEndArray();
    }

    private static void WriteRequestId(Utf8JsonWriter json, string? requestId)
    {
        if (requestId is null)
        {
            return;
        }

        json.WriteStartObject();
        WriteCoding(json, "type", "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId");
        json.WriteStartObject("what");
        json.WriteStartObject("identifier");
        json.WriteString("value", requestId.Length > RequestIdLimit ? requestId[..RequestIdLimit] : requestId);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteEntity(Utf8JsonWriter json, string? reference, string type, string role, string detail, IReadOnlyCollection<string> values)
    {
        json.WriteStartObject();
        if (reference is not null)
        {
            json.WriteStartObject("what");
            json.WriteString("reference", reference);
            json.WriteEndObject();
        }

        WriteCoding(json, "type", "http://terminology.hl7.org/CodeSystem/audit-entity-type", type);
        WriteCoding(json, "role", "http://terminology.hl7.org/CodeSystem/object-role", role);
        if (values.Count > 0)
        {
            json.WriteStartArray("detail");
            foreach (var value in values)
            {
                json.WriteStartObject();
                json.WriteString("type", detail);
                json.WriteString("valueString", value);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteExtensions(Utf8JsonWriter json, AuditNumber number, string? answered)
    {
        var numbered = number is { Index: 0, HasMore: false } ? null : string.Create(CultureInfo.InvariantCulture, $"{number.Index}{(number.HasMore ? "+" : "")}");
        if (numbered is null && answered is null)
        {
            return;
        }

        json.WriteStartArray("extension");
        WriteExtension(json, NumberExtension, numbered);
        WriteExtension(json, AnsweredExtension, answered);
        json.WriteEndArray();
    }

    private static void WriteExtension(Utf8JsonWriter json, string url, string? value)
    {
        if (value is not null)
        {
            json.WriteStartObject();
            json.WriteString("url", url);
            json.WriteString("valueString", value);
            json.WriteEndObject();
        }
    }

    private static void WriteCoding(Utf8JsonWriter json, string? name, string system, string code)
    {
        if (name is null)
        {
            json.WriteStartObject();
        }
        else
        {
            json.WriteStartObject(name);
        }

        json.WriteString("system", system);
        json.WriteString("code", code);
        json.WriteEndObject();
    }
}
