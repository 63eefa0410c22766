using Microsoft.Extensions.Configuration;

namespace EdgeMesh.Hosting;

/// <summary>What every service reads at start. All faults are told at once, each with its key.</summary>
internal sealed record EdgeMeshSettings(SiteIdentity Identity, string? DirectoryPath, string? AppToken)
{
    public static EdgeMeshSettings Read(IConfiguration configuration, string service)
    {
        var faults = new List<string>();
        var site = configuration["EdgeMesh:Site"];
        if (!IsName(site))
        {
            faults.Add($"EdgeMesh:Site is {(string.IsNullOrEmpty(site) ? "missing" : $"'{site}'")}: give the site's name (1 to 40 lower-case letters, digits and hyphens), as environment variable EdgeMesh__Site or in appsettings.json.");
        }

        if (!IsName(service))
        {
            faults.Add($"AddEdgeMesh(\"{service}\"): a service's name has 1 to 40 lower-case letters, digits and hyphens.");
        }

        var data = configuration["EdgeMesh:DataDirectory"] ?? Path.Combine(AppContext.BaseDirectory, "data", site ?? "");
        var directory = configuration["EdgeMesh:Directory"];
        if (directory is not null && !File.Exists(directory))
        {
            faults.Add($"EdgeMesh:Directory names '{directory}', which does not exist: `edgemesh up` writes it.");
        }

        if (faults.Count > 0)
        {
            throw new InvalidOperationException("The service can't start:" + string.Concat(faults.Select(f => Environment.NewLine + "  - " + f)));
        }

        return new EdgeMeshSettings(new SiteIdentity(site!, service, data), directory, configuration["APP_API_TOKEN"]);
    }

    private static bool IsName(string? name) =>
        name is { Length: >= 1 and <= 40 } && name.All(c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '-');
}
