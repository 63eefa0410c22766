using System.Text.Json.Nodes;

namespace EdgeMesh.Services.Records.Tests;

/// <summary>Resources for tests.</summary>
internal static class Samples
{
    public static JsonNode Patient(string family = "Chalmers", string given = "Peter", string? identifier = null) => JsonNode.Parse($$"""
        {"resourceType":"Patient","active":true,"name":[{"family":"{{family}}","given":["{{given}}"]}],"gender":"male","birthDate":"1974-12-25"
         {{(identifier is null ? "" : $",\"identifier\":[{{\"system\":\"urn:test\",\"value\":\"{identifier}\"}}]")}} }
        """)!;

    public static JsonNode Observation(string patient, string effective = "2024-03-05", string code = "8867-4", string category = "vital-signs", string? label = null) => JsonNode.Parse($$"""
        {"resourceType":"Observation","status":"final"
         {{(label is null ? "" : $",\"meta\":{{\"security\":[{{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\"{label}\"}}]}}")}},
         "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"{{category}}"}]}],
         "code":{"coding":[{"system":"http://loinc.org","code":"{{code}}"}]},"subject":{"reference":"{{patient}}"},"effectiveDateTime":"{{effective}}"}
        """)!;

    public static JsonNode Practitioner(string npi, string family = "Careful") => JsonNode.Parse($$"""
        {"resourceType":"Practitioner","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"{{npi}}"}],"name":[{"family":"{{family}}"}]}
        """)!;

    /// <summary>An active consent to what its provision says.</summary>
    public static JsonObject Consent(string patient, JsonObject provision) => new()
    {
        ["resourceType"] = "Consent",
        ["status"] = "active",
        ["scope"] = new JsonObject { ["coding"] = Code("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy") },
        ["category"] = new JsonArray(new JsonObject { ["text"] = "consent" }),
        ["patient"] = new JsonObject { ["reference"] = $"Patient/{patient}" },
        ["policyRule"] = new JsonObject { ["text"] = "the provision" },
        ["provision"] = provision,
    };

    /// <summary>A permit to an organisation, with an exception by label.</summary>
    public static JsonObject Consent(string patient, string organization, string? except = null, string? end = null, string status = "active")
    {
        var provision = new JsonObject
        {
            ["type"] = "permit",
            ["actor"] = Actor(organization),
            ["purpose"] = Code("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT"),
        };
        if (end is not null)
        {
            provision["period"] = new JsonObject { ["end"] = end };
        }

        if (except is not null)
        {
            provision["provision"] = new JsonArray(new JsonObject { ["type"] = "deny", ["securityLabel"] = Code("http://terminology.hl7.org/CodeSystem/v3-ActCode", except) });
        }

        var consent = Consent(patient, provision);
        consent["status"] = status;
        return consent;
    }

    /// <summary>Whom a provision is about.</summary>
    public static JsonArray Actor(string organization) => new(new JsonObject
    {
        ["role"] = new JsonObject { ["text"] = "recipient" },
        ["reference"] = new JsonObject { ["identifier"] = new JsonObject { ["value"] = organization } },
    });

    private static JsonArray Code(string system, string code) => new(new JsonObject { ["system"] = system, ["code"] = code });

    public static JsonObject Bundle(string type, params (string Method, string Url, JsonNode? Resource, string? FullUrl)[] entries)
    {
        var bundle = new JsonObject { ["resourceType"] = "Bundle", ["type"] = type, ["entry"] = new JsonArray() };
        foreach (var (method, url, resource, fullUrl) in entries)
        {
            var entry = new JsonObject { ["request"] = new JsonObject { ["method"] = method, ["url"] = url } };
            if (fullUrl is not null)
            {
                entry["fullUrl"] = fullUrl;
            }

            if (resource is not null)
            {
                entry["resource"] = resource;
            }

            bundle["entry"]!.AsArray().Add((JsonNode)entry);
        }

        return bundle;
    }
}
