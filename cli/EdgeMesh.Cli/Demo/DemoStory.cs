using EdgeMesh.Cli.Demo.Steps;
using EdgeMesh.Cli.Terminal;
using Spectre.Console;

namespace EdgeMesh.Cli.Demo;

/// <summary>Runs the steps in order and tells of each. A step that does not hold does not end the story: the rest may still teach.</summary>
internal sealed class DemoStory(IReadOnlyList<DemoStep> steps, Screen screen, bool json)
{
    private static readonly TimeSpan StepLimit = TimeSpan.FromMinutes(10);

    public static IReadOnlyList<DemoStep> All { get; } =
    [
        new StartMesh(), new LoadRecords(), new RaceConditionalCreates(), new RefuseStaleUpdate(), new DenyWithoutConsent(),
        new ShareUnderConsent(), new CatchUpAfterCut(), new KillDuringLoad(), new FlipLedgerByte(),
    ];

    /// <summary>The steps of these names, and those that they go on with, in the story's order.</summary>
    public static IReadOnlyList<DemoStep> Select(IReadOnlyCollection<string> names)
    {
        var needed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            for (var step = All.First(s => s.Name == name); step is not null && needed.Add(step.Name);)
            {
                step = All.FirstOrDefault(s => s.Name == step.After);
            }
        }

        return [.. All.Where(s => needed.Contains(s.Name))];
    }

    /// <returns>How many steps did not hold.</returns>
    public async Task<int> RunAsync(DemoMesh mesh, CancellationToken cancellation)
    {
        var failed = 0;
        for (var number = 1; number <= steps.Count; number++)
        {
            var step = steps[number - 1];
            var outcome = await RunStepAsync(step, number, mesh, cancellation);
            Tell(step, outcome);
            failed += outcome.Held ? 0 : 1;
            if (number == 1 && !outcome.Held)
            {
                // Without a mesh there is nothing to show.
                return failed;
            }
        }

        return failed;
    }

    private async Task<StepOutcome> RunStepAsync(DemoStep step, int number, DemoMesh mesh, CancellationToken cancellation)
    {
        if (json)
        {
            return await GuardAsync(step, mesh, cancellation);
        }

        var title = $"{number}/{steps.Count} {step.Shows}";
        if (!screen.IsTerminal)
        {
            screen.Line(title);
            return await GuardAsync(step, mesh, cancellation);
        }

        screen.Markup($"[bold]{title.EscapeMarkup()}[/]");
        return await screen.Out.Progress().AutoClear(true).Columns(new SpinnerColumn(), new ElapsedTimeColumn(), new ProgressBarColumn(), new TaskDescriptionColumn())
            .StartAsync(async progress =>
            {
                var task = progress.AddTask(step.Name, maxValue: 1);
                task.IsIndeterminate = true;
                mesh.OnProgress = (done, all, what) =>
                {
                    task.IsIndeterminate = false;
                    task.MaxValue = all;
                    task.Value = done;
                    task.Description = $"{done} of {all} {what}";
                };
                return await GuardAsync(step, mesh, cancellation);
            });
    }

    private static async Task<StepOutcome> GuardAsync(DemoStep step, DemoMesh mesh, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StepLimit);
        try
        {
            return await step.RunAsync(mesh, limit.Token);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is HttpRequestException or IOException or TaskCanceledException or InvalidOperationException)
        {
            return StepOutcome.Of(false, $"could not be finished: {e.Message}", ("error", e.Message));
        }
    }

    private void Tell(DemoStep step, StepOutcome outcome)
    {
        if (json)
        {
            screen.JsonLine(new { step = step.Name, held = outcome.Held, detail = outcome.Detail });
        }
        else if (screen.IsTerminal)
        {
            screen.Out.Write(new Padder(new Markup($"{(outcome.Held ? "[green]held[/]" : "[red]did not hold[/]")}  {outcome.Sentence.EscapeMarkup()}"), new Padding(2, 0, 0, 0)));
        }
        else
        {
            screen.Line($"  {(outcome.Held ? "held" : "did not hold")}  {outcome.Sentence}");
        }
    }
}
