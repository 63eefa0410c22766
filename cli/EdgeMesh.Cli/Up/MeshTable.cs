using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Terminal;
using Spectre.Console;

namespace EdgeMesh.Cli.Up;

/// <summary>The mesh as people read it.</summary>
internal static class MeshTable
{
    public static void Print(Screen screen, MeshStatus status, MeshPlace place)
    {
        var table = new Table { Border = screen.IsTerminal ? TableBorder.Rounded : TableBorder.None };
        table.AddColumns("site", "state", "public door", "services", "links");
        foreach (var site in status.Sites)
        {
            var state = site.State == "ready" ? "[green]ready[/]" : $"[yellow]{site.State}[/]";
            var services = string.Join(", ", site.Services.Select(s => s.Ready ? s.Name : $"[yellow]{s.Name} ({string.Join("; ", s.WaitingFor ?? []).EscapeMarkup()})[/]"));
            var links = status.Links.Where(l => l.A == site.Name || l.B == site.Name)
                .Select(l => (Peer: l.A == site.Name ? l.B : l.A, l.State))
                .Select(l => l.State == "up" ? l.Peer : $"[yellow]{l.Peer} ({l.State})[/]");
            table.AddRow(site.Name, state, site.Gateway, services, string.Join(", ", links));
        }

        screen.Out.Write(table);
        screen.Line($"Clients trust {place.Data.AuthorityCertificate}; a token: ./edgemesh token --user dr-ada --role practitioner --site {status.Sites[^1].Name}");
    }

    public static void PrintWaiting(Screen screen, MeshStatus status)
    {
        screen.Note("Not ready:");
        foreach (var site in status.Sites)
        {
            if (site.State == "failed")
            {
                screen.Note($"  {site.Name} can't start; its lines say why");
                continue;
            }

            foreach (var service in site.Services.Where(s => !s.Ready))
            {
                screen.Note($"  {site.Name}/{service.Name}: {string.Join("; ", service.WaitingFor ?? ["no answer"])}");
            }
        }
    }
}
