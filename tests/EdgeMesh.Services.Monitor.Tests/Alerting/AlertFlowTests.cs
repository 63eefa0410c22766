using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Services.Monitor.Tests.Alerting;

/// <summary>From a log line to the people who are told, by every kind of route, at a site that is cut off.</summary>
public sealed class AlertFlowTests : IAsyncLifetime
{
    private const string RulesText = """
        notices: { wait: 1s, interval: 5s }
        routes:
          - name: hook
            webhook: { url: "HOOK", tokenSecret: site-key }
          - name: mail
            email: { server: 127.0.0.1, port: 1234, tls: false, from: edge@example.org, to: [ops@example.org] }
          - name: chat
            binding: { component: chat }
        rules:
          - name: trouble
            severity: critical
            for: 10s
            keepFor: 10s
            logs: { level: error, text: trouble, fields: { http.route: /fhir/Patient }, above: 1, over: 1h }
            summary: "{site} has trouble: {observed}"
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("edgemesh-alerts-").FullName;
    private readonly ConcurrentQueue<(string? Token, string Body)> _posted = new();
    private readonly MailServer _mail = new();
    private WebApplication _hook = null!;
    private volatile int _hookStatus = 200;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Chat => Path.Combine(_folder, "chat");

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        builder.Logging.ClearProviders();
        _hook = builder.Build();
        _hook.MapPost("/hook", (RequestDelegate)(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync(context.RequestAborted);
            context.Response.StatusCode = _hookStatus;
            if (_hookStatus == 200)
            {
                _posted.Enqueue((context.Request.Headers.Authorization, body));
            }
        }));
        await _hook.StartAsync(Cancellation);
    }

    [Fact]
    public async Task Trouble_IsToldByEveryRoute_WithALink_AndSoIsItsEnd()
    {
        await using var site = await StartAsync();
        await LogAsync(site, "trouble", 2);
        await Steps(site, () => !_posted.IsEmpty && !_mail.Messages.IsEmpty && ChatFiles().Length > 0);

        string url;
        var (token, body) = _posted.First();
        Assert.StartsWith("Bearer ", token, StringComparison.Ordinal);
        using (var json = JsonDocument.Parse(body))
        {
            Assert.Equal(("clinic-a", "[critical] trouble: 1 firing"), (json.RootElement.GetProperty("site").GetString(), json.RootElement.GetProperty("title").GetString()));
            var alert = Assert.Single(json.RootElement.GetProperty("alerts").EnumerateArray());
            Assert.Equal(("firing", "clinic-a has trouble: 2 lines in 1h"), (alert.GetProperty("state").GetString(), alert.GetProperty("summary").GetString()));
            url = alert.GetProperty("url").GetString()!;
            Assert.StartsWith("https://site.example.org/console/logs?site=clinic-a&level=Error&q=trouble%20http.route%3D%2Ffhir%2FPatient&from=", url, StringComparison.Ordinal);
        }

        var mail = _mail.Messages.First();
        Assert.Contains("Subject: clinic-a: [critical] trouble: 1 firing", mail, StringComparison.Ordinal);
        Assert.Contains("To: ops@example.org", mail, StringComparison.Ordinal);
        Assert.Contains("clinic-a has trouble: 2 lines in 1h", mail, StringComparison.Ordinal);
        Assert.Contains(url, mail, StringComparison.Ordinal);
        using (var chat = JsonDocument.Parse(await File.ReadAllTextAsync(ChatFiles()[0], Cancellation)))
        {
            var alert = Assert.Single(chat.RootElement.GetProperty("alerts").EnumerateArray());
            Assert.Equal(("firing", url), (alert.GetProperty("state").GetString(), alert.GetProperty("url").GetString()));
        }

        // The lines leave the window: it is over, and everybody is told.
        site.Clock.Advance(TimeSpan.FromHours(1));
        await Steps(site, () => _posted.Any(p => p.Body.Contains("resolved", StringComparison.Ordinal)) && _mail.Messages.Any(m => m.Contains("OVER", StringComparison.Ordinal)) && ChatFiles().Length > 1);
        Assert.Empty(site.Alerts.Active);
        Assert.Equal("trouble", Assert.Single(site.Alerts.History(MonitorSite.Start, DateTimeOffset.MaxValue)).Rule);
        Assert.All(site.Alerts.Routes, r => Assert.Equal((0, 0), (r.Failures, r.GivenUp)));
    }

    [Fact]
    public async Task Restart_KeepsAlertsSilencesAndWhatWasTold()
    {
        await using var site = await StartAsync();
        await LogAsync(site, "trouble", 2);
        await Steps(site, () => site.Alerts.Active is [{ State: AlertState.Firing }] && !_posted.IsEmpty && !_mail.Messages.IsEmpty && ChatFiles().Length > 0);
        await MonitorSite.UntilAsync(() => site.Alerts.Routes.All(r => r.LastSuccess is not null));
        Assert.Null(await site.Alerts.SilenceAsync(new Silence("s1", "other", null, null, "ada", "works", site.Clock.GetUtcNow(), site.Clock.GetUtcNow().AddHours(1)), Cancellation));
        var before = site.Alerts.Active[0];

        await site.Host.StopAppAsync(MonitorApp.AppId);
        await site.Host.StartAppAsync(MonitorApp.AppId, Cancellation);
        await Steps(site, () => site.Alerts.Active.Count > 0);
        Assert.Equal((before.Id, before.Since, AlertState.Firing), (site.Alerts.Active[0].Id, site.Alerts.Active[0].Since, site.Alerts.Active[0].State));
        Assert.Equal(("ada", "works"), (site.Alerts.Silences[0].By, site.Alerts.Silences[0].Why));
        var told = _posted.Count;
        Assert.True(await site.Alerts.UnsilenceAsync("s1", Cancellation));
        Assert.False(await site.Alerts.UnsilenceAsync("s1", Cancellation));
        Assert.Empty(site.Alerts.Silences);

        // What is told next is that it is over, and not once more that it is so.
        await site.AdvanceUntilAsync(TimeSpan.FromMinutes(1), () => _posted.Count > told);
        Assert.Contains("\"state\":\"resolved\"", _posted.ElementAt(told).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RouteThatFails_IsShownAndToldByTheOthers_AndCatchesUpWhenItIsBack()
    {
        _hookStatus = 500;
        await using var site = await StartAsync();
        await LogAsync(site, "trouble", 2);
        await Steps(site, () => site.Alerts.Active.Any(a => a is { Rule: "route-failing", Subject: "hook" }), () => string.Join(", ", site.Alerts.Routes));
        var hook = site.Alerts.Routes.Single(r => r.Name == "hook");
        Assert.Equal("it answers 500", hook.Error);
        Assert.NotNull(hook.FailingSince);
        await Steps(site, () => _mail.Messages.Any(m => m.Contains("route-failing", StringComparison.Ordinal)));

        _hookStatus = 200;
        await Steps(site, () => !_posted.IsEmpty);
        Assert.Contains("trouble", _posted.First().Body, StringComparison.Ordinal);
        Assert.All(_posted, p => Assert.DoesNotContain("\"rule\":\"route-failing\"", p.Body, StringComparison.Ordinal));
        await Steps(site, () => site.Alerts.Active.All(a => a.Rule != "route-failing"));
    }

    /// <summary>Neither the notice nor the login goes over the network in clear, unless the route says that it may.</summary>
    [Fact]
    public async Task Mail_WhereTheServerCantEncrypt_IsNotSent_AndTheRouteFails()
    {
        await using var site = await StartAsync(RulesText.Replace("tls: false", "user: edge, passwordSecret: site-key", StringComparison.Ordinal));
        await LogAsync(site, "trouble", 2);
        await Steps(site, () => site.Alerts.Routes.Any(r => r is { Name: "mail", IsFailing: true }), () => string.Join(", ", site.Alerts.Routes));

        Assert.Contains("STARTTLS", site.Alerts.Routes.Single(r => r.Name == "mail").Error, StringComparison.OrdinalIgnoreCase);
        Assert.NotEmpty(_mail.Commands);
        Assert.All(_mail.Commands, c => Assert.Matches("^(EHLO|HELO|QUIT)", c));
        Assert.Empty(_mail.Messages);
    }

    [Fact]
    public async Task SilencedTrouble_IsShownAndNotTold()
    {
        await using var site = await StartAsync();
        Assert.Null(await site.Alerts.SilenceAsync(new Silence("s1", "trouble", "clinic-*", null, "ada", "works", MonitorSite.Start, MonitorSite.Start.AddMinutes(3)), Cancellation));
        await LogAsync(site, "trouble", 2);
        await Steps(site, () => site.Alerts.Active is [{ State: AlertState.Firing }]);
        Assert.Equal(MonitorSite.Start.AddMinutes(3), site.Alerts.Active[0].SilencedUntil);
        Assert.Empty(_posted);

        // It fires on when the silence ends.
        await Steps(site, () => !_posted.IsEmpty);
        Assert.True(site.Clock.GetUtcNow() >= MonitorSite.Start.AddMinutes(3));
    }

    [Fact]
    public async Task RulesWithFaults_StopTheStart_WithAllOfThem()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync("rules: [{ nme: x, site: { is: gone } }]"));
        Assert.Contains("alerts.yaml:1: 'rules[0].nme' is not known here", error.Message, StringComparison.Ordinal);
        Assert.Contains("alerts.yaml:1: 'rules[0].site.is' has 'gone'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'rules[0].name' is missing", error.Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _hook.DisposeAsync();
        await _mail.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<MonitorSite> StartAsync(string rules = RulesText)
    {
        var file = Path.Combine(_folder, "alerts.yaml");
        await File.WriteAllTextAsync(file, rules.Replace("HOOK", _hook.Urls.First() + "/hook", StringComparison.Ordinal).Replace("1234", $"{_mail.Port}", StringComparison.Ordinal), Cancellation);
        Directory.CreateDirectory(Chat);
        var resources = $"{TestComponents.InMemory}\n---\napiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: chat\nspec:\n  type: bindings.localstorage\n  version: v1\n  metadata:\n    - name: rootPath\n      value: {Chat}\n";
        return await MonitorSite.StartAsync("clinic-a", resources: resources, settings: [("Alerts:Rules", file), ("Alerts:LookSeconds", "1"), ("Alerts:ConsoleUrl", "https://site.example.org/console")]);
    }

    private static async Task LogAsync(MonitorSite site, string message, int times)
    {
        var line = new LogLine(0, site.Clock.GetUtcNow(), "clinic-a", "records", LogLevel.Error, message, null, null, new Dictionary<string, string> { ["http.route"] = "/fhir/Patient" });
        Assert.Equal(AddOutcome.Stored, (await site.Store.AddAsync(new TelemetryBatch { Logs = [.. Enumerable.Range(0, times).Select(i => line with { Time = line.Time.AddMilliseconds(i) })] })).Outcome);
        site.Clock.Advance(TimeSpan.FromSeconds(1));
    }

    private static Task Steps(MonitorSite site, Func<bool> isSo, Func<string>? what = null) => site.AdvanceUntilAsync(TimeSpan.FromSeconds(1), isSo, what);

    /// <summary>Those that the binding has finished.</summary>
    private string[] ChatFiles() => [.. Directory.GetFiles(Chat, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".tmp", StringComparison.Ordinal))];
}
