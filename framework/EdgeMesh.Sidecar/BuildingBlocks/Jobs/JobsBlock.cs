using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Jobs;

/// <summary>Jobs, whatever the transport.</summary>
internal static class JobsBlock
{
    private const string Separator = "||";

    /// <summary>What daprd does when nothing else is said: three more tries, a second apart.</summary>
    private static readonly JobFailurePolicy DefaultPolicy = new() { Constant = new JobFailurePolicyConstant { Interval = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)), MaxRetries = 3 } };

    public static async Task ScheduleAsync(AppRuntime app, Job? job, bool overwrite, CancellationToken cancellation)
    {
        if (job is null)
        {
            throw JobFaults.Of(app, "DAPR_SCHEDULER_EMPTY", "Job is empty", 400, StatusCode.InvalidArgument);
        }

        RequireName(app, job.Name, job.Name.Contains(Separator, StringComparison.Ordinal), reason => JobFaults.NotScheduled(app, reason));
        if (job.Schedule.Length == 0 && job.DueTime.Length == 0)
        {
            throw JobFaults.Of(app, "DAPR_SCHEDULER_SCHEDULE_EMPTY", "Schedule is empty", 400, StatusCode.InvalidArgument);
        }

        var now = app.Process.Clock.GetUtcNow();
        if (!JobPlan.TryRead(job, now, out var plan, out var fault) || (fault = Refusal(job)) is not null)
        {
            throw JobFaults.NotScheduled(app, $"rpc error: code = Unknown desc = job failed validation: {fault}");
        }

        var kept = job.Clone();
        kept.FailurePolicy = kept.FailurePolicy is { PolicyCase: not JobFailurePolicy.PolicyOneofCase.None } policy ? policy : DefaultPolicy;
        if (!await RunAsync(() => app.Jobs.AddAsync(app.AppId, kept, now, plan.FirstDue, overwrite, cancellation), reason => JobFaults.NotScheduled(app, reason)))
        {
            throw JobFaults.Of(
                app, JobFaults.Schedule, $"failed to schedule job due to: rpc error: code = AlreadyExists desc = job already exists: 'app||{app.Process.Namespace}||{app.AppId}||{job.Name}'", 409, StatusCode.AlreadyExists);
        }
    }

    /// <summary>What makes no sense, and was taken once: so it is looked at here, and not where kept jobs are read.</summary>
    private static string? Refusal(Job job) => job switch
    {
        { HasRepeats: true, Repeats: 0 } => "defined repeats must be greater than 0",
        { Schedule: "", Ttl: not "" } => "job must have a schedule to have a ttl",
        _ => null,
    };

    public static async Task<Job> GetAsync(AppRuntime app, string name, CancellationToken cancellation)
    {
        RequireName(app, name, isOdd: false, reason => JobFaults.NotGot(app, reason));
        return (await RunAsync(() => app.Jobs.FindAsync(app.AppId, name, cancellation), reason => JobFaults.NotGot(app, reason)))?.Job
            ?? throw JobFaults.NotGot(app, $"rpc error: code = NotFound desc = job not found: {name}");
    }

    public static async Task<IEnumerable<Job>> ListAsync(AppRuntime app, CancellationToken cancellation) =>
        (await RunAsync(() => app.Jobs.ListAsync(app.AppId, cancellation), reason => JobFaults.NotGot(app, reason))).Select(j => j.Job);

    /// <summary>Also of a job that is not there.</summary>
    public static Task DeleteAsync(AppRuntime app, string name, CancellationToken cancellation)
    {
        RequireName(app, name, isOdd: false, reason => JobFaults.NotDeleted(app, reason));
        return DeleteAsync(app, () => app.Jobs.DeleteAsync(app.AppId, name, cancellation));
    }

    /// <summary>An empty prefix deletes all jobs of the app.</summary>
    public static Task DeletePrefixAsync(AppRuntime app, string prefix, CancellationToken cancellation) =>
        DeleteAsync(app, () => app.Jobs.DeletePrefixAsync(app.AppId, prefix, cancellation));

    private static Task DeleteAsync(AppRuntime app, Func<Task> delete) => RunAsync(
        async () =>
        {
            await delete();
            return true;
        },
        reason => JobFaults.NotDeleted(app, reason));

    /// <param name="app">Whose job it is.</param>
    /// <param name="name">Its name.</param>
    /// <param name="isOdd">With the scheduler's separator in it: daprd schedules no such job, and finds none.</param>
    /// <param name="fault">Of what is asked.</param>
    private static void RequireName(AppRuntime app, string name, bool isOdd, Func<string, DaprFault> fault)
    {
        if (name.Length == 0 || isOdd)
        {
            throw JobFaults.Of(app, "DAPR_SCHEDULER_JOB_NAME_EMPTY", "Name is empty", 400, StatusCode.InvalidArgument);
        }

        if (name.AsSpan().IndexOfAny("/\\#?") >= 0)
        {
            throw fault($"rpc error: code = Unknown desc = job name is invalid \"app||{app.Process.Namespace}||{app.AppId}||{name}\": must not contain '/', '\\', '#' or '?'");
        }
    }

    private static async Task<T> RunAsync<T>(Func<Task<T>> run, Func<string, DaprFault> fault)
    {
        try
        {
            return await run();
        }
        catch (Exception error) when (error is not (OperationCanceledException or DaprFault))
        {
            // Whatever the file's driver throws (a full disk, somebody's lock) is this request's failure.
            throw fault(error.Message);
        }
    }
}

/// <summary>daprd's faults of jobs.</summary>
internal static class JobFaults
{
    public const string Schedule = "DAPR_SCHEDULER_SCHEDULE_JOB";

    public static DaprFault NotScheduled(AppRuntime app, string reason) => Of(app, Schedule, $"failed to schedule job due to: {reason}", 500, StatusCode.Internal);

    public static DaprFault NotGot(AppRuntime app, string reason) => Of(app, "DAPR_SCHEDULER_GET_JOB", $"failed to get job due to: {reason}", 500, StatusCode.Internal);

    public static DaprFault NotDeleted(AppRuntime app, string reason) => Of(app, "DAPR_SCHEDULER_DELETE_JOB", $"failed to delete job due to: {reason}", 500, StatusCode.Internal);

    public static DaprFault NameInBody(AppRuntime app) =>
        new("DAPR_SCHEDULER_JOB_NAME", "Set the job name in the url only", 400, StatusCode.InvalidArgument)
        {
            Reason = "DAPR_SCHEDULER_JOB_NAME",
            Facts = new Dictionary<string, string> { ["appID"] = app.AppId },
        };

    public static DaprFault Of(AppRuntime app, string code, string message, int httpStatus, StatusCode status) => new(code, message, httpStatus, status)
    {
        Reason = code,
        Facts = new Dictionary<string, string> { ["appID"] = app.AppId, ["namespace"] = app.Process.Namespace },
    };
}
