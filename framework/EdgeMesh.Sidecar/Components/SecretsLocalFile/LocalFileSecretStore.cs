using System.Text.Json;

namespace EdgeMesh.Sidecar.Components.SecretsLocalFile;

/// <summary>Secrets in a JSON file. Nested objects become <c>outer:inner</c>, or stay together with <c>multiValued</c>.</summary>
internal sealed class LocalFileSecretStore : ISecretStore
{
    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> _secrets = new(StringComparer.Ordinal);

    private LocalFileSecretStore() { }

    public static LocalFileSecretStore Open(ComponentSpec spec, ComponentContext context)
    {
        var path = Path.GetFullPath(spec["secretsFile"] ?? throw new ArgumentException("'secretsFile' is missing."), context.WorkingDirectory);
        var multiValued = spec["multiValued"] == "true";
        var store = new LocalFileSecretStore();
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (multiValued && property.Value.ValueKind == JsonValueKind.Object)
            {
                var values = new Dictionary<string, string>(StringComparer.Ordinal);
                Flatten(property.Value, "", ":", values);
                store._secrets[property.Name] = values;
                continue;
            }

            var flat = new Dictionary<string, string>(StringComparer.Ordinal);
            Flatten(property.Value, property.Name, spec["nestedSeparator"] ?? ":", flat);
            foreach (var (key, value) in flat)
            {
                store._secrets[key] = new Dictionary<string, string> { [key] = value };
            }
        }

        return store;
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
                into[name] = element.ToString();
                break;
        }
    }

    public Task<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken cancellation) =>
        Task.FromResult(_secrets.GetValueOrDefault(name));

    public Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>>(_secrets);
}
