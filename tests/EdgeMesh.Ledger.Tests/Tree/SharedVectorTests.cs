using System.Text.Json;

namespace EdgeMesh.Ledger.Tests.Tree;

/// <summary>The proofs of transparency-dev/merkle, good and bad, which are not part of this house: <c>tlog</c> in the folder
/// <c>EDGEMESH_DATA</c>.</summary>
[Trait("Category", "Engines")]
public sealed class SharedVectorTests
{
    [Fact]
    public void Verify_EveryVector_AgreesWithIt()
    {
        var data = Environment.GetEnvironmentVariable("EDGEMESH_DATA");
        Assert.True(data is not null && Directory.Exists(data), "EDGEMESH_DATA must name the folder with tlog.");
        var files = Directory.GetFiles(Path.Combine(data, "tlog"), "*.json", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        Assert.Empty(files.Where(f => !Agrees(f)).Select(Path.GetFileName));
        TestContext.Current.TestOutputHelper?.WriteLine($"{files.Length} vectors agree.");
    }

    private static bool Agrees(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(file));
        var vector = json.RootElement;
        var proof = vector.GetProperty("proof") is { ValueKind: JsonValueKind.Array } hashes ? hashes.EnumerateArray().Select(Hash).ToArray() : [];
        // Hashes of another length are refused before anything is verified.
        var verified = !proof.Contains(null) && (file.Contains("/consistency/", StringComparison.Ordinal) ? Consistent(vector, proof) : Included(vector, proof));
        return verified != vector.GetProperty("wantErr").GetBoolean();
    }

    private static bool Included(JsonElement vector, LogHash?[] proof) =>
        Root(vector, "root") is var root && Hash(vector.GetProperty("leafHash")) is { } leaf
        && Number(vector, "leafIdx") is { } index && Number(vector, "treeSize") is { } size
        && InclusionProof.Verify(leaf, index, size, [.. proof.Select(h => h!.Value)], root);

    private static bool Consistent(JsonElement vector, LogHash?[] proof) =>
        Root(vector, "root1") is var root1 && Root(vector, "root2") is var root2
        && Number(vector, "size1") is { } size1 && Number(vector, "size2") is { } size2
        && ConsistencyProof.Verify(size1, root1, size2, root2, [.. proof.Select(h => h!.Value)]);

    private static long? Number(JsonElement vector, string name) => vector.GetProperty(name).TryGetInt64(out var number) ? number : null;

    /// <summary>Some vectors have a text in place of a root; only whether two are the same matters then.</summary>
    private static LogHash Root(JsonElement vector, string name)
    {
        var bytes = vector.GetProperty(name).GetBytesFromBase64();
        return new LogHash(bytes.Length == LogHash.Length ? bytes : System.Security.Cryptography.SHA256.HashData(bytes));
    }

    private static LogHash? Hash(JsonElement element) =>
        element.ValueKind == JsonValueKind.String && element.TryGetBytesFromBase64(out var bytes) && bytes.Length == LogHash.Length ? new LogHash(bytes) : null;
}
