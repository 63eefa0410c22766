using System.Globalization;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.WebUtilities;

namespace EdgeMesh.Sidecar.Components.BindingsHttp;

/// <summary>Calls an HTTP endpoint. The request's <c>path</c> goes behind the component's URL; metadata whose name begins with a capital
/// letter are headers.</summary>
internal sealed class HttpBinding : IOutputBinding, IDisposable
{
    private const string Json = "application/json; charset=utf-8";

    private readonly HttpBindingOptions _options;
    private readonly HttpMessageInvoker _client;
    private readonly TimeProvider _clock;

    public HttpBinding(HttpBindingOptions options, TimeProvider clock)
    {
        (_options, _clock) = (options, clock);
        _client = new HttpMessageInvoker(new SocketsHttpHandler { UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5), PooledConnectionLifetime = TimeSpan.FromMinutes(5) });
    }

    public IReadOnlyList<string> Operations { get; } = ["create", "get", "head", "post", "put", "patch", "delete", "options", "trace"];

    public async Task<BindingAnswer> InvokeAsync(BindingRequest request, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_options.ResponseTimeout, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            using var message = Message(request);
            using var answer = await _client.SendAsync(message, both.Token);
            return await ReadAsync(answer, _options.IsError(request.Metadata), both.Token);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or UriFormatException)
        {
            throw new BindingFailureException(error.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new BindingFailureException($"no answer in {_options.ResponseTimeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s");
        }
    }

    private HttpRequestMessage Message(BindingRequest request)
    {
        var verb = request.Operation == "create" ? HttpMethod.Post : new HttpMethod(request.Operation.ToUpperInvariant());
        var path = request.Metadata.TryGetValue("path", out var below) ? below : "";
        var address = path.Length == 0 ? _options.Url : $"{_options.Url.TrimEnd('/')}/{path.TrimStart('/')}";
        var message = new HttpRequestMessage(verb, new Uri(address));
        if (verb == HttpMethod.Post || verb == HttpMethod.Put || verb == HttpMethod.Patch)
        {
            message.Content = new ReadOnlyMemoryContent(request.Data);
            message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(Json);
        }

        message.Headers.TryAddWithoutValidation("Accept", Json);
        foreach (var (name, value) in request.Metadata.Where(m => IsHeader(m.Key)))
        {
            AddHeader(message, name, value);
        }

        if (_options.SecurityTokenHeader is { } header)
        {
            AddHeader(message, header, _options.SecurityToken);
        }

        return message;
    }

    private static bool IsHeader(string name) => name is "traceparent" or "tracestate" || (name.Length > 0 && char.IsAsciiLetterUpper(name[0]));

    private static void AddHeader(HttpRequestMessage message, string name, string value)
    {
        message.Headers.Remove(name);
        if (!message.Headers.TryAddWithoutValidation(name, value) && message.Content is { } content)
        {
            content.Headers.Remove(name);
            content.Headers.TryAddWithoutValidation(name, value);
        }
    }

    private async Task<BindingAnswer> ReadAsync(HttpResponseMessage answer, bool errorIfNot2xx, CancellationToken cancellation)
    {
        var status = (int)answer.StatusCode;
        var metadata = answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated).ToDictionary(h => h.Key, h => string.Join(", ", h.Value.AsEnumerable()), StringComparer.Ordinal);
        metadata["statusCode"] = status.ToString(CultureInfo.InvariantCulture);
        metadata["status"] = $"{status} {ReasonPhrases.GetReasonPhrase(status)}";
        var result = new BindingAnswer(await BodyAsync(answer, cancellation), metadata);
        return answer.IsSuccessStatusCode || !errorIfNot2xx ? result : throw new BindingFailureException($"received status code {status}", result);
    }

    private async Task<byte[]> BodyAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        using var body = new MemoryStream();
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[16 * 1024];
        while (await stream.ReadAsync(buffer, cancellation) is > 0 and var read)
        {
            // As daprd does: the component's own word is that no more is wanted.
            body.Write(buffer, 0, (int)Math.Min(read, _options.MaxResponseBodySize - body.Length));
            if (body.Length == _options.MaxResponseBodySize)
            {
                break;
            }
        }

        return body.ToArray();
    }

    public void Dispose() => _client.Dispose();
}
