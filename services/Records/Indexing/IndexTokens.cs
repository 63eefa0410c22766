using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace EdgeMesh.Services.Records.Indexing;

/// <summary>Turns values into keyed 64-bit tokens: the index file tells whether two values are equal, and nothing else of them, to one who
/// lacks the site's key. See docs/decisions/0003-search-index-tokens.md.</summary>
internal sealed class IndexTokens(byte[] key)
{
    /// <summary>Longer text is compared on the sealed facts.</summary>
    public const int PrefixLimit = 8;

    /// <summary>A code under any system.</summary>
    public long Code(string type, string parameter, string code) => Token(type, parameter, "c", code);

    /// <summary>A code under one system; an empty one is "without a system".</summary>
    public long SystemAndCode(string type, string parameter, string system, string code) => Token(type, parameter, "sc", $"{system}|{code}");

    /// <summary>Any code of a system.</summary>
    public long System(string type, string parameter, string system) => Token(type, parameter, "s", system);

    /// <summary>A reference, <c>Type/id</c> or absolute.</summary>
    public long Reference(string type, string parameter, string reference) => Token(type, parameter, "r", reference);

    /// <summary>A reference to an id of whatever type.</summary>
    public long ReferenceId(string type, string parameter, string id) => Token(type, parameter, "i", id);

    /// <summary>Folded text that begins so; not over <see cref="PrefixLimit"/> characters.</summary>
    public long Prefix(string type, string parameter, string folded) => Token(type, parameter, "p", folded);

    /// <summary>Any resource of a patient.</summary>
    public long Compartment(string patient) => Token("*", "compartment", "i", patient);

    /// <summary>Any resource about no patient.</summary>
    public long NoCompartment() => Token("*", "compartment", "n", "");

    private long Token(string type, string parameter, string kind, string value)
    {
        var text = $"{type}\n{parameter}\n{kind}\n{value}";
        Span<byte> bytes = stackalloc byte[512];
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var data = Encoding.UTF8.GetMaxByteCount(text.Length) <= bytes.Length ? bytes[..Encoding.UTF8.GetBytes(text, bytes)] : Encoding.UTF8.GetBytes(text);
        HMACSHA256.HashData(key, data, hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }
}
