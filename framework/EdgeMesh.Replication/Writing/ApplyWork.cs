using EdgeMesh.Replication.Documents;
using EdgeMesh.Replication.Codec;
using EdgeMesh.Replication.Feeds;

namespace EdgeMesh.Replication.Writing;

/// <summary>A page of a foreign feed: one local batch that also holds the feed's new position, so it is applied exactly once.</summary>
internal sealed class ApplyWork(JournalName source, FeedCursor after, Wire.FeedPage page, FeedSpans spans, Action<ForeignAlert>? onAlert) : Work
{
    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<ForeignAlert> _alerts = [];
    private bool _applied;

    /// <summary>False: the feed stands elsewhere than where the page begins; it was applied already.</summary>
    public Task<bool> Done => _done.Task;

    public override int Records => page.Records.Count;

    public override long Bytes => page.CalculateSize();

    public override bool IsAlone => true;

    public override IEnumerable<DocumentKey> Documents => page.Records.SelectMany(Keys);

    public override async ValueTask PlanAsync(BatchBuilder builder, CancellationToken closing)
    {
        _alerts.Clear();
        var state = await builder.Core.Rows.FindAsync(builder.Core.Keys.Feed(source), Wire.FeedState.Parser, closing);
        _applied = (state is null ? FeedCursor.Start : FeedCursor.TryParse(state.Cursor, out var cursor) ? cursor : FeedCursor.Start) == after;
        if (!_applied)
        {
            return;
        }

        await builder.Effects.LoadAsync(Documents, closing);
        foreach (var record in page.Records)
        {
            builder.Trace = spans.Trace(record.Record?.Trace ?? Google.Protobuf.ByteString.Empty);
            foreach (var key in record.Withdraw)
            {
                await WithdrawAsync(builder, WireModel.Read(key), record.ConsentVersion, closing);
            }

            if (record.Record?.Document is { } version && MayApply(builder, version, record.ConsentVersion))
            {
                AddVersion(builder, version, record);
            }
        }

        builder.Close(0, null);
        if (builder.IsEmpty)
        {
            // Nothing of it was new: the position alone moves, and no batch wakes those who follow this journal.
            builder.Core.ShowFeed(source, page.UpTo);
        }
        else
        {
            builder.SetFeed(source, page.UpTo);
        }
    }

    public override void Complete()
    {
        foreach (var alert in _alerts)
        {
            onAlert?.Invoke(alert);
        }

        _done.TrySetResult(_applied);
    }

    public override void Fail(Exception error) => _done.TrySetException(error);

    private void AddVersion(BatchBuilder builder, Wire.DocumentVersion version, Wire.FeedRecord record)
    {
        var own = version.Clone();
        own.HeldUnder = own.OwnerSite == builder.Core.Name.Site ? "" : record.ConsentVersion;
        builder.AddForeign(own, record.Body.Memory, record.Record.WrappedKey);
    }

    /// <summary>A dominating version and a concurrent one are added; what is known already is not.</summary>
    private bool MayApply(BatchBuilder builder, Wire.DocumentVersion version, string consentVersion)
    {
        var key = WireModel.Read(version.Key);
        var head = builder.Effects[key];
        if (Refuse(builder, version, head) is var (code, detail))
        {
            _alerts.Add(new ForeignAlert(code, source, key, detail));
            return false;
        }

        var vector = WireModel.Vector(version);
        var orders = (head?.Current ?? []).Select(v => vector.CompareTo(WireModel.Vector(v))).ToArray();
        if (orders.Contains(VectorOrder.Unrelated))
        {
            _alerts.Add(new ForeignAlert("document-unrelated", source, key,
                $"'{key}' exists here and descends from something else. Ids begin with the site that made them: find out which site made it twice."));
            return false;
        }

        return !orders.Any(o => o is VectorOrder.Equal or VectorOrder.Before) || IsHeldAnew(builder, version, consentVersion, head);
    }

    /// <summary>A version that is known already, granted again under another consent: recorded again, so that the copy names the consent.</summary>
    private static bool IsHeldAnew(BatchBuilder builder, Wire.DocumentVersion version, string consentVersion, Wire.DocumentHead? head) =>
        version.OwnerSite != builder.Core.Name.Site
        && head?.Current.FirstOrDefault(v => v.Version.Equals(version.Version)) is { } held
        && held.HeldUnder != consentVersion;

    /// <summary>A site speaks for the documents that it owns, and for the versions that it made of ours that it was given.</summary>
    private (string Code, string Detail)? Refuse(BatchBuilder builder, Wire.DocumentVersion version, Wire.DocumentHead? head)
    {
        var here = builder.Core.Name.Site;
        if (version.Version.Site != source.Site && version.OwnerSite != source.Site || !version.Vector.Any(e => e.Site == version.Version.Site && e.Epoch == version.Version.At.Epoch))
        {
            return ("version-origin", $"'{source.Site}' sent a version that was made at '{version.Version.Site}'. A site sends what it made and what it owns.");
        }

        if (DocumentState.Exists(head) && head!.Current[0].OwnerSite != version.OwnerSite)
        {
            return ("document-owner", $"'{source.Site}' says that '{version.OwnerSite}' owns it; here '{head.Current[0].OwnerSite}' does.");
        }

        if (version.OwnerSite == here ? !DocumentState.WasShared(head, source.Site) : version.OwnerSite != source.Site)
        {
            return ("document-owner", $"'{source.Site}' sent a version of a document of '{version.OwnerSite}' that it was not given.");
        }

        return null;
    }

    private async ValueTask WithdrawAsync(BatchBuilder builder, DocumentKey key, string consentVersion, CancellationToken closing)
    {
        var head = builder.Effects[key];
        if (!DocumentState.Exists(head))
        {
            return;
        }

        if (head!.Current[0].OwnerSite != source.Site)
        {
            _alerts.Add(new ForeignAlert("document-owner", source, key, $"'{source.Site}' withdrew a document of '{head.Current[0].OwnerSite}'. Only its owner may."));
            return;
        }

        var withdrawal = new Wire.Withdrawal { Key = WireModel.Write(key), ConsentVersion = consentVersion };
        for (var at = head.Last; at is not null;)
        {
            var record = await builder.RecordAsync(WireModel.Read(at), closing);
            if (record?.Document?.Body is { } body)
            {
                withdrawal.Bodies.Add(body.Key);
            }

            at = record?.Previous;
        }

        builder.Add(new Wire.Record { Kind = (int)RecordKind.Withdrawn, Withdrawal = withdrawal });
    }

    private static IEnumerable<DocumentKey> Keys(Wire.FeedRecord record) =>
        record.Withdraw.Select(WireModel.Read).Concat(record.Record?.Document is { } version ? [WireModel.Read(version.Key)] : []);
}
