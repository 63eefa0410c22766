using EdgeMesh.Functions;

namespace EdgeMesh.Cli.Bench;

/// <summary>The smallest function that does something: copies stdin to stdout, in buffers of 4 KiB. 300 bytes, built from C without a
/// library, so that what is measured is the host.</summary>
internal static class EchoFunction
{
    private const string Wasm = """
        AGFzbQEAAAABDAJgBH9/f38Bf2AAAAJEAhZ3YXNpX3NuYXBzaG90X3ByZXZpZXcxB2ZkX3JlYWQAABZ3YXNpX3NuYXBzaG90X3ByZXZpZXcxCGZkX3dyaXRlAAADAgEBBAUBcAEBAQUDAQABBggBfwFBkMgACwcTAgZtZW1v
        cnkCAAZfc3RhcnQAAgqNAQGKAQMBfwF+AX8jgICAgABBIGsiACSAgICAAEEAKQOAiICAACEBAkADQCAAIAE3AxBBACAAQRBqQQEgAEEcahCAgICAAA0BIABBkIiAgAA2AgggACAAKAIcIgI2AgwgAkUNAUEBIABBCGpBASAA
        QRhqEIGAgIAAGiAAKAIcDQALCyAAQSBqJICAgIAACwsPAQBBgAgLCBAEAAAAEAAA
        """;

    public static byte[] Module { get; } = Convert.FromBase64String(Wasm);

    public static async Task<FunctionBundle> BundleAsync(string name, string version, DeployerKey key)
    {
        var manifest = $"name: {name}\nversion: {version}\nmodule: echo.wasm\nconcurrency: 64\ntriggers:\n  - http: {{ method: POST, path: /echo }}\n";
        return (await FunctionBundle.BuildAsync("function.yaml", manifest, Module, key)).Bundle!;
    }
}
