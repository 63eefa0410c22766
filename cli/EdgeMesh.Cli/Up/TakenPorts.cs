using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Up;

/// <summary>A port that the mesh wants and somebody else has.</summary>
/// <param name="Owner">The program that has it, as far as this user may see.</param>
internal sealed record TakenPort(PortUse Use, string? Owner)
{
    public override string ToString() => $"{Use.Port} ({Use.Site}/{Use.User}) is taken{(Owner is null ? "" : $" by {Owner}")}";
}

/// <summary>Finds taken ports before anything is started, so that a start is never half done.</summary>
internal static class TakenPorts
{
    public static IReadOnlyList<TakenPort> Find(IEnumerable<PortUse> ports)
    {
        var taken = ports.Where(p => !IsFree(p.Port)).ToList();
        if (taken.Count == 0)
        {
            return [];
        }

        var owners = Owners(taken.Select(t => t.Port).ToHashSet());
        return [.. taken.Select(t => new TakenPort(t, owners.GetValueOrDefault(t.Port)))];
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Linux tells in /proc which process listens where; elsewhere nobody is named.</summary>
    private static Dictionary<int, string> Owners(HashSet<int> ports)
    {
        var sockets = new[] { "/proc/net/tcp", "/proc/net/tcp6" }.Where(File.Exists).SelectMany(f => File.ReadLines(f).Skip(1))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(f => f.Length > 9 && f[3] == "0A")
            .Select(f => (Port: int.Parse(f[1][(f[1].LastIndexOf(':') + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture), Inode: f[9]))
            .Where(s => ports.Contains(s.Port))
            .GroupBy(s => $"socket:[{s.Inode}]").ToDictionary(g => g.Key, g => g.First().Port);
        var owners = new Dictionary<int, string>();
        if (sockets.Count == 0)
        {
            return owners;
        }

        foreach (var process in Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)))
        {
            foreach (var port in OpenSockets(process).Select(s => sockets.GetValueOrDefault(s)).Where(p => p > 0))
            {
                owners.TryAdd(port, $"process {Path.GetFileName(process)} ({NameOf(process)})");
            }
        }

        return owners;
    }

    private static IEnumerable<string> OpenSockets(string process)
    {
        try
        {
            return [.. Directory.EnumerateFiles(Path.Combine(process, "fd")).Select(f => new FileInfo(f).LinkTarget).OfType<string>()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another user's process, or one that just ended.
            return [];
        }
    }

    private static string NameOf(string process)
    {
        try
        {
            var words = File.ReadAllText(Path.Combine(process, "cmdline")).Split('\0', StringSplitOptions.RemoveEmptyEntries);
            var shown = string.Join(' ', words.Take(4).Select(Path.GetFileName));
            return shown.Length > 60 ? shown[..60] + "…" : shown;
        }
        catch (IOException)
        {
            return "ended";
        }
    }
}
