using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using EdgeMesh.Cli.Clients;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh alerts</c>: what is wrong as a site sees it, and who does not want to hear of it.</summary>
internal sealed class AlertsCommand : MeshCommand
{
    public AlertsCommand(MeshOptions options, Screen screen)
        : base("alerts", "What is wrong, as the core's monitor or a site's own sees it; silences", "alerts list", "alerts silence --rule disk-low --of clinic-a --for 4h --why 'new disk on its way'", "alerts end 4f0c…")
    {
        Add(new ListAlerts(options, screen));
        Add(new SilenceAlerts(options, screen));
        Add(new EndSilence(options, screen));
    }

    private static Option<string?> Site() => new("--site") { Description = "The site to ask; default: the core" };

    private static Option<bool> Json() => new("--json") { Description = "The answer as one line of JSON" };

    private sealed class ListAlerts : MeshCommand
    {
        public ListAlerts(MeshOptions options, Screen screen)
            : base("list", "Lists alerts and silences (exit code 0: nothing fires; 1: something does)", "alerts list", "alerts list --site clinic-a --json")
        {
            var (site, json) = (Site(), Json());
            Add(site);
            Add(json);
            SetAction((parse, cancellation) => SiteCalls.RunAsync(options, parse, screen, parse.GetValue(site), ["operator"], [], async calls =>
            {
                var answer = await calls.GetAsync("monitor/alerts", cancellation);
                if (!answer.IsDone || answer.Json is not JsonObject view)
                {
                    return answer.Refuse(screen);
                }

                if (parse.GetValue(json))
                {
                    screen.JsonLine(view);
                }
                else
                {
                    Print(screen, view);
                }

                return view["alerts"]!.AsArray().Any(a => (string?)a!["state"] == "firing" && a["silencedUntil"] is null) ? ExitCode.Failed : ExitCode.Done;
            }));
        }

        private static void Print(Screen screen, JsonObject view)
        {
            foreach (var alert in view["alerts"]!.AsArray())
            {
                screen.Line($"{alert!["severity"],-8} {(alert["silencedUntil"] is null ? alert["state"] : "silenced"),-8} {alert["site"]}  {alert["rule"]}  since {alert["since"]}  {alert["summary"]}");
            }

            foreach (var silence in view["silences"]!.AsArray())
            {
                screen.Line($"silence  {silence!["id"]}  {string.Join(' ', Of(silence.AsObject()))}  until {silence["until"]}  by {silence["by"]}: {silence["why"]}");
            }

            screen.Note($"{view["alerts"]!.AsArray().Count} alerts{((int?)view["notListed"] is > 0 and var more ? $" and {more} that are not listed" : string.Empty)}, {view["silences"]!.AsArray().Count} silences");
        }

        private static IEnumerable<string> Of(JsonObject silence) => from key in (string[])["rule", "site", "service"] where silence[key] is not null select $"{key} {silence[key]}";
    }

    private sealed class SilenceAlerts : MeshCommand
    {
        private static readonly (char Unit, TimeSpan Length)[] Units = [('d', TimeSpan.FromDays(1)), ('h', TimeSpan.FromHours(1)), ('m', TimeSpan.FromMinutes(1))];

        public SilenceAlerts(MeshOptions options, Screen screen)
            : base("silence", "Nobody is told of what matches all that is given; it is shown all the same", "alerts silence --rule disk-low --of clinic-a --for 4h --why 'new disk on its way'")
        {
            var rule = new Option<string?>("--rule") { Description = "The rule; may end in *" };
            var of = new Option<string?>("--of") { Description = "The site that the alerts are of; may end in *", HelpName = "SITE" };
            var service = new Option<string?>("--service") { Description = "The service; may end in *" };
            var time = new Option<string>("--for") { Description = "How long, such as 30m, 4h or 2d; at most 30d", Required = true, HelpName = "TIME" };
            var why = new Option<string>("--why") { Description = "Why", Required = true };
            var (site, json) = (Site(), Json());
            time.Validators.Add(r =>
            {
                if (r.Tokens is [{ Value: var text }] && Length(text) is null)
                {
                    r.AddError($"--for is '{text}': give a time such as 30m, 4h or 2d.");
                }
            });
            foreach (var option in (Option[])[rule, of, service, time, why, site, json])
            {
                Add(option);
            }

            SetAction((parse, cancellation) => SiteCalls.RunAsync(options, parse, screen, parse.GetValue(site), ["operator"], [], async calls =>
            {
                var asked = new JsonObject
                {
                    ["rule"] = parse.GetValue(rule), ["site"] = parse.GetValue(of), ["service"] = parse.GetValue(service), ["why"] = parse.GetRequiredValue(why),
                    ["until"] = TimeProvider.System.GetUtcNow() + Length(parse.GetRequiredValue(time)),
                };
                var answer = await calls.SendAsync(HttpMethod.Post, "monitor/silences", Encoding.UTF8.GetBytes(asked.ToJsonString()), "application/json", cancellation);
                if (!answer.IsDone)
                {
                    return answer.Refuse(screen);
                }

                if (parse.GetValue(json))
                {
                    screen.JsonLine(answer.Json);
                }
                else
                {
                    screen.Line($"silenced until {answer.Json?["until"]}; end it with ./edgemesh alerts end {answer.Json?["id"]}");
                }

                return ExitCode.Done;
            }));
        }

        /// <summary>Null: it is none.</summary>
        private static TimeSpan? Length(string text) =>
            Units.FirstOrDefault(u => text.EndsWith(u.Unit)) is { Unit: not default(char) } unit && int.TryParse(text.AsSpan(0, text.Length - 1), System.Globalization.NumberStyles.None, null, out var count) && count is > 0 and < 100_000
                ? unit.Length * count
                : null;
    }

    private sealed class EndSilence : MeshCommand
    {
        public EndSilence(MeshOptions options, Screen screen)
            : base("end", "Ends a silence", "alerts end 4f0c…")
        {
            var (id, site) = (new Argument<string>("ID") { Description = "The silence, as `alerts list` names it" }, Site());
            Add(id);
            Add(site);
            SetAction((parse, cancellation) => SiteCalls.RunAsync(options, parse, screen, parse.GetValue(site), ["operator"], [], async calls =>
            {
                var answer = await calls.SendAsync(HttpMethod.Delete, $"monitor/silences/{Uri.EscapeDataString(parse.GetRequiredValue(id))}", null, null, cancellation);
                if (!answer.IsDone)
                {
                    return answer.Refuse(screen);
                }

                screen.Line("the silence is over");
                return ExitCode.Done;
            }));
        }
    }
}
