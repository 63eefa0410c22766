using EdgeMesh.Services.Monitor.Console.Access;
using EdgeMesh.Services.Monitor.Store;
using Microsoft.AspNetCore.Components;

namespace EdgeMesh.Services.Monitor.Console.Layout;

/// <summary>A page that goes on living in the browser: it checks again who looks, since the live connection is not the request that drew
/// it, and shows what changed at most four times a second.</summary>
public abstract class LivePart : ComponentBase, IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    /// <summary>So often what could not be read is read again.</summary>
    private const int RetryBeats = 8;

    private readonly CancellationTokenSource _gone = new();
    private Task _living = Task.CompletedTask;
    private int _isStale;
    private Action? _unread;

    [Inject]
    private protected TimeProvider Clock { get; set; } = default!;

    [Inject]
    private ConsoleUser User { get; set; } = default!;

    /// <summary>Whether the page may be drawn for who looks.</summary>
    private protected bool IsAllowed { get; private set; }

    /// <summary>Why what is shown is not all that was asked for; null: it is.</summary>
    private protected string? Fault { get; private set; }

    private protected CancellationToken Gone => _gone.Token;

    private protected DateTimeOffset Now => Clock.GetUtcNow();

    private protected abstract ConsoleRight Needs { get; }

    /// <inheritdoc/>
    protected sealed override async Task OnInitializedAsync()
    {
        IsAllowed = await User.MayAsync(Needs);
        if (IsAllowed)
        {
            Begin();
        }
    }

    /// <inheritdoc/>
    protected sealed override void OnAfterRender(bool firstRender)
    {
        // Never for the drawing by the server beforehand: that one has nobody to go on living for.
        if (firstRender && IsAllowed)
        {
            Live();
            _living = BeatAsync();
        }
    }

    /// <summary>Reads what the page shows first.</summary>
    private protected virtual void Begin()
    {
    }

    /// <summary>Subscribes to what changes.</summary>
    private protected virtual void Live()
    {
    }

    /// <summary>Reads from the store. When that fails, the page says so, lives on, and tries again by itself, but for what took too long: that takes as long
    /// the next time.</summary>
    private protected void Read(Action read)
    {
        try
        {
            read();
            (Fault, _unread) = (null, null);
        }
        catch (Exception error) when (StoreFaults.Is(error))
        {
            (Fault, _unread) = error is TimeoutException ? (error.Message, null) : ("The store does not answer at the moment. This page goes on by itself once it does.", read);
        }
    }

    /// <summary>Something changed; from any thread.</summary>
    private protected void Touch() => Volatile.Write(ref _isStale, 1);

    /// <summary>Once a beat, on the page's own thread; whether it must be drawn anew.</summary>
    /// <param name="beat">The beat's number.</param>
    /// <param name="isTouched">Whether something changed since the last one.</param>
    private protected virtual bool OnBeat(int beat, bool isTouched) => isTouched;

    /// <summary>Ends what <see cref="Live"/> began.</summary>
    private protected virtual void End()
    {
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        End();
        await _gone.CancelAsync();
        await _living;
        _gone.Dispose();
        GC.SuppressFinalize(this);
    }

    private bool IsReadAgain(int beat)
    {
        if (_unread is not { } unread || beat % RetryBeats != 0)
        {
            return false;
        }

        Read(unread);
        return _unread is null;
    }

    private async Task BeatAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(Beat, Clock);
            for (var beat = 1; await timer.WaitForNextTickAsync(_gone.Token); beat++)
            {
                // Taken first: what changes while the page reads is for the next beat.
                try
                {
                    if (OnBeat(beat, Interlocked.Exchange(ref _isStale, 0) == 1) | IsReadAgain(beat))
                    {
                        StateHasChanged();
                    }
                }
                catch (Exception error) when (StoreFaults.Is(error))
                {
                    // The store does not answer at the moment: what is shown stays, and the next beat reads all again.
                    Touch();
                }
            }
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            // The page is gone.
        }
    }
}
