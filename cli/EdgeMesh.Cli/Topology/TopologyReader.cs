using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Cli.Topology;

/// <summary>Reads <c>tye.yaml</c> strictly and lists everything that is wrong at once.</summary>
internal static class TopologyReader
{
    private const int LargestFile = 1 << 20;

    public static TopologyResult Read(string path)
    {
        var file = Path.GetFileName(path);
        var faults = new List<TopologyFault>();
        if (Load(path, file, faults) is not { } root)
        {
            return new(null, [.. faults]);
        }

        var map = new YamlMap(file, string.Empty, root, faults);
        var name = map.Text("name", "Name the mesh, such as `name: edgemesh`.");
        var services = ReadServices(map);
        var extension = ReadExtensions(map);
        map.Done();
        if (extension is null)
        {
            map.Fault("extensions", "there is no extension `edgemesh`", "Add `- name: edgemesh` with `sites:` below `extensions:`.");
            return new(null, [.. faults]);
        }

        var sites = SiteReader.Read(extension, services);
        var links = SiteReader.ReadLinks(extension, sites);
        var relayPort = extension.Number("relayPort", 1024, PortPlan.Limit - 1);
        if (relayPort is null && links.Length > 0)
        {
            extension.Fault("relayPort", "is missing, and there are links", "Give the first site's first relay port, such as `relayPort: 7180`.");
        }

        extension.Done();
        var topology = new MeshTopology
        {
            File = Path.GetFullPath(path), Name = name, Services = services, Sites = sites, Links = links, RelayPort = relayPort ?? 0,
        };

        // Port arithmetic on a file with holes would only report the holes a second time.
        if (faults.Count == 0)
        {
            PortFaults.Find(topology, extension);
        }

        return faults.Count == 0 ? new(topology, []) : new(null, [.. faults.OrderBy(f => f.Line)]);
    }

    private static YamlMappingNode? Load(string path, string file, List<TopologyFault> faults)
    {
        if (!File.Exists(path))
        {
            faults.Add(new(path, 0, "file", "there is no such file",
                "Run edgemesh in the repository, or name the file with --topology."));
            return null;
        }

        if (new FileInfo(path).Length > LargestFile)
        {
            faults.Add(new(file, 0, "file", "is larger than 1 MiB", "A topology is a page of YAML; is this the right file?"));
            return null;
        }

        try
        {
            using var reader = File.OpenText(path);
            var stream = new YamlStream();
            stream.Load(reader);
            if (stream.Documents is [{ RootNode: YamlMappingNode root }])
            {
                return root;
            }

            faults.Add(new(file, 1, "file", "must hold one YAML mapping", "Begin with `name:`, `services:`, `extensions:`."));
        }
        catch (YamlException e)
        {
            faults.Add(new(file, (int)e.Start.Line, "YAML", e.Message.TrimEnd('.'), "Mend the YAML at this line."));
        }

        return null;
    }

    private static ImmutableArray<ServiceDefinition> ReadServices(YamlMap map)
    {
        var services = ImmutableArray.CreateBuilder<ServiceDefinition>();
        foreach (var item in map.Maps("services"))
        {
            var name = item.Text("name", "Name the service; it is its Dapr app id.");
            var project = item.Text("project", "Give the path of the service's .csproj.");
            if (name.Length > 0 && services.Any(s => s.Name == name))
            {
                item.Fault("name", $"there are two services '{name}'", "Give each service a name of its own.");
            }

            var bindings = ReadBindings(item);
            var environment = item.Maps("env").Select(ReadVariable).ToImmutableArray();
            item.Done();
            services.Add(new(name, project, bindings, environment));
        }

        if (services.Count == 0)
        {
            map.Fault("services", "there is none", "List the services, each with name, project and bindings.");
        }

        return services.ToImmutable();
    }

    private static ImmutableArray<BindingDefinition> ReadBindings(YamlMap service)
    {
        var bindings = ImmutableArray.CreateBuilder<BindingDefinition>();
        foreach (var item in service.Maps("bindings"))
        {
            var name = item.OptionalText("name") ?? PortPlan.AppBinding;
            var protocol = item.OptionalText("protocol") ?? "http";
            if (protocol is not ("http" or "https"))
            {
                item.Fault("protocol", $"'{protocol}' is not served", "Use http or https.");
            }

            var port = item.Number("port", 1024, PortPlan.Limit - 1);
            if (port is null && item.OptionalText("port") is null)
            {
                item.Fault("port", "is missing", "Give the first site's port; others shift it by their portOffset.");
            }

            if (bindings.Any(b => b.Name == name))
            {
                item.Fault("name", $"there are two bindings '{name}'", "Give each binding of a service a name of its own.");
            }

            item.Done();
            bindings.Add(new(name, protocol, port ?? 0));
        }

        if (bindings.All(b => b.Name != PortPlan.AppBinding))
        {
            service.Fault("bindings", "there is no binding `http`", "Add `- name: http` with a port: the sidecar reaches the service there.");
        }

        return bindings.ToImmutable();
    }

    private static KeyValuePair<string, string> ReadVariable(YamlMap item)
    {
        var name = item.Text("name", "Name the setting, such as `EdgeMesh__Gateway__BodyLimit`.");
        var value = item.Text("value", "Give the setting's value.");
        item.Done();
        return new(name, value);
    }

    private static YamlMap? ReadExtensions(YamlMap map)
    {
        YamlMap? edgemesh = null;
        foreach (var item in map.Maps("extensions"))
        {
            switch (item.Text("name", "Name the extension: dapr or edgemesh."))
            {
                case "edgemesh" when edgemesh is null:
                    edgemesh = item;
                    break;
                case "edgemesh":
                    item.Fault("name", "there are two extensions `edgemesh`", "Keep one.");
                    break;
                case "dapr":
                    item.Done();
                    break;
                case { Length: > 0 } other:
                    item.Fault("name", $"the extension '{other}' is not known", "Known: dapr, edgemesh.");
                    break;
            }
        }

        return edgemesh;
    }
}
