namespace EdgeMesh.Services.Functions.Triggers.Topics;

/// <summary>Messages that come again because not every function could take them, with those that have. In memory, and bounded: after a crash, or beyond the bound,
/// a function gets such a message again, under the same key.</summary>
internal sealed class PartlyTaken
{
    private const int MostMessages = 10_000;

    private readonly Lock _gate = new();
    private readonly OrderedDictionary<(string Topic, string Source, string Id), HashSet<string>> _taken = [];

    public bool IsTakenBy(TopicMessage message, string function)
    {
        lock (_gate)
        {
            return _taken.TryGetValue((message.Topic, message.Source, message.Id), out var functions) && functions.Contains(function);
        }
    }

    public void Add(TopicMessage message, IEnumerable<string> functions)
    {
        lock (_gate)
        {
            if (!_taken.TryGetValue((message.Topic, message.Source, message.Id), out var known))
            {
                _taken[(message.Topic, message.Source, message.Id)] = known = new HashSet<string>(StringComparer.Ordinal);
            }

            known.UnionWith(functions);
            if (_taken.Count > MostMessages)
            {
                _taken.RemoveAt(0);
            }
        }
    }

    public void Forget(TopicMessage message)
    {
        lock (_gate)
        {
            _taken.Remove((message.Topic, message.Source, message.Id));
        }
    }
}
