using System.Globalization;
using System.Text;
using Wasmtime;

namespace EdgeMesh.Cli.Tests.Functions;

/// <summary>What a Wagi host answers.</summary>
internal sealed record WagiAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body, string Log);

/// <summary>A host of Wagi modules, by Wagi's rules and with Wasmtime's own WASI alone; Spin's executor <c>wagi</c> has the same rules.
/// <list type="number">
/// <item>The module is a WASI preview 1 command: it imports <c>wasi_snapshot_preview1</c> and nothing else, and <c>_start</c> is called, in a fresh instance.</item>
/// <item>The request is in the environment, by CGI 1.1 (RFC 3875), with <c>X_MATCHED_ROUTE</c> and <c>X_FULL_URL</c> besides; headers are <c>HTTP_NAME</c>, without credentials.</item>
/// <item>Arguments are the path and each part of the query; the body is on stdin; stderr is the log.</item>
/// <item>Stdout is header lines, an empty line, and the body. One of <c>Content-Type</c>, <c>Status</c> and <c>Location</c> must be there, else it is a 500;
/// <c>Status</c> is a number and perhaps a text, and a 502 when it is no number; <c>Location</c> makes it a 302.</item>
/// </list></summary>
internal sealed class WagiHost : IDisposable
{
    private readonly Engine _engine = new();
    private readonly Linker _linker;
    private readonly TemporaryFolder _folder = new();

    public WagiHost()
    {
        _linker = new Linker(_engine);
        _linker.DefineWasi();
    }

    /// <exception cref="WasmtimeException">The module can't be linked, or trapped.</exception>
    public WagiAnswer Answer(byte[] wasm, string url, string body, params (string Name, string Value)[] headers)
    {
        File.WriteAllText(_folder.File("stdin"), body);
        using var module = Module.FromBytes(_engine, "wagi", wasm);
        using (var store = new Store(_engine))
        {
            var address = new Uri(url);
            store.SetWasiConfiguration(new WasiConfiguration()
                .WithArgs([address.AbsolutePath, .. address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)])
                .WithEnvironmentVariables(Environment(address, body, headers).Select(v => (v.Key, v.Value)))
                .WithStandardInput(_folder.File("stdin")).WithStandardOutput(_folder.File("stdout")).WithStandardError(_folder.File("stderr")));
            Run(_linker.Instantiate(store, module));
        }

        return Read(File.ReadAllText(_folder.File("stdout")), File.ReadAllText(_folder.File("stderr")));
    }

    public void Dispose()
    {
        _linker.Dispose();
        _engine.Dispose();
        _folder.Dispose();
    }

    private static void Run(Instance instance)
    {
        try
        {
            instance.GetAction("_start")!();
        }
        catch (WasmtimeException error) when (error.ExitCode == 0)
        {
            // It left by itself.
        }
    }

    private static Dictionary<string, string> Environment(Uri address, string body, (string Name, string Value)[] headers)
    {
        var variables = new Dictionary<string, string>
        {
            ["AUTH_TYPE"] = "", ["CONTENT_LENGTH"] = Encoding.UTF8.GetByteCount(body).ToString(CultureInfo.InvariantCulture), ["CONTENT_TYPE"] = "", ["GATEWAY_INTERFACE"] = "CGI/1.1",
            ["PATH_INFO"] = address.AbsolutePath, ["PATH_TRANSLATED"] = address.AbsolutePath, ["QUERY_STRING"] = address.Query.TrimStart('?'), ["REMOTE_ADDR"] = "127.0.0.1",
            ["REMOTE_HOST"] = "127.0.0.1", ["REMOTE_USER"] = "", ["REQUEST_METHOD"] = "POST", ["SCRIPT_NAME"] = "/f", ["SERVER_NAME"] = address.Host,
            ["SERVER_PORT"] = address.Port.ToString(CultureInfo.InvariantCulture), ["SERVER_PROTOCOL"] = "HTTP/1.1", ["SERVER_SOFTWARE"] = "WAGI/1", ["X_FULL_URL"] = address.ToString(),
            ["X_MATCHED_ROUTE"] = "/f",
        };
        foreach (var (name, value) in headers)
        {
            variables["HTTP_" + name.ToUpperInvariant().Replace('-', '_')] = value;
        }

        return variables;
    }

    private static WagiAnswer Read(string output, string log)
    {
        var head = output.Split("\n\n", 2);
        var headers = head[0].Split('\n').Select(l => l.Split(':', 2)).Where(l => l.Length == 2).ToDictionary(l => l[0].Trim(), l => l[1].Trim(), StringComparer.OrdinalIgnoreCase);
        var body = head.Length == 2 ? head[1] : "";
        if (headers.ContainsKey("Location"))
        {
            return new WagiAnswer(302, headers, body, log);
        }

        if (headers.TryGetValue("Status", out var status))
        {
            return new WagiAnswer(int.TryParse(status.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : 502, headers, body, log);
        }

        return headers.ContainsKey("Content-Type") ? new WagiAnswer(200, headers, body, log) : new WagiAnswer(500, headers, "", log);
    }
}
