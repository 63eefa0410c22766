using System.Text;
using CsCheck;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.Jobs;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Http;

namespace EdgeMesh.Sidecar.Tests.Fuzz;

/// <summary>Whatever comes in, a parser gives a result or refuses in its own way: it never throws anything else, and ends.</summary>
public sealed class ParserTests
{
    private static readonly Gen<string> Schedules = Gen.String[Gen.Char["@every dailymonthly0123456789*/-,?LW#. smh"], 0, 40];
    private static readonly Gen<string> Times = Gen.String[Gen.Char["PTYMWDHS0123456789:-+.Zhms uµn"], 0, 30];
    private static readonly Gen<string> Jsons = Gen.String[Gen.Char["{}[]\",:0123456789.eE+-truefalsn \\u@abpydk"], 0, 60];

    [Fact]
    public void Schedule_AnyText_NeverThrows() => Schedules.Sample(text =>
    {
        if (Schedule.TryParse(text, TimeZoneInfo.Utc, minuteCron: true, out var schedule, out var fault))
        {
            schedule.Next(DateTimeOffset.UnixEpoch);
        }
        else
        {
            Assert.NotNull(fault);
        }
    });

    [Fact]
    public void JobPlan_AnyTimes_NeverThrows() => Gen.Select(Schedules, Times, Times).Sample((schedule, due, ttl) =>
    {
        var now = DateTimeOffset.UnixEpoch;
        var job = new Job { Schedule = schedule, DueTime = due, Ttl = ttl };
        if (JobPlan.TryRead(job, now, out var plan, out _))
        {
            plan.Next(plan.FirstDue, now, 1, job);
        }
    });

    [Fact]
    public void ProtoJson_AnyText_IsAMessageOrMalformed() => Jsons.Sample(text =>
    {
        try
        {
            ProtoJson.Parse<TryLockRequest>(Encoding.UTF8.GetBytes(text));
            ProtoJson.Parse<Job>(Encoding.UTF8.GetBytes(text));
        }
        catch (DaprFault fault)
        {
            Assert.Equal("ERR_MALFORMED_REQUEST", fault.Code);
        }
    });

    [Fact]
    public void Envelope_AnyBytes_NeverThrows() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        Envelope.TryRead(bytes, out _);
        AppAnswer.Status(bytes);
        CloudEvent.Wrap(new Publication("p", "t", bytes, "application/json", BrokerMessage.NoMetadata), "app", DateTimeOffset.UnixEpoch);
        CloudEvent.Wrap(new Publication("p", "t", bytes, "application/cloudevents+json", BrokerMessage.NoMetadata), "app", DateTimeOffset.UnixEpoch);
    });

    [Fact]
    public void Subscriptions_AnyJson_NeverThrows() =>
        Jsons.Sample(text => JsonText.ReadIfAny(GoJson.Mended(Encoding.UTF8.GetBytes(text)), json => SubscriptionReader.Read(json, [])));
}
