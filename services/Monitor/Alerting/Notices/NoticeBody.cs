using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeMesh.Services.Monitor.Alerting.Notices;

/// <summary>A notice as programs get it. Documented in docs/operations/alerts.md; fields are only added.</summary>
internal sealed record NoticeBody(string Site, string Group, string Title, bool IsRepeat, IReadOnlyList<NoticeAlert> Alerts, int NotListed)
{
    public static byte[] Write(string site, Notice notice) => JsonSerializer.SerializeToUtf8Bytes(
        new NoticeBody(site, notice.Group, notice.Title, notice.IsRepeat, [.. notice.Listed.Select(NoticeAlert.Of)], notice.NotListed), NoticeJson.Default.NoticeBody);
}

/// <summary>An alert of a notice.</summary>
internal sealed record NoticeAlert(
    string Id, string State, string Rule, string Severity, string Site, string Service, string Subject, string Summary, string Observed, string Expected,
    DateTimeOffset Since, DateTimeOffset? ResolvedAt, DateTimeOffset? SilencedUntil, string Url, IReadOnlyList<NoticeSimilar> Similar)
{
    public static NoticeAlert Of(Alert alert) => new(
        alert.Id, alert.State.ToString().ToLowerInvariant(), alert.Rule, alert.Severity.ToString().ToLowerInvariant(), alert.Site, alert.Service, alert.Subject, alert.Summary,
        alert.Observed, alert.Expected, alert.Since, alert.ResolvedAt, alert.SilencedUntil, alert.ConsoleUrl, [.. alert.Similar.Select(m => new NoticeSimilar(m.Site, m.Series, m.Time, m.Observed, m.Expected))]);
}

/// <summary>A like event at another site.</summary>
internal sealed record NoticeSimilar(string Site, string Series, DateTimeOffset Time, double Observed, double Expected);

/// <summary>Generated serialisation of notices.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NoticeBody))]
internal sealed partial class NoticeJson : JsonSerializerContext;
