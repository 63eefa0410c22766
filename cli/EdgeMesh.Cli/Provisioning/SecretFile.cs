using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeMesh.Hosting;
using EdgeMesh.Keyring;

namespace EdgeMesh.Cli.Provisioning;

/// <summary>A site's <c>secrets.json</c>: flat, and what is in it is never overwritten.</summary>
internal sealed class SecretFile
{
    private readonly string path;
    private readonly JsonObject values;
    private bool isChanged;

    private SecretFile(string path, JsonObject values)
    {
        this.path = path;
        this.values = values;
    }

    public string this[string name] => values[name]!.GetValue<string>();

    /// <summary>The keys of the site's keyring.</summary>
    public SiteKeys SiteKeys => SiteKeys.FromBase64(this[SiteSecrets.SiteKey], this[SiteSecrets.PseudonymKey], this[SiteSecrets.ExchangeKey]);

    /// <exception cref="InvalidDataException">The file is there and can't be read: to make new keys over it would lose every record.</exception>
    public static SecretFile Open(string path)
    {
        if (!File.Exists(path))
        {
            return new(path, []);
        }

        try
        {
            return new(path, JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject ?? throw new JsonException("no object"));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} holds a site's keys and is not readable as JSON ({e.Message}). Put back a copy of it; without these keys its records can't be opened.", e);
        }
    }

    public bool Has(string name) => values.ContainsKey(name);

    public void AddIfMissing(string name, Func<string> make)
    {
        if (!Has(name))
        {
            values[name] = make();
            isChanged = true;
        }
    }

    /// <summary>For what is no key, and follows something else, such as the issuers' public keys.</summary>
    public void Set(string name, string value)
    {
        if (!Has(name) || this[name] != value)
        {
            values[name] = value;
            isChanged = true;
        }
    }

    public void Save()
    {
        if (isChanged)
        {
            PrivateFiles.Write(path, JsonSerializer.SerializeToUtf8Bytes(values, new JsonSerializerOptions { WriteIndented = true }));
            isChanged = false;
        }
    }
}
