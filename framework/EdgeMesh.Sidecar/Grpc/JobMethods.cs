using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.Jobs;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Jobs by gRPC, under their stable names and those from before.</summary>
internal static class JobMethods
{
    public static void Add(MethodTable methods)
    {
        foreach (var suffix in new[] { "", "Alpha1" })
        {
            methods.Add<ScheduleJobRequest, ScheduleJobResponse>("ScheduleJob" + suffix, async (app, request, call) =>
            {
                await JobsBlock.ScheduleAsync(app, request.Job, request.Overwrite, call.CancellationToken);
                return new ScheduleJobResponse();
            });
            methods.Add<GetJobRequest, GetJobResponse>("GetJob" + suffix, async (app, request, call) =>
                new GetJobResponse { Job = await JobsBlock.GetAsync(app, request.Name, call.CancellationToken) });
            methods.Add<DeleteJobRequest, DeleteJobResponse>("DeleteJob" + suffix, async (app, request, call) =>
            {
                await JobsBlock.DeleteAsync(app, request.Name, call.CancellationToken);
                return new DeleteJobResponse();
            });
        }

        methods.Add<ListJobsRequest, ListJobsResponse>("ListJobs", async (app, _, call) => new ListJobsResponse { Jobs = { await JobsBlock.ListAsync(app, call.CancellationToken) } });
        methods.Add<ListJobsRequestAlpha1, ListJobsResponseAlpha1>("ListJobsAlpha1", async (app, _, call) => new ListJobsResponseAlpha1 { Jobs = { await JobsBlock.ListAsync(app, call.CancellationToken) } });
        methods.Add<DeleteJobsByPrefixRequest, DeleteJobsByPrefixResponse>("DeleteJobsByPrefix", async (app, request, call) =>
        {
            await JobsBlock.DeletePrefixAsync(app, request.NamePrefix, call.CancellationToken);
            return new DeleteJobsByPrefixResponse();
        });
        methods.Add<DeleteJobsByPrefixRequestAlpha1, DeleteJobsByPrefixResponseAlpha1>("DeleteJobsByPrefixAlpha1", async (app, request, call) =>
        {
            await JobsBlock.DeletePrefixAsync(app, request.NamePrefix, call.CancellationToken);
            return new DeleteJobsByPrefixResponseAlpha1();
        });
    }
}
