using System.Buffers;

namespace EdgeMesh.Replication.Writing;

/// <summary>Puts several small bodies of a batch into one value: a commit of many small documents costs few writes, and reading one
/// document reads at most <see cref="PackBytes"/>.</summary>
internal sealed class BodyPacker(Func<string, int, string> keyOf)
{
    private const int PackBytes = 64 * 1024;

    private readonly List<KeyValuePair<string, ReadOnlyMemory<byte>>> _values = [];
    private ArrayBufferWriter<byte>? _pack;
    private int _packs;
    private int _alone;

    /// <summary>Places a body; null for an empty one.</summary>
    public Wire.BodyRef? Place(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
        {
            return null;
        }

        if (body.Length > PackBytes / 2)
        {
            return PlaceAlone(body);
        }

        if (_pack is null || _pack.WrittenCount + body.Length > PackBytes)
        {
            ClosePack();
            _pack = new ArrayBufferWriter<byte>(Math.Max(body.Length, 4 * 1024));
        }

        var place = new Wire.BodyRef { Key = keyOf("pack", _packs), Offset = _pack.WrittenCount, Length = body.Length };
        _pack.Write(body.Span);
        return place;
    }

    /// <summary>Places a body in a value of its own, so that it can be deleted by itself.</summary>
    public Wire.BodyRef? PlaceAlone(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
        {
            return null;
        }

        var key = keyOf("body", _alone++);
        _values.Add(new(key, body));
        return new Wire.BodyRef { Key = key, Length = body.Length };
    }

    /// <summary>Adds a value that is no body.</summary>
    public void Add(string key, ReadOnlyMemory<byte> value) => _values.Add(new(key, value));

    /// <summary>All values, to be written.</summary>
    public IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> Close()
    {
        ClosePack();
        return _values;
    }

    private void ClosePack()
    {
        if (_pack is not null)
        {
            // The journal keeps recent values in memory: a few small bodies must not keep the whole pack alive.
            _values.Add(new(keyOf("pack", _packs++), _pack.WrittenCount > _pack.Capacity / 2 ? _pack.WrittenMemory : _pack.WrittenSpan.ToArray()));
            _pack = null;
        }
    }
}
