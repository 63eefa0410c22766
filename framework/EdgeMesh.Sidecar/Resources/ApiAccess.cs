namespace EdgeMesh.Sidecar.Resources;

/// <summary>One entry of an allow or deny list.</summary>
/// <param name="Name">The API: <c>state</c>, <c>invoke</c> …</param>
/// <param name="Version">As its protocol writes it: <c>v1.0</c> by HTTP, <c>v1</c> by gRPC; as with daprd the latter also stands for the former.</param>
/// <param name="Protocol">http or grpc; null: both.</param>
internal sealed record ApiRule(string Name, string Version, string? Protocol);

/// <summary>Which APIs apps may call. What is denied stays denied, also when it is allowed; without an allow list everything else is there.
/// Health is always there.</summary>
internal sealed class ApiAccess(IReadOnlyList<ApiRule> allowed, IReadOnlyList<ApiRule> denied)
{
    private const string Http = "http";
    private const string Grpc = "grpc";
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";

    public static readonly ApiAccess Everything = new([], []);

    /// <summary>Names of gRPC methods, and which API they are of: the first that a method's name contains.</summary>
    private static readonly (string Part, string Api)[] GrpcApis =
    [
        ("SubscribeTopic", "subscribe"), ("PublishEvent", "publish"), ("InvokeService", "invoke"), ("InvokeBinding", "bindings"), ("Actor", "actors"), ("State", "state"),
        ("Secret", "secrets"), ("Metadata", "metadata"), ("Configuration", "configuration"), ("Unlock", "unlock"), ("TryLock", "lock"), ("crypt", "crypto"), ("Job", "jobs"),
        ("Shutdown", "shutdown"), ("Workflow", "workflows"), ("Converse", "conversation"),
    ];

    /// <summary>Whether apps can be invoked by HTTP, whatever path names them.</summary>
    public bool AllowsInvocation => IsEverything || Allows("invoke", "v1", Http);

    public bool IsEverything => allowed.Count == 0 && denied.Count == 0;

    /// <param name="path">Of a request by HTTP: <c>/v1.0/state/…</c>.</param>
    public bool AllowsHttp(string path)
    {
        if (IsEverything)
        {
            return true;
        }

        var segments = path.Split('/', 4, StringSplitOptions.RemoveEmptyEntries);
        return segments.Length < 2 || segments[1] == "healthz" || !segments[0].StartsWith("v1.0", StringComparison.Ordinal) || Allows(segments[1], Short(segments[0]), Http);
    }

    /// <param name="path">Of a request by gRPC: <c>/dapr.proto.runtime.v1.Dapr/GetState</c>.</param>
    public bool AllowsGrpc(string path)
    {
        if (IsEverything || !path.StartsWith(Service, StringComparison.Ordinal))
        {
            return true;
        }

        // Routing does not mind a slash at the end.
        var method = path[Service.Length..].TrimEnd('/');
        var version = method.EndsWith("Alpha1", StringComparison.Ordinal) ? "v1alpha1" : method.EndsWith("Beta1", StringComparison.Ordinal) ? "v1beta1" : "v1";
        var api = Array.Find(GrpcApis, a => method.Contains(a.Part, StringComparison.Ordinal)).Api;
        return api is null || Allows(api, version, Grpc);
    }

    /// <summary>A version of the HTTP API as gRPC writes it: <c>v1</c>, <c>v1alpha1</c>.</summary>
    private static string Short(string version) => version.StartsWith("v1.0", StringComparison.Ordinal) ? "v1" + version[4..].TrimStart('-') : version;

    private bool Allows(string name, string version, string protocol) =>
        !denied.Any(r => Is(r, name, version, protocol)) && (!allowed.Any(r => r.Protocol is null || r.Protocol == protocol) || allowed.Any(r => Is(r, name, version, protocol)));

    private static bool Is(ApiRule rule, string name, string version, string protocol) =>
        rule.Name == name && (protocol == Http ? Short(rule.Version) : rule.Version) == version && (rule.Protocol is null || rule.Protocol == protocol);
}
