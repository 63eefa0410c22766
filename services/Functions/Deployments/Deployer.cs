using System.Text;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Running;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>What came of taking something from a deployer.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">Stable; null when it was taken.</param>
/// <param name="Detail">What is wrong, and what to do.</param>
internal sealed record DeployAnswer(int Status, string? Code = null, string? Detail = null)
{
    public static readonly DeployAnswer Taken = new(StatusCodes.Status201Created);
    public static readonly DeployAnswer Known = new(StatusCodes.Status200OK);
}

/// <summary>Takes bundles and deployments: verifies them and writes them to this site's journal, from where every site takes them. What it
/// answered with success is on disk; a crash before leaves nothing, or pieces of a bundle that nobody names.</summary>
internal sealed class Deployer(
    Journal changes, FollowerLoop following, Catalog catalog, ModuleParts modules, LoadedFunctions loaded, IReadOnlyCollection<DeployerIdentity> trusted,
    SiteIdentity identity, MeshDirectory directory, FunctionsOptions options)
{
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Takes a bundle's file. The module is compiled here once, so that no site gets one that can't run.</summary>
    public async Task<DeployAnswer> TakeBundleAsync(string function, ReadOnlyMemory<byte> file, CancellationToken cancellation)
    {
        var read = await BundleFile.ReadAsync(file, trusted);
        if (read.Bundle is not { } bundle)
        {
            return new DeployAnswer(StatusCodes.Status422UnprocessableEntity, "bundle-refused", string.Join("; ", read.Faults));
        }

        if (bundle.Manifest.Name != function)
        {
            return new DeployAnswer(StatusCodes.Status422UnprocessableEntity, "bundle-refused", $"It is of function '{bundle.Manifest.Name}', and was sent to '{function}'.");
        }

        if (loaded.FaultsOf(bundle.Module.Span) is { Count: > 0 } faults)
        {
            return new DeployAnswer(StatusCodes.Status422UnprocessableEntity, "module-refused", string.Join("; ", faults));
        }

        if (catalog.FindBundle(bundle.Digest)?.Sources.ContainsKey(identity.Site) == true)
        {
            return DeployAnswer.Known;
        }

        await _one.WaitAsync(cancellation);
        try
        {
            return await CommitAsync(await OnCurrentAsync(ModuleParts.Cut(identity.Site, bundle), cancellation), cancellation);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Takes a signed deployment.</summary>
    public async Task<DeployAnswer> TakeDeploymentAsync(string function, string text, CancellationToken cancellation)
    {
        var (word, fault) = Deployment.Read(text, trusted);
        if (word is null)
        {
            return new DeployAnswer(StatusCodes.Status422UnprocessableEntity, "deployment-refused", $"The deployment can't be trusted: {fault}.");
        }

        await _one.WaitAsync(cancellation);
        try
        {
            if (word.Function != function)
            {
                return new DeployAnswer(StatusCodes.Status422UnprocessableEntity, "deployment-refused", $"It is of function '{word.Function}', and was sent to '{function}'.");
            }

            if (Refuse(word) is { } refusal)
            {
                return refusal;
            }

            return await SayAsync(word, cancellation);
        }
        catch (InvalidDataException error)
        {
            return new DeployAnswer(StatusCodes.Status409Conflict, "bundle-missing", error.Message);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Makes the word that is obeyed this site's own, with its bundle, when another site brought it.</summary>
    /// <exception cref="InvalidDataException">The bundle's module is not whole here yet.</exception>
    public async Task<DeployAnswer> RelayAsync(string function, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (catalog.Find(function) is not { } known || known.Words.GetValueOrDefault(identity.Site)?.Text == known.Word.Text)
            {
                return DeployAnswer.Known;
            }

            // Its own catalogue's turn comes when the bundle does.
            return known.Word.Bundle is not null && catalog.FindBundle(known.Word.Bundle) is null ? DeployAnswer.Known : await SayAsync(known.Word, cancellation);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Writes a word as this site's own, and with it the bundle, where another site's documents alone hold it: those may be gone at sites that
    /// this word reaches.</summary>
    /// <exception cref="InvalidDataException">The bundle's module is not whole here.</exception>
    private async Task<DeployAnswer> SayAsync(Deployment word, CancellationToken cancellation)
    {
        var wanted = new List<Change>();
        if (catalog.FindBundle(word.Bundle) is { } bundle && !bundle.Sources.ContainsKey(identity.Site))
        {
            var read = await FunctionBundle.ReadAsync(bundle.Statement.Text, bundle.Statement.ManifestText, await modules.ReadAsync(bundle, cancellation), trusted);
            wanted.AddRange(ModuleParts.Cut(identity.Site, read.Bundle ?? throw new InvalidDataException(string.Join("; ", read.Faults))));
        }

        wanted.Add(new Change(FunctionDocuments.Deployment(identity.Site, word.Function), null, Encoding.UTF8.GetBytes(word.Text)));
        var answer = await CommitAsync(await OnCurrentAsync(wanted, cancellation), cancellation);
        await ForgetOldBundlesAsync(word.Function, cancellation);
        return answer;
    }

    private DeployAnswer? Refuse(Deployment word)
    {
        var current = catalog.Find(word.Function)?.Word;
        if (current?.Text == word.Text)
        {
            return DeployAnswer.Known;
        }

        if (current is not null && word.Generation <= current.Generation)
        {
            return new DeployAnswer(StatusCodes.Status409Conflict, "deployment-outdated",
                $"Its generation is {word.Generation}, and this site has seen {current.Generation}. It is an old one, or somebody else deployed meanwhile: sign the next.");
        }

        if (word.Bundle is null)
        {
            return null;
        }

        if (catalog.FindBundle(word.Bundle) is not { } bundle || bundle.Manifest.Name != word.Function)
        {
            return new DeployAnswer(StatusCodes.Status409Conflict, "bundle-missing", $"This site has no bundle {word.Bundle} of function '{word.Function}'. Send the bundle first.");
        }

        if (CanaryFault(word.Canary, bundle.Manifest.Targets.Sites) is { } fault)
        {
            return new DeployAnswer(StatusCodes.Status422UnprocessableEntity, "deployment-refused", fault);
        }

        return !word.IsRollback && catalog.FindBundle(current?.Bundle) is { } before && bundle.Manifest.IsOlderThan(before.Manifest)
            ? new DeployAnswer(StatusCodes.Status409Conflict, "version-older",
                $"It brings version {bundle.Manifest.Version} after {before.Manifest.Version}. To go back on purpose, sign a rollback.")
            : null;
    }

    /// <summary>Why sites would wait for ever for those that are to try it first; null: they would not.</summary>
    private string? CanaryFault(CanaryPlan canary, IReadOnlyList<string> targets)
    {
        if (canary.Sites.FirstOrDefault(s => directory.Find(s) is null || (targets.Count > 0 && !targets.Contains(s))) is { } never)
        {
            return $"Its canary is at '{never}', which {(directory.Find(never) is null ? "is no site of this mesh" : "is not among the targets of the function")}: the others would wait for it for ever. Name sites that run it.";
        }

        // A manifest may name sites of other meshes too.
        return !canary.IsNone && targets.Count > 0 && targets.All(s => directory.Find(s) is null)
            ? $"It is meant for {string.Join(", ", targets)}, none of which is a site of this mesh: sites that run the version before would wait for ever for somebody to try it. Correct the manifest's targets, or deploy it without a canary."
            : null;
    }

    /// <summary>The changes, based on what stands.</summary>
    private async Task<IReadOnlyList<Change>> OnCurrentAsync(IEnumerable<Change> wanted, CancellationToken cancellation)
    {
        var all = wanted.ToArray();
        var current = await changes.GetManyAsync([.. all.Select(c => c.Key)], cancellation);
        return [.. all.Select((c, i) => c with { Base = current[i]?.Frontier })];
    }

    private async Task<DeployAnswer> CommitAsync(IReadOnlyList<Change> all, CancellationToken cancellation)
    {
        var result = await changes.CommitAsync(new Commit { Changes = [.. all] }, cancellation);
        if (result is CommitResult.Committed { At: var at })
        {
            await following.ReachAsync(at, cancellation);
            return DeployAnswer.Taken;
        }

        return result is CommitResult.Refused refused
            ? new DeployAnswer(StatusCodes.Status503ServiceUnavailable, refused.Code, refused.Detail)
            : new DeployAnswer(StatusCodes.Status409Conflict, "deployment-raced", "Somebody else wrote the same at the same time. Send it again.");
    }

    /// <summary>Deletes this site's documents of bundles that are too many versions back, but never of what it runs. Other sites keep their
    /// copies: one that is held, or was away, may still run such a version.</summary>
    private async Task ForgetOldBundlesAsync(string function, CancellationToken cancellation)
    {
        var history = await changes.GetHistoryAsync(FunctionDocuments.Deployment(identity.Site, function), options.KeptVersions * 8, cancellation);
        var named = history.Select(d => Deployment.Read(Encoding.UTF8.GetString(d.Body.Span), trusted).Deployment?.Bundle).OfType<string>().Distinct().ToArray();
        var runs = catalog.Rollout(identity.Site, function)?.State.Stable;
        foreach (var digest in named.Skip(options.KeptVersions).Where(d => d != runs && catalog.FindBundle(d)?.Sources.ContainsKey(identity.Site) == true))
        {
            var gone = ModuleParts.Keys(identity.Site, catalog.FindBundle(digest)!).Select(k => new Change(k, null, default) { Deleted = true });
            await CommitAsync(await OnCurrentAsync(gone, cancellation), cancellation);
        }
    }

    /// <summary>The versions that this site can roll back to, newest first: so many as are kept, and the one that it runs.</summary>
    public async Task<IReadOnlyList<KnownBundle>> VersionsAsync(string function, CancellationToken cancellation)
    {
        var words = new List<Deployment>();
        foreach (var from in catalog.Find(function)?.Words.Keys ?? [])
        {
            var history = await changes.GetHistoryAsync(FunctionDocuments.Deployment(from, function), options.KeptVersions * 8, cancellation);
            words.AddRange(history.Select(d => Deployment.Read(Encoding.UTF8.GetString(d.Body.Span), trusted).Deployment).OfType<Deployment>());
        }

        words.Sort(Deployment.Compare);
        words.Reverse();
        var runs = catalog.Rollout(identity.Site, function)?.State.Stable;
        return [.. words.Select(w => catalog.FindBundle(w.Bundle)).OfType<KnownBundle>().DistinctBy(b => b.Digest).Where((b, at) => at < options.KeptVersions || b.Digest == runs)];
    }

    /// <summary>A bundle as one file, to carry to where no link leads.</summary>
    public async Task<byte[]?> ExportAsync(string digest, CancellationToken cancellation)
    {
        if (catalog.FindBundle(digest) is not { } known)
        {
            return null;
        }

        var bundle = await FunctionBundle.ReadAsync(known.Statement.Text, known.Statement.ManifestText, await modules.ReadAsync(known, cancellation), trusted);
        return bundle.Bundle is { } whole ? BundleFile.Write(whole) : null;
    }
}
