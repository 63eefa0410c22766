using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeMesh.Functions;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>The documents by which functions travel. Each site owns its own, so that no two sites ever write one document: what the mesh
/// obeys is decided by what was signed, not by who wrote last.</summary>
internal static class FunctionDocuments
{
    /// <summary>A site's latest word on a function: a signed <see cref="EdgeMesh.Functions.Deployment"/>.</summary>
    public const string Deployments = "Deployment";

    /// <summary>A bundle without its module.</summary>
    public const string Bundles = "Bundle";

    /// <summary>A piece of a module.</summary>
    public const string Parts = "BundlePart";

    /// <summary>How far a site is with a function.</summary>
    public const string Rollouts = "Rollout";

    /// <summary>What a core says of how far another site is with a function.</summary>
    public const string Relayed = "RelayedRollout";

    public static DocumentKey Rollout(string site, string function) => new(Rollouts, $"{site}.{function}");

    public static DocumentKey RelayedRollout(string core, string site, string function) => new(Relayed, $"{core}.{site}.{function}");

    public static DocumentKey Deployment(string site, string function) => new(Deployments, $"{site}.{function}");

    public static DocumentKey Bundle(string site, string digest) => new(Bundles, $"{site}.{Hex(digest)}");

    public static DocumentKey Part(string site, string digest, int number) => new(Parts, $"{site}.{Hex(digest)}.{number}");

    /// <summary>Digests are written <c>sha256:…</c>; a document's name has no colon.</summary>
    private static string Hex(string digest) => digest[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..];
}

/// <summary>The body of a bundle's document.</summary>
/// <param name="Statement">The signed lines.</param>
/// <param name="Manifest">The manifest's text.</param>
/// <param name="Parts">Into how many pieces the module is cut.</param>
internal sealed record BundleBody(string Statement, string Manifest, int Parts)
{
    /// <summary>Of this layout.</summary>
    public int Format { get; init; } = 1;

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, DocumentsJson.Default.BundleBody);

    public static BundleBody Read(ReadOnlyMemory<byte> body) =>
        JsonSerializer.Deserialize(body.Span, DocumentsJson.Default.BundleBody) is { Format: 1, Statement: not null, Manifest: not null, Parts: > 0 } read
            ? read
            : throw new JsonException("a bundle's document is of a newer version, or is none");
}

/// <summary>The body of a rollout's document.</summary>
/// <param name="State">How far the site is.</param>
/// <param name="Version">The function's version that its calls go to, for people.</param>
internal sealed record RolloutBody(RolloutState State, string? Version)
{
    /// <summary>Of this layout.</summary>
    public int Format { get; init; } = 1;

    /// <summary>The version of the document that it was read from: what a step that is decided by it must be based on.</summary>
    [JsonIgnore]
    public VersionVector? Frontier { get; init; }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, DocumentsJson.Default.RolloutBody);

    public static RolloutBody Read(Document document) =>
        JsonSerializer.Deserialize(document.Body.Span, DocumentsJson.Default.RolloutBody) is { Format: 1, State.Function: not null } read
            ? read with { Frontier = document.Frontier }
            : throw new JsonException("a rollout's document is of a newer version, or is none");
}

/// <summary>The body of what a core says of another site's rollout.</summary>
/// <param name="Site">Whose.</param>
/// <param name="Frontier">The version of the site's own document, as <see cref="VersionVector"/> writes it: the later one counts, whoever brings it.</param>
/// <param name="State">What that says.</param>
/// <param name="Version">And that.</param>
internal sealed record RelayedRolloutBody(string Site, string Frontier, RolloutState State, string? Version)
{
    /// <summary>Of this layout.</summary>
    public int Format { get; init; } = 1;

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, DocumentsJson.Default.RelayedRolloutBody);

    public static (string Site, RolloutBody Rollout) Read(Document document) =>
        JsonSerializer.Deserialize(document.Body.Span, DocumentsJson.Default.RelayedRolloutBody) is { Format: 1, Site: not null, State.Function: not null } read
        && VersionVector.TryParse(read.Frontier, out var frontier)
            ? (read.Site, new RolloutBody(read.State, read.Version) { Frontier = frontier })
            : throw new JsonException("a relayed rollout's document is of a newer version, or is none");
}

[JsonSerializable(typeof(BundleBody))]
[JsonSerializable(typeof(CatalogFile))]
[JsonSerializable(typeof(RelayedRolloutBody))]
[JsonSerializable(typeof(RolloutBody))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true)]
internal sealed partial class DocumentsJson : JsonSerializerContext;
