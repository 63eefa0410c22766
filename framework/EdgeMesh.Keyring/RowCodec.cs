namespace EdgeMesh.Keyring;

/// <summary>The bytes of rows, before they are sealed: a version, then fields. A newer version is refused, never guessed at.</summary>
internal static class RowCodec
{
    private const byte FormatVersion = 1;
    private const byte Live = 1;
    private const byte Erased = 2;

    /// <summary>What stays of an erased key: that it was erased.</summary>
    public static readonly byte[] Tombstone = [FormatVersion, Erased];

    public static bool IsTombstone(ReadOnlySpan<byte> row) => row.SequenceEqual(Tombstone);

    public static byte[] WriteKey(DataKey key) => Write(writer =>
    {
        writer.Write(Live);
        writer.Write(key.Secret);
        writer.Write(key.Scope.Subject);
        writer.Write(key.Scope.Class);
    });

    /// <summary>Null: not a key.</summary>
    public static DataKey? ReadKey(byte[] id, byte[] row) => Read(row, reader =>
    {
        if (reader.ReadByte() != Live)
        {
            return null;
        }

        var secret = reader.ReadBytes(DataKey.SecretLength);
        return secret.Length == DataKey.SecretLength ? new DataKey(id, secret, new KeyScope(reader.ReadString(), reader.ReadString())) : null;
    });

    public static byte[] WriteSubject(IReadOnlyList<SubjectKey> keys) => Write(writer =>
    {
        writer.Write7BitEncodedInt(keys.Count);
        foreach (var key in keys)
        {
            writer.Write(key.Id);
            writer.Write(key.Class);
            writer.Write7BitEncodedInt(key.Generation);
        }
    });

    public static IReadOnlyList<SubjectKey>? ReadSubject(byte[] row) => Read(row, reader =>
    {
        var keys = new List<SubjectKey>();
        for (var left = reader.Read7BitEncodedInt(); left > 0; left--)
        {
            keys.Add(new SubjectKey(reader.ReadString(), reader.ReadString(), reader.Read7BitEncodedInt()));
        }

        return keys;
    });

    private static byte[] Write(Action<BinaryWriter> fields)
    {
        using var buffer = new MemoryStream();
        using (var writer = new BinaryWriter(buffer))
        {
            writer.Write(FormatVersion);
            fields(writer);
        }

        return buffer.ToArray();
    }

    private static T? Read<T>(byte[] row, Func<BinaryReader, T?> fields)
        where T : class
    {
        using var buffer = new MemoryStream(row);
        using var reader = new BinaryReader(buffer);
        try
        {
            return reader.ReadByte() == FormatVersion && fields(reader) is { } read && buffer.Position == buffer.Length ? read : null;
        }
        catch (Exception error) when (error is EndOfStreamException or FormatException)
        {
            return null;
        }
    }
}
