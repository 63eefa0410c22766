using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Resources;

/// <summary>The bytes that are sealed for a version: a format byte, the facts, the resource's JSON. The JSON has no
/// <c>meta.versionId</c> and no <c>meta.lastUpdated</c>; both follow from the commit and are put in when the resource is read.</summary>
internal static class StoredBody
{
    private const byte Format = 1;
    private const char Separator = '\n';

    /// <summary>What binds an envelope to its document: a body moved to another key does not open.</summary>
    public static byte[] AssociatedData(DocumentKey key) => Encoding.UTF8.GetBytes(key.ToString());

    public static byte[] Encode(ResourceFacts facts, ReadOnlySpan<byte> json)
    {
        var patients = Encoding.UTF8.GetBytes(string.Join(Separator, facts.Patients));
        var labels = Encoding.UTF8.GetBytes(string.Join(Separator, facts.Labels));
        var body = new byte[5 + patients.Length + labels.Length + json.Length];
        body[0] = Format;
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(1), checked((ushort)patients.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(3), checked((ushort)labels.Length));
        patients.CopyTo(body, 5);
        labels.CopyTo(body, 5 + patients.Length);
        json.CopyTo(body.AsSpan(5 + patients.Length + labels.Length));
        return body;
    }

    /// <exception cref="InvalidDataException">The body was not written by <see cref="Encode"/>.</exception>
    public static (ResourceFacts Facts, ReadOnlyMemory<byte> Json) Decode(ReadOnlyMemory<byte> body)
    {
        var span = body.Span;
        if (span.Length < 5 || span[0] != Format)
        {
            throw new InvalidDataException("The body's format is not known here: it was written by a newer version.");
        }

        int patients = BinaryPrimitives.ReadUInt16LittleEndian(span[1..]), labels = BinaryPrimitives.ReadUInt16LittleEndian(span[3..]);
        var facts = new ResourceFacts(Split(span.Slice(5, patients)), Split(span.Slice(5 + patients, labels)));
        return (facts, body[(5 + patients + labels)..]);
    }

    private static ImmutableArray<string> Split(ReadOnlySpan<byte> text) =>
        text.IsEmpty ? [] : [.. Encoding.UTF8.GetString(text).Split(Separator)];
}
