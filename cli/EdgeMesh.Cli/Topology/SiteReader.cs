using System.Collections.Immutable;
using EdgeMesh.Hosting;

namespace EdgeMesh.Cli.Topology;

/// <summary>The sites and links of the extension <c>edgemesh</c>.</summary>
internal static class SiteReader
{
    public static ImmutableArray<SiteDefinition> Read(YamlMap extension, ImmutableArray<ServiceDefinition> services)
    {
        var sites = ImmutableArray.CreateBuilder<SiteDefinition>();
        foreach (var item in extension.Maps("sites"))
        {
            var name = item.Text("name", $"Name the site: it has {SiteNames.Rule}.");
            if (name.Length > 0 && !SiteNames.IsName(name))
            {
                item.Fault("name", $"'{name}' is not a site's name", $"A site's name has {SiteNames.Rule}.");
            }
            else if (name.Length > 0 && sites.Any(s => s.Name == name))
            {
                item.Fault("name", $"there are two sites '{name}'", "Give each site a name of its own.");
            }

            var role = item.OptionalText("role") ?? "edge";
            if (role is not ("core" or "edge"))
            {
                item.Fault("role", $"'{role}' is not a role of a site", "Use core (mirrors the others) or edge.");
            }

            sites.Add(new(
                name,
                item.Text("organization", "Give the identifier of the site's organisation: consents name it."),
                role == "core",
                item.Number("portOffset", 0, PortPlan.Limit - 1) ?? 0,
                ReadServiceNames(item, services),
                item.Pairs("labels").ToImmutableSortedDictionary(StringComparer.Ordinal)));
            item.Done();
        }

        if (sites.Count == 0)
        {
            extension.Fault("sites", "there is none", "List the sites, each with name, organization, services.");
        }

        return sites.ToImmutable();
    }

    public static ImmutableArray<LinkDefinition> ReadLinks(YamlMap extension, ImmutableArray<SiteDefinition> sites)
    {
        var links = ImmutableArray.CreateBuilder<LinkDefinition>();
        foreach (var item in extension.Maps("links"))
        {
            var ends = item.Texts("between");
            item.Done();
            if (ends is not [var a, var b] || a == b)
            {
                item.Fault("between", "a link joins two different sites", "Write `between: [core, clinic-a]`.");
                continue;
            }

            foreach (var end in ends.Where(end => sites.All(s => s.Name != end)))
            {
                item.Fault("between", $"there is no site '{end}'", $"Sites: {string.Join(", ", sites.Select(s => s.Name))}.");
            }

            if (links.Any(l => l.Joins(a, b)))
            {
                item.Fault("between", $"{a} and {b} are linked twice", "Keep one.");
            }

            links.Add(new(a, b));
        }

        return links.ToImmutable();
    }

    private static ImmutableArray<string> ReadServiceNames(YamlMap site, ImmutableArray<ServiceDefinition> services)
    {
        var names = site.Texts("services");
        foreach (var name in names.Where(n => services.All(s => s.Name != n)))
        {
            site.Fault("services", $"there is no service '{name}'", $"Services: {string.Join(", ", services.Select(s => s.Name))}.");
        }

        foreach (var twice in names.GroupBy(n => n).Where(g => g.Count() > 1))
        {
            site.Fault("services", $"'{twice.Key}' is listed twice", "Keep one.");
        }

        if (!names.Contains("gateway"))
        {
            site.Fault("services", "there is no gateway", "Add `gateway`: it is a site's only door.");
        }

        return [.. names.Distinct()];
    }
}
