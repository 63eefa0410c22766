using CsCheck;
using EdgeMesh.Ledger.Reading;
using EdgeMesh.Ledger.Sequencing;
using EdgeMesh.Ledger.Tree;

namespace EdgeMesh.Ledger.Tests.Tree;

public sealed class ProofTests
{
    private static readonly byte[][] All = [.. Enumerable.Range(0, 1200).Select(i => BitConverter.GetBytes(i))];

    [Fact]
    public void Root_OfTheRfcTestEntries_IsTheKnownOne()
    {
        // The eight inputs that Certificate Transparency implementations test with.
        string[] inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        var tree = new CompactTree();
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Hex(tree.Root()));
        foreach (var input in inputs)
        {
            tree.Append(TreeHash.Leaf(Convert.FromHexString(input)));
        }

        Assert.Equal("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328", Hex(tree.Root()));
        Assert.Equal("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", Hex(TreeHash.Leaf([])));
    }

    [Fact]
    public void Root_OfEverySize_IsTheNaiveOne_OnBothWays()
    {
        var tree = new CompactTree();
        var edge = RightEdge.Empty;
        for (var size = 0; size < 600; size++)
        {
            var naive = new LogHash(NaiveTree.Root(All.AsSpan(0, size)));
            Assert.Equal(naive, tree.Root());
            Assert.Equal(naive, edge.Root());
            Assert.Equal(naive, edge.ToTree().Root());
            var leaf = TreeHash.Leaf(All[size]);
            tree.Append(leaf);
            var builder = new EdgeBuilder(edge);
            builder.Append(All[size], leaf);
            edge = builder.Build().Edge;
        }
    }

    [Fact]
    public void Inclusion_OfAnyEntryInAnyTree_IsTheNaivePath_AndVerifies() =>
        Gen.Select(Gen.Int[1, 1200], Gen.Int[0, 1199]).Where(p => p.Item2 < p.Item1).Sample(p =>
        {
            var (size, index) = p;
            var proof = Sync(new TreeReader(new TileSource(All[..size]), size).InclusionAsync(index, default));
            var root = new LogHash(NaiveTree.Root(All.AsSpan(0, size)));
            return proof.SequenceEqual(NaiveTree.Path(index, All.AsSpan(0, size)).Select(h => new LogHash(h)))
                && InclusionProof.Verify(TreeHash.Leaf(All[index]), index, size, proof, root)
                && !InclusionProof.Verify(TreeHash.Leaf(All[index]), index, size, [.. proof, root], root)
                && !InclusionProof.Verify(TreeHash.Leaf([9]), index, size, proof, root)
                && (proof.IsEmpty || !InclusionProof.Verify(TreeHash.Leaf(All[index]), index, size, proof[..^1], root));
        }, iter: 60);

    [Fact]
    public void Consistency_OfAnyTwoSizes_IsTheNaiveProof_AndVerifies() =>
        Gen.Select(Gen.Int[1, 1200], Gen.Int[1, 1200]).Where(p => p.Item2 <= p.Item1).Sample(p =>
        {
            var (size, old) = p;
            var proof = Sync(new TreeReader(new TileSource(All[..size]), size).ConsistencyAsync(old, default));
            LogHash root = new(NaiveTree.Root(All.AsSpan(0, size))), oldRoot = new(NaiveTree.Root(All.AsSpan(0, old)));
            return proof.SequenceEqual(NaiveTree.Proof(old, All.AsSpan(0, size)).Select(h => new LogHash(h)))
                && ConsistencyProof.Verify(old, oldRoot, size, root, proof)
                && !ConsistencyProof.Verify(old, root == oldRoot ? TreeHash.Empty : root, size, root, proof)
                && !ConsistencyProof.Verify(old, oldRoot, size, root, [.. proof, oldRoot]);
        }, iter: 60);

    [Fact]
    public void Consistency_FromNothing_ProvesNothing() =>
        Assert.False(ConsistencyProof.Verify(0, TreeHash.Empty, 1, TreeHash.Leaf([]), []));

    [Fact]
    public void Proofs_OfThreeTileLevels_Verify()
    {
        const int Size = 70_000;
        var tree = new CompactTree();
        var leaves = Enumerable.Range(0, Size).Select(i => BitConverter.GetBytes(i)).ToArray();
        var oldRoot = TreeHash.Empty;
        for (var i = 0; i < Size; i++)
        {
            tree.Append(TreeHash.Leaf(leaves[i]));
            oldRoot = i == 65_999 ? tree.Root() : oldRoot;
        }

        var reader = new TreeReader(new TileSource(leaves), Size);
        foreach (var index in new[] { 0, 255, 256, 65_535, 65_536, 69_888, 69_999 })
        {
            Assert.True(InclusionProof.Verify(TreeHash.Leaf(leaves[index]), index, Size, Sync(reader.InclusionAsync(index, TestContext.Current.CancellationToken)), tree.Root()));
        }

        Assert.True(ConsistencyProof.Verify(66_000, oldRoot, Size, tree.Root(), Sync(reader.ConsistencyAsync(66_000, TestContext.Current.CancellationToken))));
    }

    private static T Sync<T>(ValueTask<T> task) => task.IsCompleted ? task.Result : task.AsTask().GetAwaiter().GetResult();

    private static string Hex(LogHash hash) => Convert.ToHexStringLower(hash.ToArray());

    /// <summary>Tiles of a tree, made by the edge builder.</summary>
    private sealed class TileSource : ILogSource
    {
        private readonly Dictionary<string, ReadOnlyMemory<byte>> _full = [];
        private readonly RightEdge _edge;

        public TileSource(byte[][] entries)
        {
            var builder = new EdgeBuilder(RightEdge.Empty);
            foreach (var entry in entries)
            {
                builder.Append(entry, TreeHash.Leaf(entry));
            }

            (_edge, var rows) = builder.Build();
            foreach (var row in rows)
            {
                _full[row.Key] = row.Value;
            }
        }

        public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(string path, CancellationToken cancellation)
        {
            Assert.True(TilePath.TryParse(path, out var tile));
            return ValueTask.FromResult<ReadOnlyMemory<byte>?>(tile.Value.Width < 256
                ? EdgeBuilder.TileBytes(_edge.Levels[tile.Value.Level])
                : _full[$"tile/{tile.Value.Level}/{tile.Value.Index}"]);
        }
    }
}
