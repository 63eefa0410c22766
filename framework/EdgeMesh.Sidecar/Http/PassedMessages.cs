using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace EdgeMesh.Sidecar.Http;

/// <summary>Passes a gRPC call on as it is: headers, messages both ways as they come, trailers.</summary>
internal static class PassedMessages
{
    private const int BufferSize = 16 * 1024;

    /// <summary>The request to send; its address is set by the caller.</summary>
    /// <param name="context">The call.</param>
    /// <param name="isInternal">Another sidecar passed it on: that says who calls whom, and is believed.</param>
    public static HttpRequestMessage Request(HttpContext context, bool isInternal)
    {
        // A stream may rest for hours.
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        var request = new HttpRequestMessage(HttpMethod.Post, (Uri?)null)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new PassedBody(context.Request.Body, long.MaxValue),
        };
        foreach (var (name, values) in context.Request.Headers)
        {
            if (!name.StartsWith(':') && (!InvocationHeaders.IsOurs(name) || (isInternal && InvocationHeaders.IsCaller(name))))
            {
                _ = request.Headers.TryAddWithoutValidation(name, values.ToArray()) || request.Content.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        request.Headers.TryAddWithoutValidation("TE", "trailers");
        return request;
    }

    public static async Task AnswerAsync(HttpContext context, HttpResponseMessage answer)
    {
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            if (!InvocationHeaders.IsOurs(name))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        await context.Response.StartAsync(context.RequestAborted);
        await CopyAsync(await answer.Content.ReadAsStreamAsync(context.RequestAborted), context.Response.Body, context.RequestAborted);
        foreach (var (name, values) in answer.TrailingHeaders.NonValidated)
        {
            context.Response.AppendTrailer(name, values.ToArray());
        }
    }

    private static async Task CopyAsync(Stream from, Stream to, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (await from.ReadAsync(buffer, cancellation) is > 0 and var read)
            {
                await to.WriteAsync(buffer.AsMemory(0, read), cancellation);
                await to.FlushAsync(cancellation);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
