using System.Text.Json;
using Hl7.Fhir.Introspection;
using Hl7.Fhir.Serialization;
using Hl7.Fhir.Utility;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Resources;

/// <summary>The FHIR R4 model. Loading it costs about 300 ms and 60 MB, so it is loaded by the first request that must understand a
/// resource (a write, or a search), never on the way to readiness; reads by id don't need it.</summary>
internal sealed class FhirModel
{
    private const int MaxDepth = 64;

    private readonly Lazy<(FhirJsonDeserializer In, FhirJsonSerializer Out)> _json = new(() =>
        (new FhirJsonDeserializer(new DeserializerSettings { AnnotateResourceParseExceptions = true }.UsingMode(DeserializationMode.Strict)), new FhirJsonSerializer()));

    private readonly Lazy<ReferenceWalker> _references = new(() => new ReferenceWalker(R4.ModelInfo.ModelInspector));

    /// <summary>Finds and checks references.</summary>
    public ReferenceWalker References => _references.Value;

    /// <summary>Reads a resource strictly. Either the resource, or at least one issue; a bundle comes with its issues too, because a
    /// batch refuses faulty entries one by one (see <see cref="IssuesOf"/>).</summary>
    public ParsedResource Parse(ReadOnlySpan<byte> json)
    {
        if (JsonShape.Check(json, MaxDepth) is { } malformed)
        {
            return new ParsedResource(null, [malformed]);
        }

        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            var whole = _json.Value.In.TryDeserializeResource(ref reader, out var resource, out var faults);
            var issues = whole ? [] : ToIssues(faults);
            return whole || resource is R4.Bundle
                ? new ParsedResource(resource, issues)
                : new ParsedResource(null, issues);
        }
        catch (Exception error) when (error is InvalidOperationException or JsonException or FormatException or ArgumentException)
        {
            // The library throws, rather than reports, on some shapes that no resource has.
            return new ParsedResource(null, [new Issue("structure", "not-fhir", $"The body is JSON but not a FHIR R4 resource: {error.Message}")]);
        }
    }

    /// <summary>What was wrong with one resource of a bundle; empty when it was clean.</summary>
    public static IReadOnlyList<Issue> IssuesOf(R4.Resource resource) =>
        [.. resource.Annotations<List<CodedException>>().SelectMany(list => ToIssues(list))];

    public byte[] Serialize(R4.Resource resource) => _json.Value.Out.SerializeToBytes(resource);

    /// <summary>Whether resources of this type are kept here: what has a life of its own, so no messages and no bundles,
    /// and no audit, which nobody writes but the service.</summary>
    public static bool IsServed(string type) =>
        type is not ("OperationOutcome" or "Parameters" or "Bundle" or "CapabilityStatement" or "AuditEvent") && R4.ModelInfo.IsKnownResource(type) && !IsAbstract(type);

    /// <summary>All served types, sorted.</summary>
    public static IReadOnlyList<string> ServedTypes() => [.. R4.ModelInfo.SupportedResources.Where(IsServed).Order(StringComparer.Ordinal)];

    private static bool IsAbstract(string type) => type is "Resource" or "DomainResource";

    private static List<Issue> ToIssues(IEnumerable<CodedException> faults)
    {
        var issues = faults.Select(ToIssue).ToList();
        // An element that is missing is reported a second time as an "empty object" without a place.
        return issues.Count > 1 && issues.Exists(i => i.Expression is not null && i.Expression != "$this")
            ? issues.FindAll(i => i.Expression != "$this")
            : issues;
    }

    private static Issue ToIssue(CodedException fault) => fault is ExtendedCodedException { } known
        ? new Issue(Hl7.Fhir.Utility.EnumUtility.GetLiteral(known.IssueType) ?? "invalid", fault.ErrorCode.ToLowerInvariant(), known.Message, known.InstancePath)
        : new Issue("invalid", fault.ErrorCode.ToLowerInvariant(), fault.Message);
}

/// <summary>What came of reading a body.</summary>
/// <param name="Resource">Null when it is no resource.</param>
/// <param name="Issues">What was wrong; empty when all is well.</param>
internal sealed record ParsedResource(R4.Resource? Resource, IReadOnlyList<Issue> Issues);
