using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Sidecar.Resources;

/// <summary>Reads YAML nodes and remembers what was wrong with them: unknown and missing keys, each with file and line.</summary>
internal sealed class YamlReader(string file, List<string> faults)
{
    /// <summary>The documents of a file; none when it can't be read, which is a fault.</summary>
    /// <param name="file">The file.</param>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="environment">What <c>$NAME</c> and <c>${NAME}</c> stand for in the file; null: for themselves.</param>
    public static IReadOnlyList<YamlNode> Documents(string file, List<string> faults, IReadOnlyDictionary<string, string>? environment = null)
    {
        var stream = new YamlStream();
        try
        {
            if (new FileInfo(file).Length > YamlBounds.Size)
            {
                faults.Add($"{file}: is larger than {YamlBounds.Size} bytes, and no file of resources is.");
                return [];
            }

            var text = environment is null ? File.ReadAllText(file) : EnvironmentVariables.Expand(File.ReadAllText(file), environment);
            YamlBounds.Check(text);
            stream.Load(new StringReader(text));
            return [.. stream.Documents.Select(d => d.RootNode)];
        }
        catch (YamlException error)
        {
            faults.Add($"{file}:{error.Start.Line}: not YAML: {error.Message}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            faults.Add($"{file}: can't be read: {error.Message}");
        }

        return [];
    }

    public string At(YamlNode node) => string.Create(CultureInfo.InvariantCulture, $"{file}:{node.Start.Line}");

    public void Fault(YamlNode node, string message) => faults.Add($"{At(node)}: {message}");

    public YamlMappingNode? Mapping(YamlMappingNode parent, string key, bool required = false)
    {
        if (Find(parent, key) is not { } node)
        {
            if (required)
            {
                Fault(parent, $"'{key}' is missing.");
            }

            return null;
        }

        if (node is YamlMappingNode mapping)
        {
            return mapping;
        }

        Fault(node, $"'{key}' must be a mapping.");
        return null;
    }

    public IReadOnlyList<YamlNode> Sequence(YamlMappingNode parent, string key)
    {
        switch (Find(parent, key))
        {
            case null:
            case YamlScalarNode { Value: null or "" }:
                return [];
            case YamlSequenceNode sequence:
                return [.. sequence.Children];
            case var other:
                Fault(other, $"'{key}' must be a list.");
                return [];
        }
    }

    public string? Text(YamlMappingNode parent, string key, bool required = false)
    {
        switch (Find(parent, key))
        {
            case null when required:
                Fault(parent, $"'{key}' is missing.");
                return null;
            case null:
                return null;
            case YamlScalarNode scalar:
                return scalar.Value;
            case var other:
                Fault(other, $"'{key}' must be a single value.");
                return null;
        }
    }

    public void OnlyKeys(YamlMappingNode node, params ReadOnlySpan<string> known)
    {
        foreach (var (key, _) in node.Children)
        {
            if (key is YamlScalarNode { Value: { } name } && !known.Contains(name))
            {
                Fault(key, $"'{name}' is not known here. Known: {string.Join(", ", known.ToArray())}.");
            }
        }
    }

    public static YamlNode? Find(YamlMappingNode parent, string key) =>
        parent.Children.TryGetValue(new YamlScalarNode(key), out var node) ? node : null;
}
