using System.Text;
using EdgeMesh.Functions.Bundles;

namespace EdgeMesh.Functions;

/// <summary>A function that can be deployed: manifest and module, named by what they are and signed by who built them.</summary>
public sealed class FunctionBundle
{
    private const string Format = "edgemesh-function-bundle/v1";

    private FunctionBundle(FunctionManifest manifest, string manifestText, ReadOnlyMemory<byte> module, SignedText statement) =>
        (Manifest, ManifestText, Module, Statement) = (manifest, manifestText, module, statement);

    /// <summary>What it is and may do.</summary>
    public FunctionManifest Manifest { get; }

    /// <summary>The manifest as its author wrote it.</summary>
    public string ManifestText { get; }

    /// <summary>The WebAssembly bytes.</summary>
    public ReadOnlyMemory<byte> Module { get; }

    /// <summary>Its name by content: digest of the signed statement, which names manifest and module by theirs.</summary>
    public string Digest => FunctionModule.DigestOf(Encoding.UTF8.GetBytes(Statement.Text));

    /// <summary>Who signed it.</summary>
    public string Signer => Statement.Signer;

    internal SignedText Statement { get; }

    /// <summary>Signs a manifest and its module.</summary>
    public static async Task<BundleResult> BuildAsync(string file, string manifestText, ReadOnlyMemory<byte> module, DeployerKey key)
    {
        var read = await ManifestReader.ReadAsync(file, manifestText);
        if (read.Manifest is not { } manifest)
        {
            return new BundleResult(null, [.. read.Faults.Select(f => f.ToString())]);
        }

        var statement = SignedText.Sign(Format, Lines(manifest, manifestText, module.Span), key);
        return new BundleResult(new FunctionBundle(manifest, manifestText, module, statement), []);
    }

    /// <summary>Puts a bundle together from its parts and verifies all of it: signature, digests, manifest.</summary>
    internal static async Task<BundleResult> ReadAsync(string statementText, string manifestText, ReadOnlyMemory<byte> module, IReadOnlyCollection<DeployerIdentity> trusted)
    {
        var (statement, fault) = SignedText.Read(Format, statementText, trusted);
        if (statement is null)
        {
            return new BundleResult(null, [$"the bundle can't be trusted: {fault}"]);
        }

        var read = await ManifestReader.ReadAsync("function.yaml", manifestText);
        if (read.Manifest is not { } manifest)
        {
            return new BundleResult(null, [.. read.Faults.Select(f => f.ToString())]);
        }

        var wrong = Lines(manifest, manifestText, module.Span).Where(l => statement[l.Key] != l.Value).Select(l => l.Key).ToArray();
        return wrong.Length == 0
            ? new BundleResult(new FunctionBundle(manifest, manifestText, module, statement), [])
            : new BundleResult(null, [$"the bundle can't be trusted: its {string.Join(" and ", wrong)} is not what '{statement.Signer}' signed"]);
    }

    private static KeyValuePair<string, string>[] Lines(FunctionManifest manifest, string manifestText, ReadOnlySpan<byte> module) =>
    [
        KeyValuePair.Create("name", manifest.Name),
        KeyValuePair.Create("version", manifest.Version),
        KeyValuePair.Create("manifest", FunctionModule.DigestOf(Encoding.UTF8.GetBytes(manifestText))),
        KeyValuePair.Create("module", FunctionModule.DigestOf(module)),
    ];
}

/// <summary>What came of building or reading a bundle.</summary>
/// <param name="Bundle">The bundle; null when there are faults.</param>
/// <param name="Faults">What is wrong, and what to do.</param>
public sealed record BundleResult(FunctionBundle? Bundle, IReadOnlyList<string> Faults);
