using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace EdgeMesh.Sidecar.Tests.Fuzz;

/// <summary>Messages of any type whose fields say nonsense.</summary>
internal static class RandomMessage
{
    private static readonly string[] Words =
        ["", "memory", "sqlite", "pubsub", "locks", "settings", "crypto", "files", "nosuch", "alpha", "k", "a||b", "../x", "\0", "\ud83d\ude00", "%", "get", "upsert", "@every 1h", "PT1S", "-1", "99999999999", "{\"a\":1}", "[", "A256KW", "raw"];

    public static IMessage Of(MessageDescriptor type, Random random) => Fill(type, random, 3);

    private static IMessage Fill(MessageDescriptor type, Random random, int depth)
    {
        var message = type.Parser.ParseFrom(ByteString.Empty);
        foreach (var field in type.Fields.InDeclarationOrder().Where(_ => random.Next(3) > 0))
        {
            if (field.IsMap)
            {
                // In bytes: the map's own type is not known here.
                continue;
            }

            if (field.IsRepeated)
            {
                var list = (System.Collections.IList)field.Accessor.GetValue(message);
                for (var i = random.Next(4); i > 0 && Value(field, random, depth) is { } item; i--)
                {
                    list.Add(item);
                }
            }
            else if (Value(field, random, depth) is { } value)
            {
                field.Accessor.SetValue(message, value);
            }
        }

        return message;
    }

    /// <summary>Null: nested too deep.</summary>
    private static object? Value(FieldDescriptor field, Random random, int depth) => field.FieldType switch
    {
        FieldType.String => Words[random.Next(Words.Length)],
        FieldType.Bytes => ByteString.CopyFromUtf8(Words[random.Next(Words.Length)]),
        FieldType.Bool => random.Next(2) == 0,
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => new[] { 0, 1, -1, int.MaxValue, int.MinValue }[random.Next(5)],
        FieldType.UInt32 or FieldType.Fixed32 => new[] { 0u, 1u, uint.MaxValue }[random.Next(3)],
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => new[] { 0L, 1L, -1L, long.MaxValue, long.MinValue }[random.Next(5)],
        FieldType.UInt64 or FieldType.Fixed64 => new[] { 0UL, 1UL, ulong.MaxValue }[random.Next(3)],
        FieldType.Float => 1.5f,
        FieldType.Double => new[] { 0d, double.NaN, double.PositiveInfinity }[random.Next(3)],
        FieldType.Enum => Enum.ToObject(field.EnumType.ClrType, random.Next(-1, 6)),
        FieldType.Message => depth == 0 ? null : Fill(field.MessageType, random, depth - 1),
        _ => null,
    };
}
