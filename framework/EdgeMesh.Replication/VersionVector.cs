using System.Collections.Immutable;
using System.Globalization;

namespace EdgeMesh.Replication;

/// <summary>How two versions stand to each other.</summary>
public enum VectorOrder
{
    /// <summary>The same version.</summary>
    Equal,

    /// <summary>The left one is an ancestor of the right one.</summary>
    Before,

    /// <summary>The left one descends from the right one.</summary>
    After,

    /// <summary>Neither descends from the other, and they have an ancestor in common.</summary>
    Concurrent,

    /// <summary>They share no ancestor: two documents with one key, never siblings.</summary>
    Unrelated,
}

/// <summary>What a version descends from: for each (site, epoch) how many of its changes. Immutable.</summary>
public sealed class VersionVector : IEquatable<VersionVector>
{
    /// <summary>Descends from nothing.</summary>
    public static readonly VersionVector Empty = new(ImmutableSortedDictionary<(string Site, uint Epoch), long>.Empty);

    private readonly ImmutableSortedDictionary<(string Site, uint Epoch), long> _entries;

    private VersionVector(ImmutableSortedDictionary<(string, uint), long> entries) => _entries = entries;

    /// <summary>The entries, in the order of site and epoch.</summary>
    public IEnumerable<(string Site, uint Epoch, long Counter)> Entries => _entries.Select(e => (e.Key.Site, e.Key.Epoch, e.Value));

    /// <summary>A vector of these entries; counters below 1 are left out.</summary>
    public static VersionVector Of(IEnumerable<(string Site, uint Epoch, long Counter)> entries)
    {
        var builder = ImmutableSortedDictionary.CreateBuilder<(string Site, uint Epoch), long>(Order.Instance);
        foreach (var (site, epoch, counter) in entries)
        {
            if (counter > 0)
            {
                builder[(site, epoch)] = Math.Max(counter, builder.GetValueOrDefault((site, epoch)));
            }
        }

        return builder.Count == 0 ? Empty : new(builder.ToImmutable());
    }

    /// <summary>This vector with one entry set.</summary>
    public VersionVector With(string site, uint epoch, long counter) => Of(Entries.Append((site, epoch, counter)));

    /// <summary>The least vector that descends from both.</summary>
    public VersionVector Merge(VersionVector other) => Of(Entries.Concat(other.Entries));

    /// <summary>How this version stands to another.</summary>
    public VectorOrder CompareTo(VersionVector other)
    {
        bool less = false, more = false, common = false;
        foreach (var key in _entries.Keys.Union(other._entries.Keys))
        {
            long left = _entries.GetValueOrDefault(key), right = other._entries.GetValueOrDefault(key);
            less |= left < right;
            more |= left > right;
            common |= left > 0 && right > 0;
        }

        return (less, more) switch
        {
            (false, false) => VectorOrder.Equal,
            (true, false) => VectorOrder.Before,
            (false, true) => VectorOrder.After,
            _ => common ? VectorOrder.Concurrent : VectorOrder.Unrelated,
        };
    }

    /// <inheritdoc/>
    public bool Equals(VersionVector? other) => other is not null && CompareTo(other) == VectorOrder.Equal;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VersionVector);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary><c>site.epoch:counter</c>, separated by commas, in order.</summary>
    public override string ToString() =>
        string.Join(',', Entries.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Site}.{e.Epoch}:{e.Counter}")));

    private sealed class Order : IComparer<(string Site, uint Epoch)>
    {
        public static readonly Order Instance = new();

        public int Compare((string Site, uint Epoch) x, (string Site, uint Epoch) y) =>
            string.CompareOrdinal(x.Site, y.Site) is var site and not 0 ? site : x.Epoch.CompareTo(y.Epoch);
    }
}
