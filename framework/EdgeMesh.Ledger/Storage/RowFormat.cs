using System.Security.Cryptography;

namespace EdgeMesh.Ledger.Storage;

/// <summary>A row on disk: version (1) ‖ kind (1) ‖ fields ‖ the first 8 bytes of the SHA-256 of all that.</summary>
internal static class RowFormat
{
    private const byte FormatVersion = 1;
    private const int HeaderLength = 2;
    private const int SumLength = 8;

    public static byte[] Write(char kind, Action<BinaryWriter> fields)
    {
        using var buffer = new MemoryStream();
        using (var writer = new BinaryWriter(buffer, System.Text.Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(FormatVersion);
            writer.Write((byte)kind);
            fields(writer);
        }

        buffer.Write(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)).AsSpan(0, SumLength));
        return buffer.ToArray();
    }

    /// <exception cref="LedgerHaltedException">The row is damaged or of another format.</exception>
    public static T Read<T>(string key, char kind, ReadOnlyMemory<byte> row, Func<BinaryReader, T> fields)
    {
        if (row.Length < HeaderLength + SumLength || !SHA256.HashData(row.Span[..^SumLength]).AsSpan(0, SumLength).SequenceEqual(row.Span[^SumLength..]))
        {
            throw new LedgerHaltedException($"The row '{key}' is damaged: its checksum does not hold. Restore the store that holds it.");
        }

        if (row.Span[0] != FormatVersion || row.Span[1] != kind)
        {
            throw new LedgerHaltedException($"The row '{key}' is of a newer format. Run the version that wrote it.");
        }

        using var buffer = new MemoryStream(row[HeaderLength..^SumLength].ToArray());
        using var reader = new BinaryReader(buffer);
        try
        {
            return fields(reader);
        }
        catch (Exception error) when (error is EndOfStreamException or FormatException or ArgumentException)
        {
            throw new LedgerHaltedException($"The row '{key}' can't be read: {error.Message}");
        }
    }

    public static void WriteBytes(this BinaryWriter writer, ReadOnlySpan<byte> bytes)
    {
        writer.Write7BitEncodedInt(bytes.Length);
        writer.Write(bytes);
    }

    public static byte[] ReadBytesExactly(this BinaryReader reader)
    {
        var length = reader.Read7BitEncodedInt();
        var bytes = reader.ReadBytes(length);
        return bytes.Length == length ? bytes : throw new EndOfStreamException();
    }

    public static void WriteHash(this BinaryWriter writer, LogHash hash) => writer.Write(hash.ToArray());

    public static LogHash ReadHash(this BinaryReader reader) => new(reader.ReadBytes(LogHash.Length));
}
