using System.Runtime.InteropServices;

namespace EdgeMesh.Ledger;

/// <summary>A SHA-256 hash of the tree: 32 bytes, compared by value.</summary>
public readonly struct LogHash : IEquatable<LogHash>
{
    /// <summary>Its length in bytes.</summary>
    public const int Length = 32;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    /// <summary>Reads a hash.</summary>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public LogHash(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            throw new ArgumentException($"A hash is {Length} bytes, not {bytes.Length}.", nameof(bytes));
        }

        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        (_a, _b, _c, _d) = (words[0], words[1], words[2], words[3]);
    }

    /// <summary>Whether two hashes are the same.</summary>
    public static bool operator ==(LogHash left, LogHash right) => left.Equals(right);

    /// <summary>Whether two hashes differ.</summary>
    public static bool operator !=(LogHash left, LogHash right) => !left.Equals(right);

    /// <summary>Reads 44 characters of canonical base64.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out LogHash hash)
    {
        Span<byte> bytes = stackalloc byte[Length + 1];
        if (text.Length == 44 && Convert.TryFromBase64Chars(text, bytes, out var length) && length == Length)
        {
            hash = new LogHash(bytes[..Length]);
            // Base64 of 32 bytes has two spare bits: only the form with both zero is canonical.
            return text.SequenceEqual(hash.ToString());
        }

        hash = default;
        return false;
    }

    /// <summary>Writes its 32 bytes.</summary>
    public void CopyTo(Span<byte> target)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(target[..Length]);
        (words[0], words[1], words[2], words[3]) = (_a, _b, _c, _d);
    }

    /// <summary>Its bytes, in a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public bool Equals(LogHash other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is LogHash other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _a.GetHashCode();

    /// <summary>Base64.</summary>
    public override string ToString() => Convert.ToBase64String(ToArray());
}
