using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeMesh.Hosting;

/// <summary>What everybody in the mesh may know of a site. Read from the file that the setting <c>EdgeMesh:Directory</c> names
/// (JSON; <c>edgemesh up</c> writes one for each site).</summary>
/// <param name="Name">The site's name: lower-case letters, digits and hyphens.</param>
/// <param name="Organization">The identifier of its organisation, which consents name.</param>
/// <param name="MeshUrl">Where this site reaches that site's gateway by mutual TLS; null when there is no link.</param>
/// <param name="ExchangeKey">Its X25519 public key, 32 bytes: data keys are wrapped for it.</param>
/// <param name="LedgerKey">Its ledger's verifier key (signed-note format).</param>
/// <param name="CallerKey">The public key (PEM) under which its gateway signs user claims that it forwards.</param>
/// <param name="IsCore">Whether it mirrors the others.</param>
public sealed record SiteEntry(
    string Name, string Organization, Uri? MeshUrl, ReadOnlyMemory<byte> ExchangeKey, string LedgerKey, string CallerKey, bool IsCore)
{
    /// <summary>The key under which it cosigns others' ledgers (signed-note format); empty: it does not.</summary>
    public string WitnessKey { get; init; } = "";
}

/// <summary>The sites of the mesh, as this site sees them.</summary>
/// <param name="Self">This site.</param>
/// <param name="Sites">All sites, this one included.</param>
public sealed record MeshDirectory(string Self, ImmutableArray<SiteEntry> Sites)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The entry of this site.</summary>
    [JsonIgnore]
    public SiteEntry This => Find(Self) ?? throw new InvalidDataException($"mesh.json says that this site is '{Self}', and does not list it.");

    /// <summary>Reads <c>mesh.json</c>.</summary>
    /// <exception cref="InvalidDataException">The file is missing or no mesh directory; the message lists every fault and what to do.</exception>
    public static MeshDirectory Load(string path)
    {
        var (directory, faults) = MeshDirectoryReader.Read(path);
        return directory ?? throw new InvalidDataException(string.Join(Environment.NewLine, faults));
    }

    /// <summary>The site of that name, or null.</summary>
    public SiteEntry? Find(string name) => Sites.FirstOrDefault(s => s.Name == name);

    /// <summary>Writes <c>mesh.json</c>. The file is replaced as a whole, so a reader, or a crash, never sees half of it.</summary>
    public void Save(string path) => FileReplacement.Write(path, file => JsonSerializer.Serialize(file, this, Json));
}
