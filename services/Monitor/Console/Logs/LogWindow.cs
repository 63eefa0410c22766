using EdgeMesh.Services.Monitor.Console.Text;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Console.Logs;

/// <summary>The lines that a page holds, newest first, and never more than <see cref="Most"/> of a million: older ones come in at the end
/// while the newest go, and new ones come in at the top while the oldest go.</summary>
internal sealed class LogWindow
{
    public const int Most = 600;

    private readonly List<LogLine> _lines = [];
    private readonly Queue<LogLine> _waiting = new();
    private long _skipped;

    public IReadOnlyList<LogLine> Lines => _lines;

    /// <summary>Where older ones begin; null: there are none.</summary>
    public long? Next { get; private set; }

    /// <summary>Whether newer lines were left for older ones.</summary>
    public bool IsPastTheNewest { get; private set; }

    public bool IsPaused { get; private set; }

    /// <summary>Lines that came while paused.</summary>
    public long Arrived { get; private set; }

    /// <summary>Begins anew with a page of the newest.</summary>
    public void Show(LogPage page)
    {
        _lines.Clear();
        _waiting.Clear();
        _lines.AddRange(page.Lines);
        (Next, IsPastTheNewest, Arrived, _skipped) = (page.Next, false, 0, 0);
    }

    /// <summary>Adds a page of older ones.</summary>
    public void Append(LogPage page)
    {
        _lines.AddRange(page.Lines);
        Next = page.Next;
        if (_lines.Count > Most)
        {
            _lines.RemoveRange(0, _lines.Count - Most);
            IsPastTheNewest = true;
        }
    }

    /// <summary>A line that was stored just now. It is shown at the next <see cref="Flush"/>; of more than a page holds, the last.</summary>
    public void Take(LogLine line)
    {
        _waiting.Enqueue(line);
        Arrived += IsPaused ? 1 : 0;
        if (_waiting.Count == Most)
        {
            // One place is for the word that others were skipped.
            _waiting.Dequeue();
            _skipped++;
        }
    }

    /// <summary>Shows what came, and says how many lines it skipped; whether that changed anything.</summary>
    public bool Flush(DateTimeOffset now)
    {
        if (IsPaused || _waiting.Count == 0)
        {
            return false;
        }

        var fresh = new List<LogLine>(_waiting.Reverse());
        if (_skipped > 0)
        {
            fresh.Add(new(0, now, "", "", LogLevel.Warning, $"{Amounts.Count(_skipped, "line")} skipped here: more came than a page holds. A search finds them.", null, null, new Dictionary<string, string>()));
        }

        _waiting.Clear();
        _skipped = 0;
        _lines.InsertRange(0, fresh);
        if (_lines.Count > Most)
        {
            _lines.RemoveRange(Most, _lines.Count - Most);
        }

        return true;
    }

    /// <summary>Whether it is the window's own word and no line of a log.</summary>
    public static bool IsWord(LogLine line) => line.Site.Length == 0 && line.Service.Length == 0;

    public void Pause() => IsPaused = true;

    public void Resume() => (IsPaused, Arrived) = (false, 0);
}
