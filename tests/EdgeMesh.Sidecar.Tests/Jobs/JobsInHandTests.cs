using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.Jobs;

namespace EdgeMesh.Sidecar.Tests.Jobs;

/// <summary>Which of the jobs that the file calls due are started.</summary>
public sealed class JobsInHandTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly JobsInHand _inHand = new();
    private readonly List<string> _started = [];

    [Fact]
    public void Start_SettledSinceTheFileWasAsked_IsNotStartedByWhatItSaidBefore()
    {
        var job = Due("j");
        _inHand.Ask();
        Start(job);

        // Asked anew while the app has it in hand; the app is done before the answer is looked at.
        _inHand.Ask();
        _inHand.Settle(job);
        Start(job);
        Assert.Equal(["j"], _started);

        // Still due when the file is asked after that: it repeats, or has failed.
        _inHand.Ask();
        Start(job);
        Assert.Equal(["j", "j"], _started);
    }

    [Fact]
    public void Start_InHand_IsNotStartedTwice()
    {
        Start(Due("j"), Due("k"));
        _inHand.Ask();
        Start(Due("j"), Due("k"), Due("l"));
        Assert.Equal(["j", "k", "l"], _started);
    }

    [Fact]
    public void Start_MoreThanTheLimit_StartsAsManyAsThat_AndTheRestLater()
    {
        var due = Enumerable.Range(0, JobsInHand.Limit + 1).Select(i => Due($"j{i}")).ToArray();
        Assert.Null(Start(due));
        Assert.Equal(JobsInHand.Limit, _started.Count);
        _inHand.Settle(due[0]);
        _inHand.Ask();
        Start(due[1..]);
        Assert.Equal(due[^1].Job.Name, _started[^1]);
    }

    [Fact]
    public void Start_NotDueYet_SaysHowLongThatIs()
    {
        Assert.Equal(TimeSpan.FromSeconds(5), Start(Due("now"), Due("later") with { Due = Now.AddSeconds(5) }));
        Assert.Equal(["now"], _started);
    }

    private TimeSpan? Start(params StoredJob[] first) => _inHand.Start(first, Now, job =>
    {
        _started.Add(job.Job.Name);
        return new TaskCompletionSource().Task;
    });

    private static StoredJob Due(string name) => new("alpha", new Job { Name = name }, 1, Now) { Due = Now };
}
