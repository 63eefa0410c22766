using System.Collections.Concurrent;
using EdgeMesh.Services.Records.Audit;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Interactions;
using EdgeMesh.Services.Records.Resources;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Http;

/// <summary><c>/metadata</c>: what this service does, from the same tables that make it do so.</summary>
internal sealed class Capabilities(FhirModel model, SearchParameters parameters, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, byte[]> _byBase = new(StringComparer.Ordinal);
    private readonly DateTimeOffset _since = clock.GetUtcNow();

    public FhirAnswer Answer(string baseUrl)
    {
        if (_byBase.Count > 16)
        {
            _byBase.Clear();
        }

        return new FhirAnswer(200) { Body = _byBase.GetOrAdd(baseUrl, url => model.Serialize(Make(url))) };
    }

    private R4.CapabilityStatement Make(string baseUrl) => new()
    {
        Status = R4.PublicationStatus.Active,
        Date = ResourceJson.Instant(_since),
        Kind = R4.CapabilityStatementKind.Instance,
        FhirVersion = R4.FHIRVersion.N4_0_1,
        Format = ["json"],
        Software = new() { Name = "EdgeMesh Records" },
        Implementation = new() { Description = "The records of one site of an EdgeMesh", Url = baseUrl },
        Rest =
        [
            new()
            {
                Mode = R4.CapabilityStatement.RestfulCapabilityMode.Server,
                Security = new()
                {
                    Description = "SMART App Launch v2 scopes, the caller's role, and the patient's consent: each resource is decided on by itself.",
                    Service = [new("http://terminology.hl7.org/CodeSystem/restful-security-service", "SMART-on-FHIR")],
                },
                Resource = [.. FhirModel.ServedTypes().Select(Resource).Append(OfAudit()).OrderBy(r => r.TypeElement.JsonValue as string, StringComparer.Ordinal)],
                Interaction =
                [
                    new() { Code = R4.CapabilityStatement.SystemRestfulInteraction.Transaction },
                    new() { Code = R4.CapabilityStatement.SystemRestfulInteraction.Batch },
                ],
            },
        ],
    };

    private R4.CapabilityStatement.ResourceComponent Resource(string type) => new()
    {
        TypeElement = new() { JsonValue = type },
        Interaction = [.. Supported.Select(code => new R4.CapabilityStatement.ResourceInteractionComponent { Code = code })],
        Versioning = R4.CapabilityStatement.ResourceVersionPolicy.Versioned,
        ReadHistory = true,
        UpdateCreate = false,
        ConditionalCreate = true,
        ConditionalRead = R4.CapabilityStatement.ConditionalReadStatus.NotMatch,
        ConditionalUpdate = false,
        ConditionalDelete = R4.CapabilityStatement.ConditionalDeleteStatus.NotSupported,
        ReferencePolicyElement = [new(R4.CapabilityStatement.ReferenceHandlingPolicy.Literal), new(R4.CapabilityStatement.ReferenceHandlingPolicy.Logical)],
        SearchParam =
        [
            Parameter("_id", R4.SearchParamType.Token, "http://hl7.org/fhir/SearchParameter/Resource-id"),
            Parameter("_lastUpdated", R4.SearchParamType.Date, "http://hl7.org/fhir/SearchParameter/Resource-lastUpdated"),
            .. parameters.Of(type).Select(p => Parameter(p.Name, TypeOf(p.Kind), p.Url)),
        ],
        Operation = type == "Patient"
            ? [new() { Name = "everything", Definition = "http://hl7.org/fhir/OperationDefinition/Patient-everything", Documentation = "Parameter: _count." }]
            : [],
    };

    /// <summary>One search, and nothing else: <see cref="AuditSearch"/>.</summary>
    private static R4.CapabilityStatement.ResourceComponent OfAudit() => new()
    {
        TypeElement = new() { JsonValue = AuditSearch.Type },
        Documentation = AuditSearch.Usage,
        Interaction = [new() { Code = R4.CapabilityStatement.TypeRestfulInteraction.SearchType }],
        Versioning = R4.CapabilityStatement.ResourceVersionPolicy.NoVersion,
        SearchParam = [Parameter("patient", R4.SearchParamType.Reference, "http://hl7.org/fhir/SearchParameter/AuditEvent-patient")],
    };

    private static readonly R4.CapabilityStatement.TypeRestfulInteraction[] Supported =
    [
        R4.CapabilityStatement.TypeRestfulInteraction.Read,
        R4.CapabilityStatement.TypeRestfulInteraction.Vread,
        R4.CapabilityStatement.TypeRestfulInteraction.Create,
        R4.CapabilityStatement.TypeRestfulInteraction.Update,
        R4.CapabilityStatement.TypeRestfulInteraction.Delete,
        R4.CapabilityStatement.TypeRestfulInteraction.HistoryInstance,
        R4.CapabilityStatement.TypeRestfulInteraction.SearchType,
    ];

    private static R4.SearchParamType TypeOf(ParameterKind kind) => kind switch
    {
        ParameterKind.Reference => R4.SearchParamType.Reference,
        ParameterKind.Date => R4.SearchParamType.Date,
        ParameterKind.Name => R4.SearchParamType.String,
        _ => R4.SearchParamType.Token,
    };

    private static R4.CapabilityStatement.SearchParamComponent Parameter(string name, R4.SearchParamType type, string? url) =>
        new() { Name = name, Type = type, Definition = url };
}
