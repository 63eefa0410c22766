using System.Collections.Immutable;
using EdgeMesh.Functions;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>A bundle of which documents are here.</summary>
/// <param name="Statement">What it is, verified.</param>
/// <param name="Sources">The sites whose documents hold its module, and in how many pieces.</param>
internal sealed record KnownBundle(BundleStatement Statement, ImmutableSortedDictionary<string, int> Sources)
{
    public string Digest { get; } = Statement.Digest;

    public FunctionManifest Manifest => Statement.Manifest;
}

/// <summary>What is known of a function.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Words">The latest word of each site.</param>
internal sealed record KnownFunction(string Name, ImmutableSortedDictionary<string, Deployment> Words)
{
    /// <summary>The word that is obeyed.</summary>
    public Deployment Word { get; } = Words.Values.Aggregate((a, b) => Deployment.Compare(a, b) >= 0 ? a : b);
}

/// <summary>What the mesh's deployers said, and how far each site is with it, as far as it has come here. Derived from the journal; a follower moves it, everybody reads it.</summary>
internal sealed class Catalog(string site, IReadOnlyDictionary<string, string> labels)
{
    private readonly Lock _gate = new();
    private volatile ImmutableDictionary<string, KnownFunction> _functions = ImmutableDictionary<string, KnownFunction>.Empty;
    private volatile ImmutableDictionary<string, KnownBundle> _bundles = ImmutableDictionary<string, KnownBundle>.Empty;

    private volatile ImmutableDictionary<string, ImmutableSortedDictionary<string, RolloutBody>> _rollouts = ImmutableDictionary<string, ImmutableSortedDictionary<string, RolloutBody>>.Empty;

    /// <summary>Told after a change with the function's name. Must return at once.</summary>
    public event Action<string>? Changed;

    public IEnumerable<KnownFunction> Functions => _functions.Values;

    public IEnumerable<KnownBundle> Bundles => _bundles.Values;

    /// <summary>The versions of a function that are known here.</summary>
    public IEnumerable<KnownBundle> BundlesOf(string function) => _bundles.Values.Where(b => b.Manifest.Name == function);

    public KnownFunction? Find(string function) => _functions.GetValueOrDefault(function);

    public KnownBundle? FindBundle(string? digest) => digest is null ? null : _bundles.GetValueOrDefault(digest);

    /// <summary>How far a site is with a function; null: nothing was heard.</summary>
    public RolloutBody? Rollout(string at, string function) => Rollouts(function).GetValueOrDefault(at);

    /// <summary>How far each site is with a function.</summary>
    public ImmutableSortedDictionary<string, RolloutBody> Rollouts(string function) =>
        _rollouts.GetValueOrDefault(function) ?? ImmutableSortedDictionary<string, RolloutBody>.Empty;

    /// <summary>The bundle that a function's word names, when it is here and meant for this site.</summary>
    public KnownBundle? BundleHere(KnownFunction function) => Named(function) is { } bundle && IsFor(bundle) ? bundle : null;

    /// <summary>The sites at which a function's word is tried first, while others keep what they run: those that it names, or where it names none those
    /// that its bundle is meant for, by name or as they were heard of.</summary>
    public IReadOnlyList<string> TriesFirst(KnownFunction function)
    {
        var word = function.Word;
        return !word.Canary.Sites.IsEmpty ? word.Canary.Sites
            : word.Canary.IsNone || Named(function) is not { } bundle ? []
            : bundle.Manifest.Targets.Sites is { Count: > 0 } named ? named
            : [.. Rollouts(function.Name).Where(r => r.Value.State is { Phase: not RolloutPhase.Waiting } s && (s.Stable == word.Bundle || s.Candidate == word.Bundle)).Select(r => r.Key)];
    }

    /// <summary>Whether the bundle that a function's word names is here and meant for other sites alone.</summary>
    public bool IsForOthers(KnownFunction function) => Named(function) is { } bundle && !IsFor(bundle);

    public bool IsFor(KnownBundle bundle) => bundle.Manifest.Targets.Include(site, labels);

    private KnownBundle? Named(KnownFunction function) => FindBundle(function.Word.Bundle) is { } bundle && bundle.Manifest.Name == function.Name ? bundle : null;

    public void Put(string from, Deployment word)
    {
        lock (_gate)
        {
            var words = _functions.GetValueOrDefault(word.Function)?.Words ?? ImmutableSortedDictionary<string, Deployment>.Empty;
            if (words.TryGetValue(from, out var known) && Deployment.Compare(known, word) >= 0)
            {
                // Replayed: a site's document may go back, what was seen does not.
                return;
            }

            _functions = _functions.SetItem(word.Function, new KnownFunction(word.Function, words.SetItem(from, word)));
        }

        Changed?.Invoke(word.Function);
    }

    public void Put(string from, BundleStatement statement, int parts)
    {
        lock (_gate)
        {
            var sources = _bundles.GetValueOrDefault(statement.Digest)?.Sources ?? ImmutableSortedDictionary<string, int>.Empty;
            _bundles = _bundles.SetItem(statement.Digest, new KnownBundle(statement, sources.SetItem(from, parts)));
        }

        // A word may have come before its bundle.
        if (_functions.ContainsKey(statement.Manifest.Name))
        {
            Changed?.Invoke(statement.Manifest.Name);
        }
    }

    /// <param name="of">The site whose rollout it is.</param>
    /// <param name="rollout">How far it is.</param>
    public void Put(string of, RolloutBody rollout)
    {
        lock (_gate)
        {
            // A core and the site itself may bring it, in any order.
            if (Rollout(of, rollout.State.Function)?.Frontier is { } known && rollout.Frontier is { } frontier && known.Includes(frontier))
            {
                return;
            }

            _rollouts = _rollouts.SetItem(rollout.State.Function, Rollouts(rollout.State.Function).SetItem(of, rollout));
        }

        Changed?.Invoke(rollout.State.Function);
    }

    /// <summary>A site's documents of a bundle are gone.</summary>
    public void Remove(string from, string hex)
    {
        lock (_gate)
        {
            if (_bundles.Values.FirstOrDefault(b => b.Digest.EndsWith(hex, StringComparison.Ordinal)) is { } bundle)
            {
                var sources = bundle.Sources.Remove(from);
                _bundles = sources.IsEmpty ? _bundles.Remove(bundle.Digest) : _bundles.SetItem(bundle.Digest, bundle with { Sources = sources });
            }
        }
    }
}
