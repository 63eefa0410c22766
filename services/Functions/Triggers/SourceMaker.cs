using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Services.Functions.Triggers.Changes;
using EdgeMesh.Services.Functions.Triggers.Retries;
using EdgeMesh.Services.Functions.Triggers.Schedules;
using EdgeMesh.Services.Functions.Triggers.Topics;

namespace EdgeMesh.Services.Functions.Triggers;

/// <summary>Makes triggers of what all of them need.</summary>
/// <param name="Choose">The version of a function that is due.</param>
internal sealed record SourceMaker(DaprClient Dapr, SiteIdentity Identity, TimeProvider Clock, Func<string, KnownBundle?> Choose, FunctionCalls Calls, ILogger Logger)
{
    public FunctionRetries Retries(string function) => new(function, Dapr, Identity, Clock, Choose, Calls, Logger);

    public ScheduleSource Schedule(string function, ScheduleTrigger trigger) => new(function, trigger, Dapr, Identity, Clock, Choose, Calls, Logger);

    public TopicSource Topic(string function, TopicTrigger trigger, FunctionRetries retries) => new(function, trigger, retries, Clock, Choose, Calls);

    public ChangesSource Changes(string function, ChangesTrigger trigger, FunctionRetries retries) => new(function, trigger, retries, Choose, Calls);
}
