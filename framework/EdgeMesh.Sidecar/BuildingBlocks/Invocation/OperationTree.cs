using System.IO.Enumeration;

namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>The operations of one policy, looked up as daprd does: segment by segment the first in the file that fits, without a second try. The
/// first operation that is met on the way decides, also about all that is below it.</summary>
internal sealed class OperationTree
{
    private const string OneSegment = "*";
    private const string AnySegments = "**";

    private readonly Node _root = new("");

    public OperationTree(IEnumerable<AccessOperation> operations)
    {
        foreach (var operation in operations)
        {
            var node = operation.Path.Aggregate(_root, (parent, segment) => parent.Below(segment));
            node.Operation ??= operation;
        }
    }

    /// <summary>Null: none is about that path.</summary>
    public AccessOperation? Find(ReadOnlySpan<string> path, bool ignoresCase)
    {
        var node = _root;
        for (var at = 0; at < path.Length; at++)
        {
            if (node.Find(path[at], isLast: at == path.Length - 1, ignoresCase) is not { } next)
            {
                return null;
            }

            if (next.Operation is { } operation)
            {
                return operation;
            }

            node = next;
        }

        // What is about all below a path is about the path, too.
        return node.Find(OneSegment, isLast: true, ignoresCase)?.Operation;
    }

    /// <param name="name">A segment; <c>*</c> in it stands for any characters, alone for one last segment, and <c>**</c> for all that follow.</param>
    private sealed class Node(string name)
    {
        private readonly List<Node> _below = [];

        public AccessOperation? Operation { get; set; }

        /// <summary>The node of that name, made where there is none.</summary>
        public Node Below(string segment)
        {
            if (_below.Find(n => n.Name == segment) is not { } node)
            {
                _below.Add(node = new Node(segment));
            }

            return node;
        }

        public Node? Find(string segment, bool isLast, bool ignoresCase) => _below.Find(n => n.Fits(segment, isLast, ignoresCase));

        private string Name => name;

        private bool Fits(string segment, bool isLast, bool ignoresCase) => name switch
        {
            OneSegment => isLast,
            AnySegments => true,
            _ => FileSystemName.MatchesSimpleExpression(name, segment, ignoresCase),
        };
    }
}
