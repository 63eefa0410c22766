using System.Buffers;
using System.Text;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>The path that an invoked app sees: daprd decodes what the caller sent, cleans it (doubled slashes, dot segments, a slash at
/// the end) and encodes it again. What can't survive that is refused with daprd's words, so no path reaches an app in a form that its
/// caller did not mean.</summary>
internal static class MethodPath
{
    private static readonly SearchValues<char> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~.!$&'()*+,;=:@/");
    private static readonly SearchValues<char> Kept = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~.$&+,;=:@/");

    /// <param name="appId">For the message of a refusal.</param>
    /// <param name="raw">The path as it was sent, without query; with or without a slash in front.</param>
    public static string Clean(string appId, string raw)
    {
        var path = raw.StartsWith('/') ? raw : "/" + raw;
        if (!path.AsSpan().ContainsAnyExcept(Plain) && !NeedsCleaning(path))
        {
            return path;
        }

        var decoded = Uri.UnescapeDataString(path);
        if (decoded.AsSpan().ContainsAny('#', '?') || decoded.Any(char.IsControl))
        {
            throw Refused(appId, $"rpc error: code = InvalidArgument desc = invalid method: method contains forbidden character: \"{decoded[1..]}\"");
        }

        if (decoded.Contains('%', StringComparison.Ordinal))
        {
            throw Refused(appId, $"rpc error: code = Internal desc = error invoking app channel: invalid URL escape in \"{decoded}\"");
        }

        var cleaned = WithoutDots(decoded);
        return cleaned.AsSpan().ContainsAnyExcept(Plain) ? Encode(cleaned) : cleaned;
    }

    private static DaprFault Refused(string appId, string reason) =>
        new("ERR_DIRECT_INVOKE", $"failed to invoke, id: {appId}, err: {reason}", 500, StatusCode.Internal);

    private static bool NeedsCleaning(string path) =>
        path.Contains("//", StringComparison.Ordinal) || path.Contains("/.", StringComparison.Ordinal) || (path.Length > 1 && path[^1] == '/');

    private static string WithoutDots(string path)
    {
        var kept = new List<string>();
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (segment == ".." && kept.Count > 0)
            {
                kept.RemoveAt(kept.Count - 1);
            }
            else if (segment is not ("." or ".."))
            {
                kept.Add(segment);
            }
        }

        return "/" + string.Join('/', kept);
    }

    private static string Encode(string path)
    {
        var encoded = new StringBuilder(path.Length + 16);
        foreach (var octet in Encoding.UTF8.GetBytes(path))
        {
            if (octet < 128 && Kept.Contains((char)octet))
            {
                encoded.Append((char)octet);
            }
            else
            {
                encoded.Append('%').Append(octet.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        return encoded.ToString();
    }
}
