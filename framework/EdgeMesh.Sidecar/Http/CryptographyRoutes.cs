using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0-alpha1/crypto</c>. The whole body is held, within the sidecar's limit for bodies, so that a failure is an answer of
/// its own; large documents go by gRPC.</summary>
internal static class CryptographyRoutes
{
    private static readonly string[] Truths = ["y", "yes", "true", "t", "on", "1"];

    public static void MapCryptography(this IEndpointRouteBuilder routes)
    {
        routes.MapPut("/v1.0-alpha1/crypto/{component}/encrypt", Answers.Route(EncryptAsync));
        routes.MapPut("/v1.0-alpha1/crypto/{component}/decrypt", Answers.Route(DecryptAsync));
    }

    private static Task EncryptAsync(HttpContext context, AppRuntime app)
    {
        var keys = CryptographyBlock.Keys(app, context.Value("component"));
        var choice = CryptographyBlock.Choose(
            Required(context, "dapr-key-name"),
            Required(context, "dapr-key-wrap-algorithm"),
            Header(context, "dapr-data-encryption-cipher"),
            Header(context, "dapr-decryption-key-name"),
            Truths.Contains(Header(context, "dapr-omit-decryption-key-name"), StringComparer.OrdinalIgnoreCase));
        return PassAsync(context, (source, sink) => CryptographyBlock.EncryptAsync(keys, choice, source, sink, context.RequestAborted));
    }

    private static Task DecryptAsync(HttpContext context, AppRuntime app)
    {
        var keys = CryptographyBlock.Keys(app, context.Value("component"));
        return PassAsync(context, (source, sink) => CryptographyBlock.DecryptAsync(keys, Header(context, "dapr-key-name"), source, sink, context.RequestAborted));
    }

    private static async Task PassAsync(HttpContext context, Func<ChunkSource, ChunkSink, Task> run)
    {
        using var body = await PooledBody.ReadAsync(context);
        ReadOnlyMemory<byte>? rest = body.Memory;
        using var result = new MemoryStream();
        await run(
            _ =>
            {
                var chunk = rest;
                rest = null;
                return ValueTask.FromResult(chunk);
            },
            (chunk, cancellation) => result.WriteAsync(chunk, cancellation).AsTask());
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = result.Length;
        await context.Response.Body.WriteAsync(result.GetBuffer().AsMemory(0, (int)result.Length), context.RequestAborted);
    }

    private static string Header(HttpContext context, string name) => context.Request.Headers[name].ToString();

    private static string Required(HttpContext context, string name) =>
        Header(context, name) is { Length: > 0 } value ? value : throw CryptographyBlock.Invalid($"missing header '{name}'");
}
