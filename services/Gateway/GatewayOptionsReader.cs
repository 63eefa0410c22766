using System.Globalization;
using System.Net;

namespace EdgeMesh.Services.Gateway;

/// <summary>Reads and checks the gateway's settings. All faults are told at once, each with its key and what to do.</summary>
internal sealed class GatewayOptionsReader(IConfiguration configuration)
{
    private const string Prefix = "EdgeMesh:Gateway:";
    private const long MiB = 1024 * 1024;

    private readonly List<string> _faults = [];

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public static GatewayOptions Read(IConfiguration configuration) => new GatewayOptionsReader(configuration).Read();

    private GatewayOptions Read()
    {
        var usual = new GatewayOptions { AppEndpoints = [] };
        var options = new GatewayOptions
        {
            AppEndpoints = AppEndpoints(),
            Address = Address(usual.Address),
            PublicPort = (int?)Number("PublicPort", 0, IPEndPoint.MaxPort),
            MeshPort = (int?)Number("MeshPort", 0, IPEndPoint.MaxPort),
            Issuer = Text("Issuer") ?? usual.Issuer,
            Audience = Text("Audience") ?? PublicUrl() ?? "",
            ConsoleUrl = ConsoleUrl(),
            BodyLimit = Number("BodyLimit", 1, 1024 * MiB) ?? usual.BodyLimit,
            BufferLimit = Number("BufferLimit", 1, 64 * 1024 * MiB) ?? usual.BufferLimit,
            Concurrency = (int)(Number("Concurrency", 1, 100_000) ?? usual.Concurrency),
            PingDelay = Seconds("PingSeconds", usual.PingDelay),
            RequestLimit = Seconds("RequestSeconds", usual.RequestLimit),
            FeedLimit = Seconds("FeedSeconds", usual.FeedLimit),
        };
        if (options is { PublicPort: not null, Audience: "" })
        {
            _faults.Add($"{Prefix}PublicUrl is missing: give the address that clients use, such as https://127.0.0.1:7101 (tokens must be meant for it), or {Prefix}Audience.");
        }

        if (options.BufferLimit < options.BodyLimit)
        {
            _faults.Add($"{Prefix}BufferLimit is {options.BufferLimit}: give at least {Prefix}BodyLimit, {options.BodyLimit}.");
        }

        return _faults.Count == 0
            ? options
            : throw new InvalidOperationException("The gateway can't start:" + string.Concat(_faults.Select(f => Environment.NewLine + "  - " + f)));
    }

    private List<IPEndPoint> AppEndpoints()
    {
        var endpoints = new List<IPEndPoint>();
        foreach (var url in (configuration["urls"] ?? "http://127.0.0.1:5000").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)
            {
                endpoints.Add(new IPEndPoint(IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) ? address : IPAddress.Loopback, uri.Port));
            }
            else
            {
                _faults.Add($"urls has '{url}': the app listener is for the gateway's own sidecar; give an http address on loopback, such as http://127.0.0.1:5000.");
            }
        }

        return endpoints;
    }

    private IPAddress Address(IPAddress usual)
    {
        if (Text("Address") is not { } text)
        {
            return usual;
        }

        if (!IPAddress.TryParse(text, out var address))
        {
            _faults.Add($"{Prefix}Address is '{text}': give an IP address, such as 127.0.0.1, or 0.0.0.0 for all.");
        }

        return address ?? usual;
    }

    private string? PublicUrl()
    {
        if (Text("PublicUrl") is not { } text)
        {
            return null;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
        {
            _faults.Add($"{Prefix}PublicUrl is '{text}': give the https address that clients use, such as https://127.0.0.1:7101.");
        }

        return text.TrimEnd('/');
    }

    private Uri? ConsoleUrl()
    {
        if (Text("ConsoleUrl") is not { } text)
        {
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
        {
            return uri;
        }

        _faults.Add($"{Prefix}ConsoleUrl is '{text}': give the address where the site's monitor listens, such as http://127.0.0.1:7150.");
        return null;
    }

    private TimeSpan Seconds(string key, TimeSpan usual) => Number(key, 1, 3600) is { } seconds ? TimeSpan.FromSeconds(seconds) : usual;

    private long? Number(string key, long least, long most)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
        {
            return value;
        }

        _faults.Add(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{key} is '{text}': give a whole number from {least} to {most}."));
        return null;
    }

    private string? Text(string key) => configuration[Prefix + key] is { Length: > 0 } text ? text : null;
}
