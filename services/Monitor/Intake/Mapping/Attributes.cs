using System.Globalization;
using System.Text;
using EdgeMesh.Services.Monitor.Intake.Protos;
using Google.Protobuf.Collections;

namespace EdgeMesh.Services.Monitor.Intake.Mapping;

/// <summary>Attributes as texts, bounded in number, length and depth.</summary>
internal static class Attributes
{
    public const int MostText = 2048;
    private const int MostAttributes = 64;
    private const int MostName = 200;
    private const int MostDepth = 4;

    /// <summary>What names the host that a record came from: told apart from what senders say of their records.</summary>
    private static readonly string[] OwnNames = [Origin.SiteKey, Origin.ServiceKey, "{OriginalFormat}"];

    public static Dictionary<string, string> Read(RepeatedField<KeyValue> attributes, int mostText = MostText)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var attribute in attributes)
        {
            if (fields.Count < MostAttributes && attribute.Key.Length > 0 && !OwnNames.Contains(attribute.Key))
            {
                fields[VisibleText.Of(attribute.Key, MostName)] = Text(attribute.Value, mostText);
            }
        }

        return fields;
    }

    public static string Text(AnyValue? value, int most)
    {
        // What has one text is not written twice.
        if (value?.ValueCase == AnyValue.ValueOneofCase.StringValue)
        {
            return VisibleText.Of(value.StringValue, most);
        }

        var text = new StringBuilder();
        Append(text, value, most, 0);
        return VisibleText.Of(text.ToString(), most);
    }

    private static void Append(StringBuilder text, AnyValue? value, int most, int depth)
    {
        if (depth > MostDepth || text.Length > most)
        {
            text.Append('…');
            return;
        }

        switch (value?.ValueCase)
        {
            case AnyValue.ValueOneofCase.StringValue:
                text.Append(value.StringValue);
                break;
            case AnyValue.ValueOneofCase.BoolValue:
                text.Append(value.BoolValue ? "true" : "false");
                break;
            case AnyValue.ValueOneofCase.IntValue:
                text.Append(CultureInfo.InvariantCulture, $"{value.IntValue}");
                break;
            case AnyValue.ValueOneofCase.DoubleValue:
                text.Append(CultureInfo.InvariantCulture, $"{value.DoubleValue}");
                break;
            case AnyValue.ValueOneofCase.BytesValue:
                text.Append(Convert.ToHexStringLower(value.BytesValue.Span[..Math.Min(value.BytesValue.Length, most)]));
                break;
            case AnyValue.ValueOneofCase.ArrayValue:
                Join(text, '[', value.ArrayValue.Values, ']', most, item => Append(text, item, most, depth + 1));
                break;
            case AnyValue.ValueOneofCase.KvlistValue:
                Join(text, '{', value.KvlistValue.Values, '}', most, item =>
                {
                    text.Append(item.Key).Append('=');
                    Append(text, item.Value, most, depth + 1);
                });
                break;
        }
    }

    private static void Join<T>(StringBuilder text, char open, RepeatedField<T> items, char close, int most, Action<T> append)
    {
        text.Append(open);
        for (var i = 0; i < items.Count && text.Length <= most; i++)
        {
            text.Append(i == 0 ? "" : ", ");
            append(items[i]);
        }

        text.Append(close);
    }
}
