using System.Text.Json;

namespace EdgeMesh.Sidecar.Components.SecretsLocalFile;

/// <summary>Secrets in a JSON file, read once. Nested objects and lists become <c>outer:inner</c>; with <c>multiValued</c> each object is
/// one secret with several values, and lists are left out, as in daprd.</summary>
internal sealed class LocalFileSecretStore : ISecretStore
{
    private const string DefaultSeparator = ":";

    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> _secrets = new(StringComparer.Ordinal);

    private LocalFileSecretStore() { }

    public static LocalFileSecretStore Open(ComponentSpec spec, ComponentContext context)
    {
        var path = Path.GetFullPath(spec["secretsFile"] ?? throw new ArgumentException("'secretsFile' is missing."), context.WorkingDirectory);
        var separator = spec["nestedSeparator"] is { Length: > 0 } given ? given : DefaultSeparator;
        var store = new LocalFileSecretStore();
        using var document = Parse(path);
        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (IsTrue(spec["multiValued"]))
            {
                store.AddMultiValued(property, separator);
            }
            else
            {
                store.AddFlat(property, separator);
            }
        }

        return store;
    }

    private static JsonDocument Parse(string path)
    {
        if (!File.Exists(path))
        {
            throw new ArgumentException($"There is no secrets file '{path}' (secretsFile; relative to the sidecar's working directory).");
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException error)
        {
            throw new ArgumentException($"'{path}' is not JSON: line {error.LineNumber + 1}.", error);
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        document.Dispose();
        throw new ArgumentException($"'{path}' must hold one JSON object.");
    }

    private static bool IsTrue(string? text) => text is "true" or "True" or "TRUE" or "1" or "t" or "yes" or "y" or "on";

    private void AddMultiValued(JsonProperty property, string separator)
    {
        switch (property.Value.ValueKind)
        {
            case JsonValueKind.Object:
                var values = new Dictionary<string, string>(StringComparer.Ordinal);
                Flatten(property.Value, "", separator, values);
                _secrets[property.Name] = values;
                break;
            case JsonValueKind.Array:
                break;
            default:
                _secrets[property.Name] = new Dictionary<string, string> { [property.Name] = Text(property.Value) };
                break;
        }
    }

    private void AddFlat(JsonProperty property, string separator)
    {
        var flat = new Dictionary<string, string>(StringComparer.Ordinal);
        Flatten(property.Value, property.Name, separator, flat);
        foreach (var (key, value) in flat)
        {
            _secrets[key] = new Dictionary<string, string> { [key] = value };
        }
    }

    private static void Flatten(JsonElement element, string name, string separator, Dictionary<string, string> into)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    Flatten(property.Value, name.Length == 0 ? property.Name : name + separator + property.Name, separator, into);
                }

                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in element.EnumerateArray())
                {
                    Flatten(item, $"{name}{separator}{index++}", separator, into);
                }

                break;
            default:
                into[name] = Text(element);
                break;
        }
    }

    /// <summary>Numbers and truth values as they are written (daprd makes formatting errors of them), null as nothing.</summary>
    private static string Text(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.Null => "",
        _ => element.GetRawText(),
    };

    public Task<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken cancellation) =>
        Task.FromResult(_secrets.GetValueOrDefault(name));

    public Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>>(_secrets);
}
