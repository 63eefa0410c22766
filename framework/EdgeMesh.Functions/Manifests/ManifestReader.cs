using EdgeMesh.Functions.Manifests;
using NJsonSchema;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Functions;

/// <summary>Reads <c>function.yaml</c>: the published schema decides what may be there, then what a schema can't say is checked.</summary>
public static class ManifestReader
{
    private const int MaxLength = 256 * 1024;

    private static readonly Lazy<Task<JsonSchema>> Compiled = new(() => JsonSchema.FromJsonAsync(ReadSchema()));

    /// <summary>The JSON schema (draft 4), for editors.</summary>
    public static string Schema { get; } = ReadSchema();

    /// <summary>Reads a manifest; every fault names its line and key.</summary>
    public static async Task<ManifestResult> ReadAsync(string file, string yaml)
    {
        if (yaml.Length > MaxLength)
        {
            return Failed(new ManifestFault(file, 1, "", $"it has {yaml.Length} characters; {MaxLength} is the most"));
        }

        ManifestDocument document;
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            if (stream.Documents is not [{ RootNode: YamlMappingNode root }])
            {
                return Failed(new ManifestFault(file, 1, "", "it must be one mapping of keys such as name, version, module, triggers"));
            }

            document = new ManifestDocument(file, root);
        }
        catch (YamlException error)
        {
            return Failed(new ManifestFault(file, (int)error.Start.Line, "", $"it is not YAML as a manifest needs it: {error.Message}"));
        }

        var faults = document.Validate(await Compiled.Value);
        if (faults.Count > 0)
        {
            return new ManifestResult(null, faults);
        }

        var manifest = document.Read();
        faults = [.. ManifestRules.Faults(manifest, document)];
        return new ManifestResult(faults.Count == 0 ? manifest : null, faults);
    }

    private static ManifestResult Failed(ManifestFault fault) => new(null, [fault]);

    private static string ReadSchema()
    {
        using var stream = typeof(ManifestReader).Assembly.GetManifestResourceStream("function.schema.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
