namespace EdgeMesh.MeshTests.Telemetry;

/// <summary>A patient's consent by which the clinic of clinic-b may treat.</summary>
internal static class PermitConsent
{
    /// <param name="patient">The patient's id.</param>
    /// <param name="more">Further members, each with a comma after it.</param>
    /// <param name="status">Whether it holds.</param>
    public static string Of(string patient, string more = "", string status = "active") => $$"""
        {
          "resourceType": "Consent", "status": "{{status}}", "dateTime": "2026-01-01", "patient": { "reference": "Patient/{{patient}}" }, {{more}}
          "scope": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy" }] },
          "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }],
          "policyRule": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN" }] },
          "provision": {
            "type": "permit",
            "actor": [{ "role": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP" }] }, "reference": { "identifier": { "value": "org-clinic-b" } } }],
            "purpose": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT" }]
          }
        }
        """;
}
