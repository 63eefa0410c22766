using System.Net;

namespace EdgeMesh.Ledger;

/// <summary>A log on a server.</summary>
/// <param name="client">Carries the token, where the server asks for one to read entries.</param>
/// <param name="prefix">Where the log is, such as <c>https://127.0.0.1:7101/ledger</c>.</param>
public sealed class HttpLogSource(HttpClient client, Uri prefix) : ILogSource
{
    private readonly string _prefix = prefix.AbsoluteUri.TrimEnd('/') + "/";

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(string path, CancellationToken cancellation)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri(_prefix + path), HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (answer.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }

            if (answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            {
                throw new IOException($"{_prefix}{path} needs a token of an auditor: the server answered {(int)answer.StatusCode}.");
            }

            answer.EnsureSuccessStatusCode();
            await answer.Content.LoadIntoBufferAsync(LogFiles.MaxLength, cancellation);
            return await answer.Content.ReadAsByteArrayAsync(cancellation);
        }
        catch (HttpRequestException error)
        {
            throw new IOException($"{_prefix}{path}: {error.Message}", error);
        }
    }
}
