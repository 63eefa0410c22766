using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace EdgeMesh.Telemetry;

/// <summary>Reads <c>EdgeMesh:LogShipping</c>: <c>Url</c> (without it nothing is shipped and nothing spooled), <c>Stream</c>, <c>ApiKeyFile</c> or
/// <c>ApiKey</c>, <c>User</c> and <c>PasswordFile</c> or <c>Password</c>, <c>CaFile</c>, <c>BytesPerSecond</c>, <c>CreateTemplates</c>, <c>Folder</c>,
/// <c>Quota</c> (bytes).</summary>
internal static class LogShippingSettings
{
    public const string Section = "EdgeMesh:LogShipping";
    private const string StreamPrefix = "logs-edgemesh-";
    private static readonly SearchValues<char> IndexCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");

    public static bool IsOn(IConfiguration configuration) => configuration[$"{Section}:Url"] is { Length: > 0 };

    /// <summary>What is wrong, each with its key and what to do; nothing when shipping is off.</summary>
    public static IEnumerable<string> Faults(IConfiguration configuration)
    {
        var faults = new List<string>();
        if (IsOn(configuration))
        {
            Read(configuration.GetSection(Section), "spool", faults);
        }

        return faults;
    }

    /// <param name="configuration">The host's; without faults.</param>
    /// <param name="service">Names the spool's folder below the site's data when the settings do not.</param>
    public static LogShippingOptions Read(IConfiguration configuration, string service)
    {
        var folder = Path.Combine(configuration["EdgeMesh:DataDirectory"] is { Length: > 0 } data ? data : Path.Combine(AppContext.BaseDirectory, "data"), "log-spool", service);
        return Read(configuration.GetSection(Section), folder, []);
    }

    private static LogShippingOptions Read(IConfigurationSection section, string folder, List<string> faults)
    {
        if (!Uri.TryCreate(section["Url"], UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            faults.Add($"{Section}:Url is '{section["Url"]}': give the address of Elasticsearch or OpenSearch, such as https://logs.example:9200.");
        }

        var options = new LogShippingOptions
        {
            Url = url ?? new Uri("http://127.0.0.1:9200"),
            Spool = new LogSpoolOptions
            {
                Folder = section["Folder"] is { Length: > 0 } given ? given : folder,
                Quota = Number(section, "Quota", "bytes", faults) ?? 256 * 1024 * 1024,
            },
            Stream = section["Stream"] is { Length: > 0 } stream ? stream : StreamPrefix + "default",
            ApiKey = Secret(section, "ApiKey", faults),
            User = section["User"] is { Length: > 0 } user ? user : null,
            Password = Secret(section, "Password", faults),
            CaFile = ReadableFile(section, "CaFile", faults),
            BytesPerSecond = Number(section, "BytesPerSecond", "bytes a second", faults),
            CreateTemplates = Switch(section, "CreateTemplates", faults),
        };
        faults.AddRange(options.Spool.Faults().Select(f => $"{Section}:{f}"));
        if (!options.Stream.StartsWith(StreamPrefix, StringComparison.Ordinal) || options.Stream.AsSpan().ContainsAnyExcept(IndexCharacters))
        {
            faults.Add($"{Section}:Stream is '{options.Stream}': give a name that begins with {StreamPrefix}, in lower case letters, digits, '-', '_' and '.'.");
        }

        if (options.User is null != options.Password is null || (options.ApiKey is not null && options.User is not null))
        {
            faults.Add($"{Section}: give either ApiKeyFile (or ApiKey), or User and PasswordFile (or Password), or none of them.");
        }

        return options;
    }

    private static long? Number(IConfigurationSection section, string key, string unit, List<string> faults)
    {
        if (section[key] is not { Length: > 0 } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0)
        {
            return value;
        }

        faults.Add($"{Section}:{key} is '{text}': give a whole number of {unit} above 0.");
        return null;
    }

    private static bool Switch(IConfigurationSection section, string key, List<string> faults)
    {
        if (section[key] is not { Length: > 0 } text || bool.TryParse(text, out var value) && value)
        {
            return true;
        }

        if (!bool.TryParse(text, out _))
        {
            faults.Add($"{Section}:{key} is '{text}': give true or false.");
        }

        return false;
    }

    private static string? Secret(IConfigurationSection section, string key, List<string> faults)
    {
        if (section[key] is { Length: > 0 } value)
        {
            return value;
        }

        return ReadableFile(section, key + "File", faults) is { } path ? File.ReadAllText(path).Trim() : null;
    }

    private static string? ReadableFile(IConfigurationSection section, string key, List<string> faults)
    {
        if (section[key] is not { Length: > 0 } path)
        {
            return null;
        }

        try
        {
            using var file = File.OpenRead(path);
            return path;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            faults.Add($"{Section}:{key} is '{path}': {error.Message} Name a file that the service may read.");
            return null;
        }
    }
}
