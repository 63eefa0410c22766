using System.Collections.Immutable;
using System.Text.Json;

namespace EdgeMesh.Hosting;

/// <summary>Reads <c>mesh.json</c> and says all that is wrong with it. A key that nobody knows is a fault: it is a misspelt one, or
/// from a newer version that means something by it.</summary>
internal sealed class MeshDirectoryReader
{
    private const int ExchangeKeyLength = 32;
    private const long FileLimit = 16 * 1024 * 1024;

    private readonly string _path;
    private readonly List<string> _faults = [];

    private MeshDirectoryReader(string path) => _path = path;

    /// <returns>The directory, or null and what is wrong.</returns>
    public static (MeshDirectory? Directory, IReadOnlyList<string> Faults) Read(string path)
    {
        var reader = new MeshDirectoryReader(path);
        var directory = reader.Read();
        return reader._faults.Count == 0 ? (directory, []) : (null, reader._faults);
    }

    private MeshDirectory? Read()
    {
        try
        {
            if (new FileInfo(_path) is { Exists: true, Length: > FileLimit })
            {
                Fault("", $"is over {FileLimit} bytes");
                return null;
            }

            using var json = JsonDocument.Parse(File.ReadAllBytes(_path), new JsonDocumentOptions { MaxDepth = 8 });
            return ReadDirectory(json.RootElement);
        }
        catch (Exception error) when (error is IOException or JsonException or UnauthorizedAccessException)
        {
            _faults.Add($"{_path}: {error.Message} `edgemesh up` writes a mesh.json for each site.");
            return null;
        }
    }

    private MeshDirectory? ReadDirectory(JsonElement root)
    {
        if (!IsObject(root, "", ["self", "sites"]))
        {
            return null;
        }

        var self = Text(root, "", "self", required: true);
        var sites = ImmutableArray.CreateBuilder<SiteEntry>();
        if (!root.TryGetProperty("sites", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            Fault("sites", "must be a list of at least one site");
        }
        else
        {
            sites.AddRange(list.EnumerateArray().Select((site, index) => ReadSite(site, $"sites[{index}]")).OfType<SiteEntry>());
        }

        foreach (var twice in sites.GroupBy(s => s.Name).Where(g => g.Count() > 1))
        {
            Fault("sites", $"lists '{twice.Key}' {twice.Count()} times");
        }

        if (self.Length > 0 && sites.Count > 0 && sites.All(s => s.Name != self))
        {
            Fault("self", $"is '{self}', which 'sites' does not list");
        }

        return new MeshDirectory(self, sites.ToImmutable());
    }

    private SiteEntry? ReadSite(JsonElement site, string at)
    {
        if (!IsObject(site, at, ["name", "organization", "meshUrl", "exchangeKey", "ledgerKey", "witnessKey", "callerKey", "isCore"]))
        {
            return null;
        }

        var name = Text(site, at, "name", required: true);
        if (name.Length > 0 && !SiteNames.IsName(name))
        {
            Fault($"{at}.name", $"is '{name}': a site's name has {SiteNames.Rule}");
        }

        var callerKey = Text(site, at, "callerKey", required: false);
        if (callerKey.Length > 0 && !callerKey.StartsWith("-----BEGIN PUBLIC KEY-----", StringComparison.Ordinal))
        {
            Fault($"{at}.callerKey", "must be a public key in PEM form");
        }

        return new SiteEntry(
            name,
            Text(site, at, "organization", required: true),
            MeshUrl(site, at),
            ExchangeKey(site, at),
            Text(site, at, "ledgerKey", required: false),
            callerKey,
            IsCore(site, at)) { WitnessKey = Text(site, at, "witnessKey", required: false) };
    }

    private Uri? MeshUrl(JsonElement site, string at)
    {
        var text = Text(site, at, "meshUrl", required: false);
        if (text.Length == 0)
        {
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps)
        {
            return url;
        }

        Fault($"{at}.meshUrl", $"is '{text}': give an https address, or null where there is no link");
        return null;
    }

    private byte[] ExchangeKey(JsonElement site, string at)
    {
        var text = Text(site, at, "exchangeKey", required: false);
        var key = new byte[text.Length];
        if (Convert.TryFromBase64String(text, key, out var length) && length is 0 or ExchangeKeyLength)
        {
            return key[..length];
        }

        Fault($"{at}.exchangeKey", $"must be {ExchangeKeyLength} bytes in base64");
        return [];
    }

    private bool IsCore(JsonElement site, string at)
    {
        if (!site.TryGetProperty("isCore", out var value) || value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.ValueKind == JsonValueKind.True;
        }

        Fault($"{at}.isCore", "must be true or false");
        return false;
    }

    private string Text(JsonElement owner, string at, string key, bool required)
    {
        var there = owner.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null;
        if (there && value.ValueKind == JsonValueKind.String && (!required || value.GetString() is { Length: > 0 }))
        {
            return value.GetString()!;
        }

        if (there || required)
        {
            Fault(at.Length == 0 ? key : $"{at}.{key}", there ? "must be a text" : "is missing");
        }

        return "";
    }

    private bool IsObject(JsonElement element, string at, string[] keys)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            Fault(at, "must be an object");
            return false;
        }

        foreach (var unknown in element.EnumerateObject().Where(p => !keys.Contains(p.Name)))
        {
            Fault(at.Length == 0 ? unknown.Name : $"{at}.{unknown.Name}", $"is not known here; known are {string.Join(", ", keys)}");
        }

        return true;
    }

    private void Fault(string key, string what) => _faults.Add($"{_path}: {(key.Length == 0 ? "the file" : $"'{key}'")} {what}.");
}
