using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Http;

/// <summary>Which headers an invocation carries on. Those of one connection stay behind, and so do those by which the sidecar says who
/// calls whom: a caller can't claim to be another.</summary>
internal static class InvocationHeaders
{
    private const string GrpcPrefix = "grpc-";

    private static readonly FrozenSet<string> NotPassedOn = new[]
    {
        "Connection", "Keep-Alive", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Proxy-Connection", "Host", "Expect",
        "dapr-api-token", "dapr-app-id", "dapr-caller-app-id", "dapr-caller-namespace", "dapr-callee-app-id",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Belongs to a connection, or says who calls.</summary>
    public static bool IsOurs(string name) => NotPassedOn.Contains(name);

    /// <summary>Says who calls whom.</summary>
    public static bool IsCaller(string name) => name.StartsWith("dapr-call", StringComparison.OrdinalIgnoreCase);

    public static void CopyRequest(IHeaderDictionary from, HttpRequestMessage to)
    {
        foreach (var (name, values) in from)
        {
            if (NotPassedOn.Contains(name))
            {
                continue;
            }

            var passed = PassedName(name);
            if (values.Count == 1)
            {
                _ = to.Headers.TryAddWithoutValidation(passed, values[0]) || to.Content?.Headers.TryAddWithoutValidation(passed, values[0]) == true;
            }
            else
            {
                _ = to.Headers.TryAddWithoutValidation(passed, values.ToArray()) || to.Content?.Headers.TryAddWithoutValidation(passed, values.ToArray()) == true;
            }
        }
    }

    public static void CopyResponse(HttpResponseMessage from, IHeaderDictionary to)
    {
        foreach (var (name, values) in from.Headers.NonValidated)
        {
            if (!NotPassedOn.Contains(name))
            {
                to[PassedName(name)] = values.Count == 1 ? values.ToString() : values.ToArray();
            }
        }

        foreach (var (name, values) in from.Content.Headers.NonValidated)
        {
            to[name] = values.ToString();
        }
    }

    /// <summary>daprd carries invocations by gRPC, where these names are taken.</summary>
    public static string PassedName(string name) =>
        name.StartsWith(GrpcPrefix, StringComparison.OrdinalIgnoreCase) ? "dapr-" + name : name;
}
