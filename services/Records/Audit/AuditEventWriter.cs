using System.Buffers;
using System.Globalization;
using System.Text.Json;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>Writes an <see cref="AccessEvent"/> as a FHIR R4 AuditEvent after the IHE Basic Audit Log Patterns (type <c>rest</c>;
/// agents client, server and user; entities patient, data, query and request id). Written by hand rather than through the model:
/// it is on the path of every request.</summary>
internal static class AuditEventWriter
{
    private const string Dicom = "http://dicom.nema.org/resources/ontology/DCM";

    public static ReadOnlyMemory<byte> Write(AccessEvent access, string site)
    {
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
            json.WriteString("outcome", access.Outcome is AccessOutcome.Success or AccessOutcome.NotFound ? "0" : access.Outcome == AccessOutcome.Denied ? "4" : "8");
            json.WriteString("outcomeDesc", access.Outcome.ToString());
            WritePurpose(json, access.Caller.Purpose);
            WriteAgents(json, access.Caller, site);
            WriteSource(json, site);
            WriteEntities(json, access);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

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
        WriteAgent(json, null, caller.Subject, requestor: true, caller.Roles.AsSpan());
        json.WriteEndArray();
    }

    private static void WriteAgent(Utf8JsonWriter json, string? code, string who, bool requestor, ReadOnlySpan<string> roles)
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

    private static void WriteEntities(Utf8JsonWriter json, AccessEvent access)
    {
        json.WriteStartArray("entity");
        if (access.Patient is { } patient)
        {
            WriteEntity(json, $"Patient/{patient}", null, type: "1", role: "1", access.Rule);
        }
        else if (access.Rule is not null)
        {
            WriteEntity(json, null, null, type: "4", role: "13", access.Rule);
        }

        foreach (var resource in access.Resources)
        {
            WriteEntity(json, resource.Reference, resource.Version, type: "2", role: "4", rule: null);
        }

        if (access.Query is { } query)
        {
            json.WriteStartObject();
            WriteCoding(json, "type", "http://terminology.hl7.org/CodeSystem/audit-entity-type", "2");
            WriteCoding(json, "role", "http://terminology.hl7.org/CodeSystem/object-role", "24");
            json.WriteBase64String("query", System.Text.Encoding.UTF8.GetBytes(query));
            json.WriteEndObject();
        }

        if (access.RequestId is { } requestId)
        {
            json.WriteStartObject();
            WriteCoding(json, "type", "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId");
            json.WriteStartObject("what");
            json.WriteStartObject("identifier");
            json.WriteString("value", requestId);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteEntity(Utf8JsonWriter json, string? reference, string? version, string type, string role, string? rule)
    {
        json.WriteStartObject();
        if (reference is not null)
        {
            json.WriteStartObject("what");
            json.WriteString("reference", version is null ? reference : $"{reference}/_history/{version}");
            json.WriteEndObject();
        }

        WriteCoding(json, "type", "http://terminology.hl7.org/CodeSystem/audit-entity-type", type);
        WriteCoding(json, "role", "http://terminology.hl7.org/CodeSystem/object-role", role);
        if (rule is not null)
        {
            json.WriteStartArray("detail");
            json.WriteStartObject();
            json.WriteString("type", "rule");
            json.WriteString("valueString", rule);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
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
