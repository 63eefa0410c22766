using System.Text;
using CsCheck;

namespace EdgeMesh.Ledger.Tests.Notes;

public sealed class NoteTests
{
    // RFC 8032, section 7.1, test 1.
    private const string RfcSeed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    private const string RfcPublicKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    private readonly LedgerKey _key = LedgerKey.FromSeed("edgemesh/test/ledger", RfcSeed);

    [Fact]
    public void VerifierKey_OfTheRfcSeed_HoldsTheRfcPublicKey()
    {
        var parts = _key.VerifierKey.ToString().Split('+', 3);
        Assert.Equal("edgemesh/test/ledger", parts[0]);
        Assert.Equal("01" + RfcPublicKey, Convert.ToHexStringLower(Convert.FromBase64String(parts[2])));
        Assert.True(VerifierKey.TryParse(_key.VerifierKey.ToString(), out var read));
        Assert.Equal(_key.VerifierKey.Id, read.Id);
        Assert.Equal(RfcSeed, _key.ExportSeed());
    }

    [Fact]
    public void VerifierKey_OfTheGoChecksumDatabase_IsRead()
    {
        const string Known = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
        Assert.True(VerifierKey.TryParse(Known, out var key));
        Assert.Equal(Known, key.ToString());
    }

    [Theory]
    [InlineData("sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")]
    [InlineData("sum.golang.org+033de0ae+Bc4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")]
    [InlineData("sum golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")]
    [InlineData("+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")]
    [InlineData("sum.golang.org+33de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")]
    [InlineData("sum.golang.org")]
    public void VerifierKey_Altered_IsRefused(string text) => Assert.False(VerifierKey.TryParse(text, out _));

    [Fact]
    public void Checkpoint_Signed_HasTheFormOfTheSpecification_AndOpens()
    {
        var checkpoint = new Checkpoint(_key.Name, 5, TreeHash.Leaf([1]));
        var note = checkpoint.Sign(_key).ToString();
        Assert.StartsWith($"edgemesh/test/ledger\n5\n{TreeHash.Leaf([1])}\n\n— edgemesh/test/ledger ", note, StringComparison.Ordinal);
        Assert.True(Checkpoint.TryOpen(Encoding.UTF8.GetBytes(note), _key.VerifierKey, out var read));
        Assert.Equal(checkpoint, read);
    }

    [Fact]
    public void Checkpoint_AnyByteFlipped_DoesNotOpen()
    {
        var bytes = new Checkpoint(_key.Name, 5, TreeHash.Leaf([1])).Sign(_key).ToBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            Assert.False(Checkpoint.TryOpen(bytes, _key.VerifierKey, out _));
            Assert.False(Checkpoint.TryOpen(bytes.AsSpan(0, i), _key.VerifierKey, out _));
            bytes[i] ^= 1;
        }
    }

    [Fact]
    public void Checkpoint_OfAnotherOrigin_DoesNotOpen()
    {
        // Signed by the right key, in another log's name.
        var text = new Checkpoint("edgemesh/other/ledger", 5, TreeHash.Empty).ToString();
        Assert.False(Checkpoint.TryOpen(new SignedNote(text, [_key.Sign(text)]).ToBytes(), _key.VerifierKey, out _));
    }

    [Theory]
    [InlineData("a\n05\n{0}\n")]
    [InlineData("a\n+5\n{0}\n")]
    [InlineData("a\n-5\n{0}\n")]
    [InlineData("a\n5\n{0}")]
    [InlineData("\n5\n{0}\n")]
    [InlineData("a\n5\n{0}\n\n")]
    [InlineData("a\n5\n")]
    [InlineData("a\n9223372036854775808\n{0}\n")]
    public void Checkpoint_NotCanonical_IsRefused(string text) =>
        Assert.False(Checkpoint.TryParse(string.Format(System.Globalization.CultureInfo.InvariantCulture, text, TreeHash.Empty), out _));

    [Fact]
    public void Checkpoint_WithAnExtensionLine_IsRead() => Assert.True(Checkpoint.TryParse($"a\n5\n{TreeHash.Empty}\nextension\n", out _));

    [Fact]
    public void Hash_WithSpareBitsSet_IsRefused()
    {
        var text = TreeHash.Empty.ToString();
        Assert.True(LogHash.TryParse(text, out _));
        Assert.False(LogHash.TryParse(text[..42] + (char)(text[42] + 1) + "=", out _));
    }

    [Fact]
    public void Note_WithSixteenUnknownSignatures_StillOpens()
    {
        var text = new Checkpoint(_key.Name, 5, TreeHash.Empty).ToString();
        var others = Enumerable.Range(0, 16).Select(i => LedgerKey.Generate("other" + i).Sign(text));
        Assert.True(Checkpoint.TryOpen(new SignedNote(text, [.. others, _key.Sign(text)]).ToBytes(), _key.VerifierKey, out _));
    }

    [Fact]
    public void Note_WithAForgedLineInTheKeysName_IsRejected()
    {
        var text = new Checkpoint(_key.Name, 5, TreeHash.Empty).ToString();
        var forged = new NoteSignature(_key.Name, _key.VerifierKey.Id, new byte[64]);
        Assert.False(new SignedNote(text, [_key.Sign(text), forged]).IsSignedBy(_key.VerifierKey));
    }

    [Fact]
    public void Cosignature_Signed_SaysWhen_AndNothingElseDoes()
    {
        using var witness = LedgerKey.Generate("edgemesh/core/witness");
        var text = new Checkpoint(_key.Name, 5, TreeHash.Empty).ToString();
        var time = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
        var line = Cosignature.Sign(witness, text, time);
        Assert.True(SignedNote.TryParse(new SignedNote(text, [_key.Sign(text), line]).ToBytes(), out var note));
        Assert.Equal(time, Cosignature.Verify(witness.CosignerKey, note.Text, note.Signatures[1]));
        Assert.True(note.IsSignedBy(witness.CosignerKey));
        Assert.Null(Cosignature.Verify(witness.VerifierKey, text, line));
        Assert.Null(Cosignature.Verify(witness.CosignerKey, text + "x\n", line));
        var later = line.Bytes.ToArray();
        later[7] ^= 1;
        Assert.Null(Cosignature.Verify(witness.CosignerKey, text, line with { Bytes = later }));
    }

    [Fact]
    public void Proof_Written_ReadsBackAndVerifies_AndAltered_DoesNot()
    {
        var (left, entry) = (TreeHash.Leaf([1]), new byte[] { 2 });
        var note = new Checkpoint(_key.Name, 2, TreeHash.Node(left, TreeHash.Leaf(entry))).Sign(_key);
        var text = new TlogProof(1, [left], note).ToString();
        Assert.StartsWith($"c2sp.org/tlog-proof@v1\nindex 1\n{left}\n\nedgemesh/test/ledger\n2\n", text, StringComparison.Ordinal);
        Assert.True(TlogProof.TryParse(Encoding.UTF8.GetBytes(text), out var proof));
        Assert.True(proof.Verify(entry, _key.VerifierKey));
        Assert.False(proof.Verify([3], _key.VerifierKey));
        Assert.False((proof with { Index = 0 }).Verify(entry, _key.VerifierKey));
        Assert.True(TlogProof.TryParse(Encoding.UTF8.GetBytes(text.Replace("index", "extra AAAA\nindex", StringComparison.Ordinal)), out _));
        Assert.False(TlogProof.TryParse(Encoding.UTF8.GetBytes(text.Replace("index 1", "index 01", StringComparison.Ordinal)), out _));
        Assert.False(TlogProof.TryParse(Encoding.UTF8.GetBytes(text.Replace("@v1", "@v2", StringComparison.Ordinal)), out _));
    }

    [Fact]
    public void Proof_OfATreeOfOne_HasNoHashes_AndReadsBack()
    {
        var note = new Checkpoint(_key.Name, 1, TreeHash.Leaf([7])).Sign(_key);
        Assert.True(TlogProof.TryParse(Encoding.UTF8.GetBytes(new TlogProof(0, [], note).ToString()), out var proof));
        Assert.True(proof.Verify([7], _key.VerifierKey));
    }

    [Fact]
    public void Parsers_AnyBytes_NeverThrow()
    {
        var good = Encoding.UTF8.GetString(new TlogProof(0, [TreeHash.Empty], new Checkpoint(_key.Name, 1, TreeHash.Empty).Sign(_key)).ToString().Select(c => (byte)c).ToArray());
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte.Array[0, 5]).Sample((at, noise) =>
        {
            byte[] bytes = [.. Encoding.UTF8.GetBytes(good[..at]), .. noise, .. Encoding.UTF8.GetBytes(good[at..])];
            TlogProof.TryParse(bytes, out _);
            SignedNote.TryParse(bytes, out _);
            VerifierKey.TryParse(Encoding.Latin1.GetString(bytes), out _);
        }, iter: 2000);
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            TlogProof.TryParse(bytes, out _);
            SignedNote.TryParse(bytes, out _);
        }, iter: 2000);
    }

    [Fact]
    public void FromSeed_OfTheWrongLength_NamesTheKeyAndNotTheSeed()
    {
        var error = Assert.Throws<FormatException>(() => LedgerKey.FromSeed("n", "c2VjcmV0"));
        Assert.DoesNotContain("c2VjcmV0", error.Message, StringComparison.Ordinal);
    }
}
