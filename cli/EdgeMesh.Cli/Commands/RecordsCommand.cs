using System.CommandLine;
using EdgeMesh.Cli.Clients;
using EdgeMesh.Cli.Loading;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Terminal;
using Spectre.Console;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh records load</c> and <c>edgemesh records pseudonym</c>.</summary>
internal sealed class RecordsCommand : MeshCommand
{
    public RecordsCommand(MeshOptions options, Screen screen)
        : base("records", "Loads FHIR records into a site; tells under which pseudonym logs know a patient", "records load ./bundles --site clinic-a", "records pseudonym clinic-a-x1 --site clinic-a")
    {
        Add(new Load(options, screen));
        Add(new Pseudonym(options, screen));
    }

    private sealed class Pseudonym : MeshCommand
    {
        public Pseudonym(MeshOptions options, Screen screen)
            : base("pseudonym", "The pseudonym under which the logs of a site know a patient: needs the site's keys", "records pseudonym clinic-a-x1 --site clinic-a")
        {
            var id = new Argument<string>("ID") { Description = "The patient's id, such as clinic-a-x1" };
            var site = new Option<string>("--site") { Description = "The site whose logs are searched: each has its own pseudonyms", Required = true };
            Add(id);
            Add(site);
            SetAction(parse =>
            {
                if (options.Read(parse, screen) is not { } place)
                {
                    return ExitCode.Failed;
                }

                if (place.Topology.FindSite(parse.GetRequiredValue(site)) is not { } owner || !File.Exists(place.Data.Secrets(owner.Name)))
                {
                    return screen.Fail($"there are no keys of '{parse.GetRequiredValue(site)}' in {place.Data.Path}.", "Run this where the site runs, as its user.");
                }

                screen.Line(SecretFile.Open(place.Data.Secrets(owner.Name)).SiteKeys.Pseudonym("patient", parse.GetRequiredValue(id)));
                return ExitCode.Done;
            });
        }
    }

    private sealed class Load : MeshCommand
    {
        private static readonly TimeSpan BundleLimit = TimeSpan.FromMinutes(2);

        private readonly Argument<DirectoryInfo> folder = new("DIR") { Description = "A folder of transaction bundles, *.json" };
        private readonly Option<string> site = new("--site") { Description = "The site that takes them", Required = true };
        private readonly Option<int> parallelism = new("--parallel") { Description = "Bundles underway at once", DefaultValueFactory = _ => 2 };
        private readonly Option<bool> json = new("--json") { Description = "The summary as one line of JSON" };

        private readonly MeshOptions options;
        private readonly Screen screen;

        public Load(MeshOptions options, Screen screen)
            : base("load", "Posts every bundle of a folder; what bundles repeat (practitioners, organisations) is created once; a lost answer is asked for again",
                "records load ./bundles --site clinic-a", "records load ./bundles --site clinic-a --parallel 4 --json")
        {
            this.options = options;
            this.screen = screen;
            parallelism.Validators.Add(r =>
            {
                if (r.Tokens is [{ Value: var text }] && (!int.TryParse(text, out var n) || n is < 1 or > 64))
                {
                    r.AddError("--parallel must be a number from 1 to 64.");
                }
            });
            Add(folder);
            Add(site);
            Add(parallelism);
            Add(json);
            SetAction(RunAsync);
        }

        private async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
        {
            if (options.Read(parse, screen) is not { } place)
            {
                return ExitCode.Failed;
            }

            var from = parse.GetRequiredValue(folder);
            if (!from.Exists || from.GetFiles("*.json").Length == 0)
            {
                return screen.Fail($"{from.FullName} {(from.Exists ? "holds no *.json" : "does not exist")}.", "Name a folder of FHIR transaction bundles.", ExitCode.WrongUsage);
            }

            if (place.Topology.FindSite(parse.GetRequiredValue(site)) is not { } target)
            {
                return screen.NoSuchSite(parse.GetRequiredValue(site), place.Topology);
            }

            if (!File.Exists(place.Data.IssuerKey))
            {
                return screen.Fail($"no mesh was ever up with {place.Data.Path}.", "Start it with ./edgemesh up -d");
            }

            var token = DevelopmentIssuer.Open(place.Data, TimeProvider.System).Issue(place.Topology, TokenRequest.Loader(target.Name));
            using var gateway = SiteClients.Create(place, target, token, BundleLimit);
            var outcome = await LoadAsync(new(gateway, target.Name, TimeProvider.System), from.FullName, parse.GetValue(parallelism), cancellation);
            Print(outcome, parse.GetValue(json));
            return outcome.Failed.Count == 0 ? ExitCode.Done : ExitCode.Failed;
        }

        private async Task<LoadOutcome> LoadAsync(BundleLoader loader, string from, int parallel, CancellationToken cancellation)
        {
            if (!screen.IsTerminal)
            {
                return await loader.LoadAsync(from, parallel, (_, _) => { }, cancellation);
            }

            return await screen.Notes.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
                .StartAsync(async progress =>
                {
                    var task = progress.AddTask("Loading bundles");
                    return await loader.LoadAsync(from, parallel, (done, all) =>
                    {
                        task.MaxValue = all;
                        task.Value = done;
                    }, cancellation);
                });
        }

        private void Print(LoadOutcome outcome, bool asJson)
        {
            if (asJson)
            {
                screen.JsonLine(outcome);
                return;
            }

            foreach (var failed in outcome.Failed)
            {
                screen.Note($"not loaded: {failed}");
            }

            screen.Line($"{outcome.Bundles} bundles, {outcome.Resources} resources ({outcome.Created} created, {outcome.Existing} there already) in {outcome.Seconds:0.0} s: " +
                $"{outcome.ResourcesPerSecond:0} resources/s, {outcome.Retries} retries, {outcome.Failed.Count} failed");
        }
    }
}
