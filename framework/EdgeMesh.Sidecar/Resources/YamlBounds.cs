using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EdgeMesh.Sidecar.Resources;

/// <summary>A YAML file may be small and stand for very much: aliases multiply what they name, and nested lists use up the stack of whoever
/// reads them. What is over these bounds is not read.</summary>
internal static class YamlBounds
{
    /// <summary>Bytes of a file.</summary>
    public const int Size = 4 << 20;
    private const int Depth = 100;

    /// <summary>Nodes, those counted for each alias again that it stands for.</summary>
    private const long Nodes = 200_000;

    /// <exception cref="YamlException">It is no YAML, or over a bound.</exception>
    public static void Check(string text)
    {
        var parser = new Parser(new StringReader(text));
        var open = new Stack<(string? Anchor, long Nodes)>();
        var anchors = new Dictionary<string, long>(StringComparer.Ordinal);
        open.Push((null, 0));
        while (MoveNext(parser))
        {
            switch (parser.Current)
            {
                case MappingStart or SequenceStart when open.Count > Depth:
                    throw Over(parser.Current, $"it is nested more than {Depth} deep");
                case NodeEvent start and (MappingStart or SequenceStart):
                    open.Push((Name(start), 1));
                    break;
                case MappingEnd or SequenceEnd:
                    var ended = open.Pop();
                    Count(parser.Current, ended.Anchor, ended.Nodes);
                    break;
                case Scalar scalar:
                    Count(scalar, Name(scalar), 1);
                    break;
                case AnchorAlias alias:
                    Count(alias, null, anchors.TryGetValue(alias.Value.Value, out var named) ? named : throw Over(alias, $"the alias '{alias.Value.Value}' names nothing before it"));
                    break;
            }
        }

        void Count(ParsingEvent at, string? anchor, long nodes)
        {
            if (anchor is not null)
            {
                anchors[anchor] = nodes;
            }

            var (name, before) = open.Pop();
            open.Push((name, before + nodes));
            if (before + nodes > Nodes)
            {
                throw Over(at, $"it stands for more than {Nodes} values");
            }
        }
    }

    private static bool MoveNext(Parser parser)
    {
        try
        {
            return parser.MoveNext();
        }
        catch (Exception error) when (error is not YamlException)
        {
            // At some texts the library stumbles over itself.
            var at = parser.Current?.End ?? Mark.Empty;
            throw new YamlException(at, at, "it can't be read from here on", error);
        }
    }

    private static string? Name(NodeEvent node) => node.Anchor.IsEmpty ? null : node.Anchor.Value;

    private static YamlException Over(ParsingEvent at, string reason) => new(at.Start, at.End, reason);
}
