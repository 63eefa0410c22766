using System.Globalization;
using EdgeMesh.Telemetry;
using Microsoft.Extensions.Configuration;

namespace EdgeMesh.Hosting;

/// <summary>Reads and checks the settings of a service. All faults are told at once, each with its key and what to do.</summary>
internal sealed class SettingsReader(IConfiguration configuration)
{
    private const double LongestStop = 300;

    private readonly List<string> _faults = [];

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public static EdgeMeshSettings Read(IConfiguration configuration, string service) => new SettingsReader(configuration).Read(service);

    private EdgeMeshSettings Read(string service)
    {
        var site = Site();
        if (!SiteNames.IsName(service))
        {
            _faults.Add($"AddEdgeMesh(\"{service}\"): a service's name has {SiteNames.Rule}.");
        }

        var settings = new EdgeMeshSettings
        {
            Identity = new SiteIdentity(site, service, DataDirectory(site)),
            Directory = Directory(site),
            Sidecar = SidecarEndpoints.Read(configuration, _faults),
            AppToken = configuration["APP_API_TOKEN"] is { Length: > 0 } token ? token : null,
            BodyLimit = (long)Number("EdgeMesh:BodyLimit", EdgeMeshSettings.DefaultBodyLimit, 1, long.MaxValue, "bytes"),
            StopLimit = TimeSpan.FromSeconds(Number("EdgeMesh:StopSeconds", EdgeMeshSettings.DefaultStopLimit.TotalSeconds, 0, LongestStop, "seconds")),
        };
        _faults.AddRange(TelemetrySettings.Faults(configuration));
        if (_faults.Count > 0)
        {
            throw new InvalidOperationException("The service can't start:" + string.Concat(_faults.Select(f => Environment.NewLine + "  - " + f)));
        }

        return settings;
    }

    private string Site()
    {
        var site = configuration["EdgeMesh:Site"];
        if (!SiteNames.IsName(site))
        {
            _faults.Add($"EdgeMesh:Site is {(string.IsNullOrEmpty(site) ? "missing" : $"'{site}'")}: give the site's name ({SiteNames.Rule}), as environment variable EdgeMesh__Site or in appsettings.json.");
        }

        return site ?? "";
    }

    private string DataDirectory(string site)
    {
        var path = configuration["EdgeMesh:DataDirectory"] is { Length: > 0 } given ? given : Path.Combine(AppContext.BaseDirectory, "data", site);
        try
        {
            return System.IO.Directory.CreateDirectory(path).FullName;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            _faults.Add($"EdgeMesh:DataDirectory: {error.Message} Name a folder that the service may write.");
            return path;
        }
    }

    private MeshDirectory Directory(string site)
    {
        // Without a directory the service knows no other site: enough for tests and for a first hour.
        var alone = new MeshDirectory(site, [new SiteEntry(site, site, null, default, "", "", true)]);
        if (configuration["EdgeMesh:Directory"] is not { Length: > 0 } path)
        {
            return alone;
        }

        var (directory, faults) = MeshDirectoryReader.Read(path);
        _faults.AddRange(faults.Select(f => "EdgeMesh:Directory: " + f));
        if (directory is not null && directory.Self != site)
        {
            _faults.Add($"EdgeMesh:Directory: {path} is of site '{directory.Self}', and EdgeMesh:Site is '{site}'. Each site has its own.");
        }

        return directory ?? alone;
    }

    private double Number(string key, double fallback, double least, double most, string unit)
    {
        if (configuration[key] is not { Length: > 0 } text)
        {
            return fallback;
        }

        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
        {
            return value;
        }

        _faults.Add($"{key} is '{text}': give a number of {unit} from {least.ToString(CultureInfo.InvariantCulture)} to {most.ToString(CultureInfo.InvariantCulture)}; {fallback.ToString(CultureInfo.InvariantCulture)} when left out.");
        return fallback;
    }
}
