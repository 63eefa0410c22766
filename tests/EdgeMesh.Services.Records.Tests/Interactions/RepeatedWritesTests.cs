using EdgeMesh.Hosting;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Interactions;

namespace EdgeMesh.Services.Records.Tests.Interactions;

public sealed class RepeatedWritesTests
{
    private static readonly FhirRequest Request = new()
    {
        Interaction = Interaction.Transaction,
        Caller = new Caller { Kind = CallerKind.User, Subject = "loader", Site = "clinic-a" },
        Base = "https://127.0.0.1/fhir",
        Body = "{}"u8.ToArray(),
        IdempotencyKey = "one",
    };

    [Fact]
    public void KeyOf_SameRequest_IsTheSame() =>
        Assert.Equal(RepeatedWrites.KeyOf(Request), RepeatedWrites.KeyOf(Request with { RequestId = "again" }));

    [Fact]
    public void KeyOf_AnotherCallerBodyOrKey_IsAnother()
    {
        FhirRequest[] others =
        [
            Request,
            Request with { Caller = Request.Caller with { Subject = "other" } },
            Request with { Body = "{ }"u8.ToArray() },
            Request with { IdempotencyKey = "two" },
            Request with { Interaction = Interaction.Create, Type = "Patient" },
        ];

        Assert.Distinct(others.Select(RepeatedWrites.KeyOf));
    }

    [Fact]
    public void KeyOf_NoKeyOrAnEntryOfABatch_IsNull()
    {
        Assert.Null(RepeatedWrites.KeyOf(Request with { IdempotencyKey = null }));
        Assert.Null(RepeatedWrites.KeyOf(Request with { Body = default }));
    }
}
