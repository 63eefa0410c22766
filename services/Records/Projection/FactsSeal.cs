using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Resources;

namespace EdgeMesh.Services.Records.Projection;

/// <summary>Seals what a row must know but nobody may read in the file: patients, labels, dates, names. AES-256-GCM under a key derived
/// from the site's; the key's bytes bind it to its row by the document's key.</summary>
internal sealed class FactsSeal(byte[] key) : IDisposable
{
    private const byte Format = 1;
    private const int NonceLength = 12;
    private const int TagLength = 16;

    // The platform's object is not for concurrent use; one for each thread that seals or opens.
    private readonly ThreadLocal<AesGcm> _cipher = new(() => new AesGcm(key, TagLength), trackAllValues: true);

    public byte[] Seal(IndexEntry entry)
    {
        var plain = Write(entry);
        var sealedFacts = new byte[NonceLength + TagLength + plain.Length];
        RandomNumberGenerator.Fill(sealedFacts.AsSpan(0, NonceLength));
        _cipher.Value!.Encrypt(
            sealedFacts.AsSpan(0, NonceLength), plain, sealedFacts.AsSpan(NonceLength + TagLength), sealedFacts.AsSpan(NonceLength, TagLength), Bound(entry.Key));
        return sealedFacts;
    }

    /// <exception cref="CryptographicException">The row was altered, or the site's key is another: the projection must be rebuilt.</exception>
    public IndexEntry Open(DocumentKey document, ReadOnlySpan<byte> sealedFacts, ImmutableArray<long> tokens)
    {
        var plain = new byte[sealedFacts.Length - NonceLength - TagLength];
        _cipher.Value!.Decrypt(sealedFacts[..NonceLength], sealedFacts[(NonceLength + TagLength)..], sealedFacts.Slice(NonceLength, TagLength), plain, Bound(document));
        return Read(document, plain, tokens);
    }

    public void Dispose()
    {
        foreach (var cipher in _cipher.Values)
        {
            cipher.Dispose();
        }

        _cipher.Dispose();
    }

    private static byte[] Bound(DocumentKey document) => Encoding.UTF8.GetBytes(document.ToString());

    private static byte[] Write(IndexEntry entry)
    {
        using var stream = new MemoryStream(256);
        using var writer = new BinaryWriter(stream);
        writer.Write(Format);
        Write(writer, entry.Facts.Patients);
        Write(writer, entry.Facts.Labels);
        Write(writer, entry.Names);
        Write(writer, entry.Supporting);
        writer.Write7BitEncodedInt(entry.Dates.Length);
        foreach (var date in entry.Dates)
        {
            writer.Write(date.From);
            writer.Write(date.Until);
        }

        return stream.ToArray();
    }

    private static IndexEntry Read(DocumentKey document, byte[] plain, ImmutableArray<long> tokens)
    {
        using var reader = new BinaryReader(new MemoryStream(plain));
        if (reader.ReadByte() != Format)
        {
            throw new CryptographicException("The row's format is not known here.");
        }

        ImmutableArray<string> patients = Texts(reader), labels = Texts(reader), names = Texts(reader), supporting = Texts(reader);
        var dates = new DateSpan[reader.Read7BitEncodedInt()];
        for (var i = 0; i < dates.Length; i++)
        {
            dates[i] = new DateSpan(reader.ReadInt64(), reader.ReadInt64());
        }

        return new IndexEntry(document, new ResourceFacts(patients, labels), tokens, [.. dates], names, supporting);
    }

    private static void Write(BinaryWriter writer, ImmutableArray<string> texts)
    {
        writer.Write7BitEncodedInt(texts.Length);
        foreach (var text in texts)
        {
            writer.Write(text);
        }
    }

    private static ImmutableArray<string> Texts(BinaryReader reader)
    {
        var texts = new string[reader.Read7BitEncodedInt()];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = reader.ReadString();
        }

        return [.. texts];
    }
}
