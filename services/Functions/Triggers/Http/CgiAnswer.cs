using System.Globalization;
using System.Text;

namespace EdgeMesh.Services.Functions.Triggers.Http;

/// <summary>A function's stdout as an HTTP answer. As under Wagi and Spin it may begin with header lines and an empty line; without them,
/// as under Dapr's <c>bindings.wasm</c>, all of it is the body.</summary>
internal sealed record CgiAnswer(int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte> Body)
{
    private const int LongestHead = 16 * 1024;

    /// <summary>Headers that concern the connection, which is not the function's.</summary>
    private static readonly HashSet<string> Refused = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Transfer-Encoding", "Content-Length", "Upgrade", "Keep-Alive", "Trailer", "TE", "Proxy-Authenticate", "Set-Cookie", "Server", "Date",
    };

    public static CgiAnswer Read(ReadOnlyMemory<byte> output)
    {
        var (end, length) = EndOfHead(output.Span);
        if (end > 0 && TryReadHead(output.Span[..end], out var status, out var headers))
        {
            return new CgiAnswer(status, headers, output[(end + length)..]);
        }

        return new CgiAnswer(StatusCodes.Status200OK, [KeyValuePair.Create("Content-Type", Guess(output.Span))], output);
    }

    private static (int End, int Length) EndOfHead(ReadOnlySpan<byte> output)
    {
        var head = output[..Math.Min(output.Length, LongestHead)];
        var (unix, network) = (head.IndexOf("\n\n"u8), head.IndexOf("\r\n\r\n"u8));
        return network >= 0 && (unix < 0 || network < unix) ? (network, 4) : (unix, 2);
    }

    /// <summary>A head names at least one of Content-Type, Status and Location, as CGI has it, and is printable ASCII, which every server and client
    /// reads alike; else it is the beginning of a body.</summary>
    private static bool TryReadHead(ReadOnlySpan<byte> head, out int status, out List<KeyValuePair<string, string>> headers)
    {
        (status, headers) = (StatusCodes.Status200OK, []);
        var isHead = false;
        foreach (var line in Encoding.UTF8.GetString(head).Split('\n').Select(l => l.TrimEnd('\r')))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || !line.AsSpan(0, colon).ToString().All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') || line.Any(c => c is < ' ' or > '~'))
            {
                return false;
            }

            var (name, value) = (line[..colon], line[(colon + 1)..].Trim());
            if (name.Equals("Status", StringComparison.OrdinalIgnoreCase))
            {
                isHead = int.TryParse(value.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out status) && status is >= 200 and <= 599;
                if (!isHead)
                {
                    return false;
                }

                continue;
            }

            isHead |= name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase);
            if (name.Equals("Location", StringComparison.OrdinalIgnoreCase))
            {
                (isHead, status) = (true, status == StatusCodes.Status200OK ? StatusCodes.Status302Found : status);
            }

            if (!Refused.Contains(name) && !name.StartsWith("X-EdgeMesh-", StringComparison.OrdinalIgnoreCase) && !name.StartsWith("dapr-", StringComparison.OrdinalIgnoreCase))
            {
                headers.Add(KeyValuePair.Create(name, value));
            }
        }

        return isHead;
    }

    private static string Guess(ReadOnlySpan<byte> body) =>
        body.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..] ? "application/json"
        : System.Text.Unicode.Utf8.IsValid(body) ? "text/plain; charset=utf-8"
        : "application/octet-stream";
}
