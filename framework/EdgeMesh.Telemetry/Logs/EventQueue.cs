using System.Collections.Concurrent;
using Serilog.Debugging;
using Serilog.Events;

namespace EdgeMesh.Telemetry;

/// <summary>Serilog's events between whoever logs and the one thread that makes records of them: Serilog has captured their values, and what is
/// left to do takes longer than a caller should be kept. Bounded; a crash loses what stands in it, some milliseconds of events.</summary>
internal sealed class EventQueue : IDisposable
{
    /// <summary>Events that may wait. A caller that finds no room makes its record itself.</summary>
    public const int Limit = 4096;

    /// <summary>Events come in bursts: a thread that woke for each would cost the callers more than what it takes from them.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentQueue<LogEvent> _events = new();
    private readonly Action<LogEvent> _write;
    private readonly AutoResetEvent _news = new(false);
    private readonly ManualResetEvent _end = new(false);
    private readonly Thread _thread;
    private int _count;
    private int _isAsleep;
    private int _hasEnded;

    /// <param name="write">Makes a record of an event; on the queue's own thread.</param>
    public EventQueue(Action<LogEvent> write)
    {
        _write = write;
        _thread = new Thread(Run, 256 * 1024) { IsBackground = true, Name = "log events" };
        _thread.Start();
    }

    /// <summary>False: there is no room, the event is too large to wait, or the queue has ended.</summary>
    public bool TryAdd(LogEvent logEvent)
    {
        if (EventSize.IsLarge(logEvent))
        {
            return false;
        }

        if (Interlocked.Increment(ref _count) > Limit)
        {
            Interlocked.Decrement(ref _count);
            return false;
        }

        _events.Enqueue(logEvent);
        if (Volatile.Read(ref _isAsleep) == 1 && Interlocked.Exchange(ref _isAsleep, 0) == 1)
        {
            _news.Set();
        }

        return true;
    }

    /// <summary>Makes records of all that was added before, and takes nothing more. A program may close its logger and Serilog's own twice.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) == 1)
        {
            return;
        }

        // From now on it is full, so that whoever adds has one thing to look at; and what is counted beyond that is still on its way in.
        Interlocked.Add(ref _count, Limit);
        _end.Set();
        _thread.Join();
        for (var wait = default(SpinWait); Volatile.Read(ref _count) > Limit; wait.SpinOnce())
        {
            WriteAll();
        }

        // Its news stays open: somebody who found the thread asleep may still be about to wake it.
        _end.Dispose();
    }

    private void Run()
    {
        do
        {
            WriteAll();
            Interlocked.Exchange(ref _isAsleep, 1);
            // What came before the sign was up had nobody to wake.
            if (_events.IsEmpty)
            {
                WaitHandle.WaitAny([_news, _end]);
            }

            Volatile.Write(ref _isAsleep, 0);
        }
        while (!_end.WaitOne(Gathering));
    }

    private void WriteAll()
    {
        while (_events.TryDequeue(out var logEvent))
        {
            Interlocked.Decrement(ref _count);
            try
            {
                _write(logEvent);
            }
            catch (Exception error)
            {
                // As Serilog does it: a value that can't be written costs its event, and never the caller or those behind it.
                SelfLog.WriteLine("EdgeMesh could not make a record of an event: {0}", error);
            }
        }
    }
}
