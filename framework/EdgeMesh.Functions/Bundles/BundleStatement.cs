using System.Text;
using EdgeMesh.Functions.Bundles;

namespace EdgeMesh.Functions;

/// <summary>A bundle without its module: what the function is and may do, and by whose word. Names the module by its digest, so that
/// the bytes can come from anywhere, later.</summary>
public sealed class BundleStatement
{
    private const string Format = "edgemesh-function-bundle/v1";

    private BundleStatement(FunctionManifest manifest, string manifestText, SignedText signed) => (Manifest, ManifestText, Signed) = (manifest, manifestText, signed);

    /// <summary>What it is and may do.</summary>
    public FunctionManifest Manifest { get; }

    /// <summary>The manifest as its author wrote it.</summary>
    public string ManifestText { get; }

    /// <summary>The signed lines, as they are stored and sent.</summary>
    public string Text => Signed.Text;

    /// <summary>The bundle's name by content: digest of the signed lines, which name manifest and module by theirs.</summary>
    public string Digest => FunctionModule.DigestOf(Encoding.UTF8.GetBytes(Signed.Text));

    /// <summary>The module's digest.</summary>
    public string Module => Signed["module"]!;

    /// <summary>Who signed it.</summary>
    public string Signer => Signed.Signer;

    private SignedText Signed { get; }

    /// <summary>Reads and verifies the signed lines and the manifest.</summary>
    /// <returns>The statement, or what is wrong and what to do.</returns>
    public static async Task<(BundleStatement? Statement, IReadOnlyList<string> Faults)> ReadAsync(
        string text, string manifestText, IReadOnlyCollection<DeployerIdentity> trusted)
    {
        var (signed, fault) = SignedText.Read(Format, text, trusted);
        if (signed is null)
        {
            return (null, [$"the bundle can't be trusted: {fault}"]);
        }

        var read = await ManifestReader.ReadAsync("function.yaml", manifestText);
        if (read.Manifest is not { } manifest)
        {
            return (null, [.. read.Faults.Select(f => f.ToString())]);
        }

        var statement = new BundleStatement(manifest, manifestText, signed);
        var wrong = Lines(manifest, manifestText, signed["module"] ?? "").Where(l => signed[l.Key] != l.Value).Select(l => l.Key).ToArray();
        return wrong.Length == 0 ? (statement, []) : (null, [Untrusted(signed, string.Join(" and ", wrong))]);
    }

    internal static BundleStatement Sign(FunctionManifest manifest, string manifestText, ReadOnlySpan<byte> module, DeployerKey key) =>
        new(manifest, manifestText, SignedText.Sign(Format, Lines(manifest, manifestText, FunctionModule.DigestOf(module)), key));

    /// <summary>Null when these are the module's bytes; else what is wrong.</summary>
    public string? FaultOf(ReadOnlySpan<byte> module) => FunctionModule.DigestOf(module) == Module ? null : Untrusted(Signed, "module");

    private static string Untrusted(SignedText signed, string part) => $"the bundle can't be trusted: its {part} is not what '{signed.Signer}' signed";

    private static KeyValuePair<string, string>[] Lines(FunctionManifest manifest, string manifestText, string module) =>
    [
        KeyValuePair.Create("name", manifest.Name),
        KeyValuePair.Create("version", manifest.Version),
        KeyValuePair.Create("manifest", FunctionModule.DigestOf(Encoding.UTF8.GetBytes(manifestText))),
        KeyValuePair.Create("module", module),
    ];
}
