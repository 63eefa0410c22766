using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using EdgeMesh.Sidecar.BuildingBlocks.Secrets;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Tracing;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Sidecar.Resources;

/// <summary>Reads daprd's <c>--config</c> files. What is not served is refused by name.</summary>
internal sealed class ConfigurationReader(string site, bool hasMutualTls)
{
    private RuntimeConfiguration _configuration = RuntimeConfiguration.None;

    public static RuntimeConfiguration Read(SidecarOptions options, IReadOnlyDictionary<string, string> environment, List<string> faults)
    {
        var reader = new ConfigurationReader(options.Namespace, options.MutualTls is not null);
        foreach (var path in options.ConfigurationPaths)
        {
            foreach (var root in YamlReader.Documents(path, faults, environment).OfType<YamlMappingNode>())
            {
                reader.Read(new YamlReader(path, faults), root);
            }
        }

        return reader._configuration;
    }

    private void Read(YamlReader yaml, YamlMappingNode root)
    {
        if (yaml.Text(root, "kind", required: true) is { } kind and not "Configuration")
        {
            yaml.Fault(root, $"--config takes a Configuration, and this is a {kind}.");
            return;
        }

        foreach (var (key, value) in yaml.Mapping(root, "spec")?.Children.ToArray() ?? [])
        {
            if (!ReadSection(yaml, key.ToString(), value))
            {
                yaml.Fault(key, $"'{key}' is not served by the embedded engine. Take it out, or run daprd.");
            }
        }
    }

    /// <returns>False: no section of that name is served.</returns>
    private bool ReadSection(YamlReader yaml, string name, YamlNode node)
    {
        switch (name, node)
        {
            case ("accessControl", YamlMappingNode section):
                _configuration = _configuration with { AccessControl = ReadAccessControl(yaml, section) };
                return true;
            case ("api", YamlMappingNode section):
                yaml.OnlyKeys(section, "allowed", "denied");
                _configuration = _configuration with { Api = new ApiAccess(ReadApis(yaml, section, "allowed"), ReadApis(yaml, section, "denied")) };
                return true;
            case ("secrets", YamlMappingNode section):
                yaml.OnlyKeys(section, "scopes");
                _configuration = _configuration with { SecretScopes = ReadSecretScopes(yaml, section) };
                return true;
            case ("features", YamlSequenceNode section):
                var on = section.OfType<YamlMappingNode>().Where(f => yaml.Text(f, "enabled") == "true").Select(f => yaml.Text(f, "name", required: true));
                _configuration = _configuration with { Features = [.. on.OfType<string>()] };
                return true;
            case ("tracing", YamlMappingNode section):
                _configuration = _configuration with { Tracing = TracingReader.Read(yaml, section) };
                return true;
            case ("metric" or "metrics", YamlMappingNode section):
                _configuration = _configuration with { Metrics = MetricsReader.Read(yaml, section) };
                return true;
            case ("logging", YamlMappingNode section):
                _configuration = _configuration with { ApiLogging = ReadApiLogging(yaml, section) };
                return true;
            case ("nameResolution", YamlMappingNode section):
                _configuration = _configuration with { NameResolution = ReadNameResolution(yaml, section) };
                return true;
            case ("httpPipeline", YamlMappingNode section):
                _configuration = _configuration with { HttpPipeline = ReadPipeline(yaml, section) };
                return true;
            case ("appHttpPipeline", YamlMappingNode section):
                _configuration = _configuration with { AppHttpPipeline = ReadPipeline(yaml, section) };
                return true;
            case ("mtls", YamlMappingNode section):
                // It is for sentry, which may share the file. Whoever asks for TLS here alone must not believe that there is any.
                if (!hasMutualTls && yaml.Text(section, "enabled") == "true")
                {
                    yaml.Fault(section, "'mtls.enabled' alone switches nothing on, as with daprd: add --enable-mtls, or take it out.");
                }

                return true;
            default:
                return false;
        }
    }

    private static ApiLogging ReadApiLogging(YamlReader yaml, YamlMappingNode section)
    {
        yaml.OnlyKeys(section, "apiLogging");
        if (yaml.Mapping(section, "apiLogging") is not { } setting)
        {
            return ApiLogging.None;
        }

        yaml.OnlyKeys(setting, "enabled", "obfuscateURLs", "omitHealthChecks");
        return new ApiLogging(yaml.Text(setting, "enabled") == "true", yaml.Text(setting, "obfuscateURLs") == "true", yaml.Text(setting, "omitHealthChecks") == "true");
    }

    private AccessControl ReadAccessControl(YamlReader yaml, YamlMappingNode section)
    {
        yaml.OnlyKeys(section, "defaultAction", "trustDomain", "policies");
        var policies = yaml.Sequence(section, "policies").OfType<YamlMappingNode>().ToArray();

        // Whoever says something about some callers, and nothing about the others, is taken to refuse those.
        var allowsByDefault = Allows(yaml, section, "defaultAction", otherwise: policies.Length == 0);
        return new AccessControl(
            yaml.Text(section, "trustDomain") is { Length: > 0 } domain ? domain : CallerIdentity.DefaultTrustDomain,
            allowsByDefault,
            [.. policies.Select(p => ReadPolicy(yaml, p, allowsByDefault))]);
    }

    private AccessPolicy ReadPolicy(YamlReader yaml, YamlMappingNode policy, bool allowsByDefault)
    {
        yaml.OnlyKeys(policy, "appId", "defaultAction", "trustDomain", "namespace", "operations");
        var operations = yaml.Sequence(policy, "operations").OfType<YamlMappingNode>().Select(operation =>
        {
            yaml.OnlyKeys(operation, "name", "httpVerb", "action");
            var verbs = yaml.Sequence(operation, "httpVerb").Select(v => v.ToString().ToUpperInvariant()).ToArray();
            return new AccessOperation(
                AccessControl.Segments(yaml.Text(operation, "name", required: true) ?? ""), verbs, Allows(yaml, operation, "action", otherwise: false));
        });
        return new AccessPolicy(
            yaml.Text(policy, "appId", required: true) ?? "",
            yaml.Text(policy, "namespace") is { Length: > 0 } space ? space : site,
            yaml.Text(policy, "trustDomain") is { Length: > 0 } domain ? domain : CallerIdentity.DefaultTrustDomain,
            Allows(yaml, policy, "defaultAction", otherwise: allowsByDefault),
            new OperationTree(operations));
    }

    private static bool Allows(YamlReader yaml, YamlMappingNode node, string key, bool otherwise)
    {
        switch (yaml.Text(node, key)?.ToLowerInvariant())
        {
            case null or "":
                return otherwise;
            case "allow":
                return true;
            case "deny":
                return false;
            case var other:
                yaml.Fault(node, $"'{key}' must be allow or deny, and is '{other}'.");
                return false;
        }
    }

    private static ApiRule[] ReadApis(YamlReader yaml, YamlMappingNode section, string key) =>
        [.. yaml.Sequence(section, key).OfType<YamlMappingNode>().Select(rule =>
        {
            yaml.OnlyKeys(rule, "name", "version", "protocol");
            var protocol = yaml.Text(rule, "protocol");
            if (protocol is not (null or "" or "http" or "grpc"))
            {
                yaml.Fault(rule, $"'protocol' must be http or grpc, and is '{protocol}'.");
            }

            return new ApiRule(yaml.Text(rule, "name", required: true) ?? "", yaml.Text(rule, "version", required: true) ?? "", protocol is { Length: > 0 } ? protocol : null);
        })];

    private static PipelineHandler[] ReadPipeline(YamlReader yaml, YamlMappingNode section) =>
        [.. yaml.Sequence(section, "handlers").OfType<YamlMappingNode>().Select(handler =>
        {
            yaml.OnlyKeys(handler, "name", "type");
            return new PipelineHandler(yaml.Text(handler, "name", required: true) ?? "", yaml.Text(handler, "type", required: true) ?? "", yaml.At(handler));
        })];

    private static Dictionary<string, SecretScope> ReadSecretScopes(YamlReader yaml, YamlMappingNode section)
    {
        var scopes = new Dictionary<string, SecretScope>(StringComparer.Ordinal);
        foreach (var scope in yaml.Sequence(section, "scopes").OfType<YamlMappingNode>())
        {
            yaml.OnlyKeys(scope, "storeName", "defaultAccess", "allowedSecrets", "deniedSecrets");
            scopes[yaml.Text(scope, "storeName", required: true) ?? ""] = new SecretScope(
                !Allows(yaml, scope, "defaultAccess", otherwise: true), Names(yaml, scope, "allowedSecrets"), Names(yaml, scope, "deniedSecrets"));
        }

        return scopes;
    }

    private static HashSet<string> Names(YamlReader yaml, YamlMappingNode node, string key) =>
        yaml.Sequence(node, key).Select(n => n.ToString()).ToHashSet(StringComparer.Ordinal);

    /// <summary>Of daprd's resolvers the one that shares a file; mdns, daprd's default, needs multicast and finds strangers.</summary>
    private static NameResolutionSetting? ReadNameResolution(YamlReader yaml, YamlMappingNode section)
    {
        yaml.OnlyKeys(section, "component", "version", "configuration");
        if (yaml.Text(section, "component", required: true) is not { } component)
        {
            return null;
        }

        if (component is not ("sqlite" or "nameresolution.sqlite"))
        {
            yaml.Fault(section, $"the name resolution '{component}' is not served by the embedded engine. It has sqlite, which real daprds can share.");
            return null;
        }

        if (yaml.Mapping(section, "configuration", required: true) is not { } settings)
        {
            return null;
        }

        yaml.OnlyKeys(settings, "connectionString", "tableName", "metadataTableName", "updateInterval", "cleanupInterval", "timeout");
        var interval = TimeSpan.FromSeconds(5);
        if (yaml.Text(settings, "updateInterval") is { Length: > 0 } text && (!GoDuration.TryParse(text, out interval) || interval < TimeSpan.FromSeconds(1)))
        {
            yaml.Fault(settings, $"'updateInterval' must be a duration of 1s or more, and is '{text}'.");
        }

        return new NameResolutionSetting(yaml.Text(settings, "connectionString", required: true) ?? "", interval)
        {
            TableName = yaml.Text(settings, "tableName") is { Length: > 0 } table ? table : "hosts",
            MetadataTableName = yaml.Text(settings, "metadataTableName") is { Length: > 0 } versions ? versions : "metadata",
            Source = yaml.At(settings),
        };
    }
}
