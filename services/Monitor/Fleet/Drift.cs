using System.Collections.Immutable;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>Where a site is not what the core is. What either side does not have at all is no drift: sites run different services.</summary>
internal static class Drift
{
    public static ImmutableArray<string> OfVersions(SiteReport? site, SiteReport? core)
    {
        if (site is null || core is null)
        {
            return [];
        }

        return [.. from service in site.Services
                   from other in core.Services
                   where service.Name == other.Name && service.Version.Length > 0 && other.Version.Length > 0 && service.Version != other.Version
                   select $"{service.Name} {service.Version}, core {other.Version}"];
    }

    public static ImmutableArray<string> OfConfiguration(SiteReport? site, SiteReport? core) => site is null || core is null
        ? []
        : [.. site.Configuration.Where(part => core.Configuration.TryGetValue(part.Key, out var other) && other != part.Value).Select(part => part.Key)];
}
