using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;

namespace EdgeMesh.Services.Monitor.Console.Hosting;

/// <summary>What pages are drawn with, from this assembly: nothing is fetched from elsewhere. Names carry a hash of the content, so that a
/// browser keeps them for good and never mixes two versions.</summary>
internal static class ConsoleAssets
{
    private const string Prefix = "console/";
    private static readonly FrozenDictionary<string, Asset> Assets = Load();

    /// <summary>Where a page finds an asset, below the console's root.</summary>
    public static string Path(string name) => $"assets/{Assets[name].Hash}/{name}";

    public static void MapConsoleAssets(this IEndpointRouteBuilder endpoints) => endpoints.MapGet("/assets/{hash}/{name}", (RequestDelegate)AnswerAsync);

    private static Task AnswerAsync(HttpContext context)
    {
        var response = context.Response;
        if (!Assets.TryGetValue((string)context.Request.RouteValues["name"]!, out var asset) || (string?)context.Request.RouteValues["hash"] != asset.Hash)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        var isPacked = context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal);
        var body = isPacked ? asset.Packed : asset.Plain;
        response.ContentType = asset.Type;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "public, max-age=31536000, immutable";
        response.Headers.Vary = "Accept-Encoding";
        if (isPacked)
        {
            response.Headers.ContentEncoding = "br";
        }

        return response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    private static FrozenDictionary<string, Asset> Load()
    {
        var assembly = typeof(ConsoleAssets).Assembly;
        return assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).ToFrozenDictionary(n => n[Prefix.Length..], name =>
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var plain = new byte[stream.Length];
            stream.ReadExactly(plain);
            var packed = new byte[BrotliEncoder.GetMaxCompressedLength(plain.Length)];
            BrotliEncoder.TryCompress(plain, packed, out var length, quality: 5, window: 22);
            return new Asset(Convert.ToHexStringLower(SHA256.HashData(plain))[..12], TypeOf(name), plain, packed[..length]);
        }, StringComparer.Ordinal);
    }

    private static string TypeOf(string name) => System.IO.Path.GetExtension(name) switch
    {
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    };

    private sealed record Asset(string Hash, string Type, byte[] Plain, byte[] Packed);
}
