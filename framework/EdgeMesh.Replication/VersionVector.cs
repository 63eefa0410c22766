using System.Collections.Immutable;
using System.Globalization;

namespace EdgeMesh.Replication;

/// <summary>How two versions stand to each other.</summary>
internal enum VectorOrder
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

/// <summary>One entry of a <see cref="VersionVector"/>.</summary>
/// <param name="Site">The site whose changes are counted.</param>
/// <param name="Epoch">The epoch of its journal.</param>
/// <param name="Counter">How many of its changes, at least 1.</param>
public readonly record struct VectorEntry(string Site, uint Epoch, long Counter);

/// <summary>What a version descends from: for each (site, epoch) how many of its changes. Immutable; entries in ordinal order of site,
/// then epoch, so equal vectors have one text and one binary form.</summary>
public sealed class VersionVector : IEquatable<VersionVector>
{
    /// <summary>Descends from nothing.</summary>
    public static readonly VersionVector Empty = new([]);

    private readonly ImmutableArray<VectorEntry> _entries;

    private VersionVector(ImmutableArray<VectorEntry> entries) => _entries = entries;

    /// <summary>The entries, in order.</summary>
    public ImmutableArray<VectorEntry> Entries => _entries;

    /// <summary>Whether it descends from nothing.</summary>
    public bool IsEmpty => _entries.IsEmpty;

    /// <summary>The counter of a site's epoch; 0 when there is none.</summary>
    public long this[string site, uint epoch]
    {
        get
        {
            foreach (var entry in _entries)
            {
                if (entry.Epoch == epoch && entry.Site == site)
                {
                    return entry.Counter;
                }
            }

            return 0;
        }
    }

    /// <summary>A vector of these entries; of two for one (site, epoch) the higher counts.</summary>
    /// <exception cref="ArgumentException">A site has no name or a counter is below 1.</exception>
    public static VersionVector Of(IEnumerable<VectorEntry> entries)
    {
        var sorted = entries.ToList();
        foreach (var entry in sorted)
        {
            if (string.IsNullOrEmpty(entry.Site) || entry.Counter < 1)
            {
                throw new ArgumentException($"'{entry.Site}.{entry.Epoch}:{entry.Counter}' is no entry of a version vector.", nameof(entries));
            }
        }

        sorted.Sort(Compare);
        var kept = ImmutableArray.CreateBuilder<VectorEntry>(sorted.Count);
        for (var i = 0; i < sorted.Count; i++)
        {
            // Sorted with the highest counter last among equals.
            if (i + 1 == sorted.Count || !SameCounter(sorted[i], sorted[i + 1]))
            {
                kept.Add(sorted[i]);
            }
        }

        return kept.Count == 0 ? Empty : new VersionVector(kept.ToImmutable());
    }

    /// <summary>This vector with the counter of a site's epoch raised to <paramref name="counter"/>.</summary>
    public VersionVector With(string site, uint epoch, long counter) => Of(_entries.Append(new VectorEntry(site, epoch, counter)));

    /// <summary>This vector with the counter of a site's epoch raised by one.</summary>
    public VersionVector Increment(string site, uint epoch) => With(site, epoch, this[site, epoch] + 1);

    /// <summary>The least vector that descends from both.</summary>
    public VersionVector Merge(VersionVector other) =>
        other.IsEmpty ? this : IsEmpty ? other : Of(_entries.Concat(other._entries));

    /// <summary>How this version stands to another.</summary>
    internal VectorOrder CompareTo(VersionVector other)
    {
        bool less = false, more = false, common = false;
        int i = 0, j = 0;
        while (i < _entries.Length || j < other._entries.Length)
        {
            var side = i == _entries.Length ? 1 : j == other._entries.Length ? -1 : CompareKeys(_entries[i], other._entries[j]);
            if (side == 0)
            {
                common = true;
                less |= _entries[i].Counter < other._entries[j].Counter;
                more |= _entries[i].Counter > other._entries[j].Counter;
            }

            less |= side > 0;
            more |= side < 0;
            i += side <= 0 ? 1 : 0;
            j += side >= 0 ? 1 : 0;
        }

        return (less, more) switch
        {
            (false, false) => VectorOrder.Equal,
            (true, false) => VectorOrder.Before,
            (false, true) => VectorOrder.After,
            _ => common ? VectorOrder.Concurrent : VectorOrder.Unrelated,
        };
    }

    /// <summary>Whether this version is <paramref name="other"/> or descends from it.</summary>
    public bool Includes(VersionVector other) => CompareTo(other) is VectorOrder.Equal or VectorOrder.After;

    /// <inheritdoc/>
    public bool Equals(VersionVector? other) => other is not null && _entries.AsSpan().SequenceEqual(other._entries.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VersionVector);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var entry in _entries)
        {
            hash.Add(entry);
        }

        return hash.ToHashCode();
    }

    /// <summary>The canonical text: <c>site.epoch:counter</c> separated by commas, in order; empty for <see cref="Empty"/>.</summary>
    public override string ToString() =>
        string.Join(',', _entries.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Site}.{e.Epoch}:{e.Counter}")));

    /// <summary>Reads the canonical text; every other spelling of a vector is refused.</summary>
    public static bool TryParse(string? text, out VersionVector vector)
    {
        vector = Empty;
        if (text is null)
        {
            return false;
        }

        var entries = new List<VectorEntry>();
        foreach (var part in text.Length == 0 ? [] : text.Split(','))
        {
            if (!TryParseEntry(part, out var entry))
            {
                return false;
            }

            entries.Add(entry);
        }

        vector = Of(entries);
        return vector.ToString() == text;
    }

    private static bool TryParseEntry(string text, out VectorEntry entry)
    {
        entry = default;
        var colon = text.LastIndexOf(':');
        var dot = colon < 0 ? -1 : text.LastIndexOf('.', colon);
        if (dot <= 0
            || !uint.TryParse(text.AsSpan(dot + 1, colon - dot - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            || !long.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var counter)
            || counter < 1)
        {
            return false;
        }

        entry = new VectorEntry(text[..dot], epoch, counter);
        return true;
    }

    private static int Compare(VectorEntry left, VectorEntry right) =>
        CompareKeys(left, right) is var order and not 0 ? order : left.Counter.CompareTo(right.Counter);

    private static int CompareKeys(VectorEntry left, VectorEntry right) =>
        string.CompareOrdinal(left.Site, right.Site) is var site and not 0 ? site : left.Epoch.CompareTo(right.Epoch);

    private static bool SameCounter(VectorEntry left, VectorEntry right) => CompareKeys(left, right) == 0;
}
