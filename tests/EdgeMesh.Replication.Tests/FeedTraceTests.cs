using System.Collections.Concurrent;
using System.Diagnostics;
using EdgeMesh.Replication.Feeds;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

/// <summary>One trace leads from a request at one site to what follows from it at another.</summary>
public sealed class FeedTraceTests : TwoFeedSites
{
    private readonly ActivitySource _requests = new($"requests of {Guid.NewGuid():N}");
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public FeedTraceTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == _requests.Name || source.Name == "EdgeMesh.Replication",
            Sample = static (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Name == "unrecorded" ? ActivitySamplingResult.PropagationData : ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    [Fact]
    public async Task Pull_OfWhatARequestWrote_IsASpanOfItsTrace_FromWhichFollowersGoOn()
    {
        A.Holders = [FeedSite.HolderAt("clinic-b")];
        var request = await InAsync("POST", () => A.Journal.WriteAsync(Create("clinic-a-1"), Create("clinic-a-2")));
        await A.Journal.WriteAsync(Create("clinic-a-3"));

        await B.PullAsync(A);

        var span = Assert.Single(SpansOf(request));
        Assert.Equal(("feed clinic-a.records.changes", ActivityKind.Consumer, request.SpanId), (span.OperationName, span.Kind, span.ParentSpanId));
        Assert.Equal(["clinic-b", "records"], span.Source.Tags!.Select(t => (string)t.Value!).Order());
        var records = await B.Journal.ReadAllAsync();
        Assert.All(records.Take(2), r => Assert.Equal((request.TraceId, span.SpanId, ActivityTraceFlags.Recorded), (r.Trace.TraceId, r.Trace.SpanId, r.Trace.TraceFlags)));
        Assert.Equal(default, records[2].Trace);
        Assert.Null(Activity.Current);
    }

    [Fact]
    public async Task Pull_OfAGrant_IsASpanOfTheTraceThatGranted_AlsoAfterAReopening()
    {
        var write = await InAsync("POST", () => A.Journal.WriteAsync(Create("clinic-a-1")));
        var grant = await InAsync("PUT", () => A.GrantAsync("clinic-b", "clinic-a-1"));
        await A.ReopenAsync();

        await B.PullAsync(A);

        Assert.Empty(SpansOf(write));
        Assert.Equal(grant.SpanId, Assert.Single(SpansOf(grant)).ParentSpanId);
    }

    [Fact]
    public async Task Pull_OfWhatIsNoTrace_KeepsNothingOfIt()
    {
        A.Holders = [FeedSite.HolderAt("clinic-b")];
        await A.Journal.WriteAsync(Create("clinic-a-1"));
        var page = await new FeedServer(A.Journal).ReadAsync("clinic-b", FeedMode.Shared, FeedCursor.Start, Cancel);
        page.Records[0].Record.Trace = ByteString.CopyFrom(new byte[1000]);

        Assert.True(await B.Journal.ApplyAsync(A.Name, FeedCursor.Start, page, Cancel));

        Assert.True((await B.Journal.Core.Log.RecordAsync(B.Journal.Head, Cancel))!.Trace.IsEmpty);
    }

    [Fact]
    public async Task Write_InATraceThatIsNotRecorded_LeavesNoTrace()
    {
        await InAsync("unrecorded", () => A.Journal.WriteAsync(Create("clinic-a-1")));

        Assert.Equal(default, Assert.Single(await A.Journal.ReadAllAsync()).Trace);
    }

    [Fact]
    public async Task Announcement_OfWhatARequestWrote_IsASpanOfItsTrace_AndTheNextIsNot()
    {
        var said = new BlockingCollection<ActivityContext>();
        await using var announcer = new JournalAnnouncer(A.Journal, (_, _) =>
        {
            said.Add(Activity.Current?.Context ?? default, Cancel);
            return Task.CompletedTask;
        }, TimeProvider.System, NullLogger.Instance);
        announcer.Start();

        var request = await InAsync("POST", () => A.Journal.WriteAsync(Create("clinic-a-1")));
        Assert.Equal(request.TraceId, said.Take(Cancel).TraceId);
        await A.Journal.WriteAsync(Create("clinic-a-2"));
        Assert.Equal(default, said.Take(Cancel));
        Assert.Equal(("announce clinic-a.records.changes", request.SpanId), (SpansOf(request)[0].OperationName, SpansOf(request)[0].ParentSpanId));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _listener.Dispose();
        _requests.Dispose();
    }

    private async Task<Activity> InAsync(string name, Func<Task> act)
    {
        using var request = _requests.StartActivity(name)!;
        await act();
        return request;
    }

    private List<Activity> SpansOf(Activity request) => [.. _ended.Where(a => a.Source.Name == "EdgeMesh.Replication" && a.TraceId == request.TraceId)];
}
