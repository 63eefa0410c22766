using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Consents;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Writes that were sent again under their <c>Idempotency-Key</c>, because the answer got lost: they are answered with what the
/// first one wrote, without the resources themselves.</summary>
internal static class RepeatedWrites
{
    /// <summary>The same key of another caller, or of another body, is another write. Null: the request has none. An entry of a batch
    /// has none: its bundle's key would stand for all of them.</summary>
    public static string? KeyOf(FhirRequest request) => request.IdempotencyKey is not { Length: > 0 } key || request.Body.IsEmpty
        ? null
        : $"{request.Caller.Site}/{request.Caller.Subject}/{request.Interaction}/{request.Type}/{request.Id}/{Digest(request.Body.Span)}/{Digest(Encoding.UTF8.GetBytes(key))}";

    /// <summary>One answer for each write of the plan. The plan was made anew: what the first write created by a condition, it finds.</summary>
    public static IReadOnlyList<FhirAnswer> Answers(WritePlan plan, ImmutableArray<Document> documents)
    {
        var (answers, next) = (new List<FhirAnswer>(plan.Writes.Count), 0);
        foreach (var write in plan.Writes)
        {
            var isFirst = next < documents.Length && (!write.Exists || documents[next].Key == write.Key);
            answers.Add(isFirst ? Written(write.Entry.Interaction, documents[next++]) : WriteEngine.Existing(write));
        }

        return answers;
    }

    private static FhirAnswer Written(Interaction interaction, Document document)
    {
        var status = interaction switch { Interaction.Create => 201, Interaction.Update => 200, _ => 204 };
        return new FhirAnswer(status)
        {
            VersionId = document.Version.ToString(),
            LastModified = document.RecordedAt,
            Location = status == 204 ? null : $"{document.Key}/_history/{document.Version}",
        };
    }

    private static string Digest(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
