namespace EdgeMesh.Functions;

/// <summary>A function that can be deployed: manifest and module, named by what they are and signed by who built them.</summary>
public sealed class FunctionBundle
{
    private FunctionBundle(BundleStatement statement, ReadOnlyMemory<byte> module) => (Statement, Module) = (statement, module);

    /// <summary>What it is and may do, and by whose word.</summary>
    public BundleStatement Statement { get; }

    /// <summary>The WebAssembly bytes.</summary>
    public ReadOnlyMemory<byte> Module { get; }

    /// <summary>What it is and may do.</summary>
    public FunctionManifest Manifest => Statement.Manifest;

    /// <summary>Its name by content.</summary>
    public string Digest => Statement.Digest;

    /// <summary>Signs a manifest and its module.</summary>
    public static async Task<BundleResult> BuildAsync(string file, string manifestText, ReadOnlyMemory<byte> module, DeployerKey key)
    {
        var read = await ManifestReader.ReadAsync(file, manifestText);
        return read.Manifest is { } manifest
            ? new BundleResult(new FunctionBundle(BundleStatement.Sign(manifest, manifestText, module.Span, key), module), [])
            : new BundleResult(null, [.. read.Faults.Select(f => f.ToString())]);
    }

    /// <summary>Puts a bundle together from its parts and verifies all of it: signature, digests, manifest.</summary>
    public static async Task<BundleResult> ReadAsync(string statementText, string manifestText, ReadOnlyMemory<byte> module, IReadOnlyCollection<DeployerIdentity> trusted)
    {
        var (statement, faults) = await BundleStatement.ReadAsync(statementText, manifestText, trusted);
        if (statement is null)
        {
            return new BundleResult(null, faults);
        }

        return statement.FaultOf(module.Span) is { } fault ? new BundleResult(null, [fault]) : new BundleResult(new FunctionBundle(statement, module), []);
    }
}

/// <summary>What came of building or reading a bundle.</summary>
/// <param name="Bundle">The bundle; null when there are faults.</param>
/// <param name="Faults">What is wrong, and what to do.</param>
public sealed record BundleResult(FunctionBundle? Bundle, IReadOnlyList<string> Faults);
