using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Ledger;
using Spectre.Console;

namespace EdgeMesh.Cli.Verifying;

/// <summary><c>ledger verify</c>: says what was checked and what does not hold.</summary>
internal static class LedgerVerification
{
    public static async Task<int> RunAsync(MeshPlace place, string target, string? keyText, bool json, Screen screen, CancellationToken cancellation)
    {
        using var ledger = LedgerPlace.Open(place, target);
        if (ledger is null)
        {
            return screen.Fail($"'{target}' is neither an https address nor a folder.", "Name a ledger, such as https://127.0.0.1:7201/ledger/", ExitCode.WrongUsage);
        }

        VerifierKey? key;
        if (keyText is not null)
        {
            if (!VerifierKey.TryParse(keyText, out key))
            {
                return screen.Fail("--key is no verifier key.", "Its form is name+hash+base64, as in a signed note (C2SP).", ExitCode.WrongUsage);
            }
        }
        else
        {
            try
            {
                key = await ledger.KnownKeyAsync(place, cancellation);
            }
            catch (IOException e)
            {
                return screen.Fail($"{target} can't be read: {e.Message}", "Is the mesh up? ./edgemesh status");
            }
        }

        if (key is null)
        {
            return screen.Fail($"{target} has no checkpoint, or one of a log that the mesh in {place.Data.Path} does not know.", "Give the log's key with --key, or the mesh's --data-dir.");
        }

        return Tell(await VerifyAsync(ledger, key, LedgerPlace.Witnesses(place), json, screen, cancellation), key, json, screen);
    }

    private static async Task<VerifyResult> VerifyAsync(LedgerPlace ledger, VerifierKey key, IReadOnlyCollection<VerifierKey> witnesses, bool json, Screen screen, CancellationToken cancellation)
    {
        if (!screen.IsTerminal || json)
        {
            return await LedgerVerifier.VerifyAsync(ledger.Source, key, null, cancellation, witnesses);
        }

        return await screen.Notes.Progress().AutoClear(true).StartAsync(progress =>
        {
            var task = progress.AddTask("Verifying entries");
            return LedgerVerifier.VerifyAsync(ledger.Source, key, new Progress<LedgerProgress>(p =>
            {
                task.MaxValue = p.Total;
                task.Value = p.Done;
            }), cancellation, witnesses);
        });
    }

    private static int Tell(VerifyResult result, VerifierKey key, bool json, Screen screen)
    {
        if (json)
        {
            screen.JsonLine(new
            {
                holds = result.Holds,
                log = key.Name,
                size = result.Checkpoint?.Size,
                root = result.Checkpoint?.Root.ToString(),
                verified = result.Entries,
                cosigned = result.Cosigned is { } c ? new { size = c.Size, witnesses = c.Witnesses.Select(w => new { name = w.Name, time = w.Time }) } : null,
                fault = result.Fault is { } f ? new { kind = f.Kind, path = f.Path, entry = f.Entry, message = f.Message } : null,
            });
        }
        else if (result.Fault is { } fault)
        {
            screen.Fail($"{key.Name} does not hold: {fault.Message}.", $"{result.Entries} entries before it do. Compare with a mirror or a witness of the log.");
        }
        else
        {
            screen.Line($"{key.Name} holds: {result.Entries} entries, root {result.Checkpoint!.Root}");
            screen.Line(result.Cosigned is { } cosigned
                ? $"Cosigned up to {cosigned.Size} entries by {string.Join(", ", cosigned.Witnesses.Select(w => $"{w.Name} ({w.Time:u})"))}"
                : "No witness that this mesh knows has cosigned it yet.");
        }

        return result.Holds ? ExitCode.Done : ExitCode.Failed;
    }
}
