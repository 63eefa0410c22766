using System.Diagnostics;
using System.Globalization;

namespace EdgeMesh.LoadTests.Measuring;

/// <summary>A thread that calls at a rate, in bursts of about a millisecond, or without a pause. Measures the time within the calls, and the
/// processor's time of the thread: what others do on the machine is in the first and not in the second. A late burst is made up for: the
/// rate is that of the intended times.</summary>
internal sealed class CallerRun
{
    private const int FlatOutBurst = 100;

    private readonly Thread _thread;
    private readonly TimeSpan _time;
    private readonly int? _perSecond;
    private readonly Action<int> _call;
    private long _busy;
    private long _worst;

    public CallerRun(TimeSpan time, int? perSecond, Action<int> call)
    {
        (_time, _perSecond, _call) = (time, perSecond, call);
        _thread = new Thread(Run) { IsBackground = true };
    }

    public long Count { get; private set; }

    public double BusySeconds => _busy / (double)Stopwatch.Frequency;

    /// <summary>The processor's, pauses between bursts included; 0 where the system does not tell.</summary>
    public double CpuSeconds { get; private set; }

    /// <summary>Of a burst.</summary>
    public double WorstSeconds => _worst / (double)Stopwatch.Frequency;

    public void Start() => _thread.Start();

    public void Join() => _thread.Join();

    private void Run()
    {
        using var pause = new ManualResetEventSlim();
        var (started, cpu) = (Stopwatch.GetTimestamp(), ThreadCpuSeconds());
        while (Stopwatch.GetElapsedTime(started) is var elapsed && elapsed < _time)
        {
            if (_perSecond is { } rate)
            {
                Burst((long)(elapsed.TotalSeconds * rate) - Count);
                pause.Wait(1);
            }
            else
            {
                Burst(FlatOutBurst);
            }
        }

        CpuSeconds = ThreadCpuSeconds() - cpu;
    }

    private void Burst(long calls)
    {
        var began = Stopwatch.GetTimestamp();
        for (var n = 0; n < calls; n++)
        {
            _call((int)Count++);
        }

        var took = Stopwatch.GetTimestamp() - began;
        _busy += took;
        _worst = Math.Max(_worst, took);
    }

    /// <summary>Linux tells it in nanoseconds.</summary>
    private static double ThreadCpuSeconds() => File.Exists("/proc/thread-self/schedstat")
        ? long.Parse(File.ReadAllText("/proc/thread-self/schedstat").Split(' ')[0], CultureInfo.InvariantCulture) / 1e9
        : 0;
}
