using Serilog.Events;

namespace EdgeMesh.Telemetry;

/// <summary>How much of the memory an event keeps while it waits: roughly, by the characters of its values. A program may capture whole objects.</summary>
internal static class EventSize
{
    /// <summary>An event of more does not wait: so a full queue keeps no more than some 16 MiB.</summary>
    public const int Limit = 2048;

    /// <summary>What a value that is no text takes, in characters.</summary>
    private const int Plain = 16;

    public static bool IsLarge(LogEvent logEvent)
    {
        var room = Limit;
        foreach (var (_, value) in logEvent.Properties)
        {
            room = Take(room, value);
        }

        return room < 0;
    }

    /// <summary>What is left of the room; looks at no more than there is room for.</summary>
    private static int Take(int room, LogEventPropertyValue value) => room < 0 ? room : value switch
    {
        ScalarValue { Value: string text } => room - text.Length,
        SequenceValue list => list.Elements.Aggregate(room, Take),
        StructureValue structure => structure.Properties.Aggregate(room, (left, property) => Take(left, property.Value)),
        DictionaryValue map => map.Elements.Aggregate(room, (left, pair) => Take(Take(left, pair.Key), pair.Value)),
        _ => room - Plain,
    };
}
