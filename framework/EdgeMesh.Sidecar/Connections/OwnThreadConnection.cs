using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Connections;

/// <summary>A connection that a thread of its own reads, and on which its calls begin: each costs one waking, where a loop over all sockets that hands
/// over to a pool of threads costs three. Without a thread it goes by the loop, and takes one when it is busy and one is free; it then costs a waking of
/// the loop as well, as the runtime goes on watching its socket. Owns its socket, and its thread.</summary>
internal sealed partial class OwnThreadConnection : DefaultConnectionContext, IMemoryPoolFeature
{
    /// <summary>Less room than this is not worth a read.</summary>
    private const int LeastRead = 2048;

    /// <summary>Bytes of one call of the system.</summary>
    private const int MostAtOnce = 64 * 1024;

    /// <summary>By the loop, before a thread is worth its making.</summary>
    internal const int BusyReads = 16;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);
    private static long _last;

    private readonly Socket _socket;
    private readonly Pipe _calls;
    private readonly Pipe _answers;
    private readonly OwnThread _thread = new();
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _ending = new();
    private Task _written = Task.CompletedTask;
    private volatile ConnectionAbortedException? _ended;

    /// <summary>The runtime makes the socket one that never blocks for what it does by the loop, and for good.</summary>
    private volatile bool _blocks = true;

    /// <summary>The process could make none: not asked for again, as each try costs a line of the log.</summary>
    private volatile bool _isRefusedThreads;

    /// <param name="socket">Accepted, and nothing read of it.</param>
    /// <param name="memory">For what comes and goes.</param>
    /// <param name="mostRead">Bytes that wait for their reader at most; 0: any number.</param>
    /// <param name="mostWritten">The same of answers.</param>
    /// <param name="logger">Told of what should not happen.</param>
    public OwnThreadConnection(Socket socket, MemoryPool<byte> memory, long mostRead, long mostWritten, ILogger logger)
        : base("T" + Interlocked.Increment(ref _last).ToString("X8", CultureInfo.InvariantCulture))
    {
        (_socket, MemoryPool, _logger) = (socket, memory, logger);
        socket.ReceiveTimeout = (int)Idle.TotalMilliseconds;
        (_calls, _answers) = (PipeOf(memory, mostRead, _thread, PipeScheduler.Inline), PipeOf(memory, mostWritten, PipeScheduler.Inline, PipeScheduler.ThreadPool));
        Transport = new ServerEnd(_calls.Reader, _answers.Writer);
        (LocalEndPoint, RemoteEndPoint, ConnectionClosed) = (socket.LocalEndPoint, socket.RemoteEndPoint, _closed.Token);
        Features.Set<IMemoryPoolFeature>(this);
    }

    /// <summary>Whether others need the machine more than this one its thread: asked after each read.</summary>
    public Func<bool> GivesWay { get; init; } = () => false;

    /// <summary>Whether another connection might use the thread: asked when this one has been idle.</summary>
    public Func<bool> IsWanted { get; init; } = () => false;

    /// <summary>Takes a thread, where one is free: asked by a busy connection that has none.</summary>
    public Func<bool> TakesThread { get; init; } = () => false;

    /// <summary>Told when a thread has ended or given way, once of each.</summary>
    public Action ThreadEnded { get; init; } = () => { };

    public MemoryPool<byte> MemoryPool { get; }

    /// <param name="hasThread">Whether a thread was taken for it.</param>
    public void Start(bool hasThread)
    {
        if (hasThread)
        {
            StartThread();
        }
        else
        {
            _ = ReadByLoopAsync();
        }

        _written = WriteAsync();
    }

    /// <summary>Where the process may make none, the connection goes on by the loop.</summary>
    private void StartThread()
    {
        try
        {
            new Thread(ReadByThread) { IsBackground = true, Name = "EdgeMesh connection" }.UnsafeStart();
        }
        catch (Exception error) when (error is OutOfMemoryException or ThreadStartException)
        {
            LogNoThread(_logger, error);
            _isRefusedThreads = true;
            GiveWay();
        }
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        End(abortReason, isAbrupt: true);
        _answers.Reader.CancelPendingRead();
    }

    public override async ValueTask DisposeAsync()
    {
        await _calls.Reader.CompleteAsync();
        await _answers.Writer.CompleteAsync();
        await _written;
        await _read.Task;
        _socket.Dispose();
        _closed.Dispose();
        await base.DisposeAsync();
    }

    private static Pipe PipeOf(MemoryPool<byte> memory, long most, PipeScheduler reader, PipeScheduler writer) =>
        new(new PipeOptions(memory, reader, writer, most, most / 2, useSynchronizationContext: false));

    private void ReadByThread()
    {
        _thread.Enter();
        try
        {
            var goesOn = true;
            while (goesOn && !GivesWay())
            {
                if (PromptReceive.Receive(_socket, _blocks, _calls.Writer.GetMemory(LeastRead).Span) is not { } count)
                {
                    if (IsWanted())
                    {
                        break;
                    }

                    continue;
                }

                var passed = PassOnAsync(count);
                // More has come than the application takes: this thread has nothing else to do than to wait.
                goesOn = passed.IsCompletedSuccessfully ? passed.Result : passed.AsTask().GetAwaiter().GetResult();
            }

            _thread.Leave();
            if (goesOn)
            {
                GiveWay();
                return;
            }

            ThreadEnded();
            EndRead(null);
        }
        catch (Exception error)
        {
            _thread.Leave();
            ThreadEnded();
            EndRead(error);
        }
    }

    private void GiveWay()
    {
        ThreadEnded();
        _ = ReadByLoopAsync();
    }

    private async Task ReadByLoopAsync()
    {
        _blocks = false;
        try
        {
            for (var reads = 1; await PassOnAsync(await _socket.ReceiveAsync(_calls.Writer.GetMemory(LeastRead))); reads++)
            {
                if (reads >= BusyReads && !_isRefusedThreads && TakesThread())
                {
                    StartThread();
                    return;
                }
            }

            EndRead(null);
        }
        catch (Exception error)
        {
            EndRead(error);
        }
    }

    /// <returns>False: the caller has said its last, or nobody listens.</returns>
    private async ValueTask<bool> PassOnAsync(int count)
    {
        if (count == 0)
        {
            return false;
        }

        _calls.Writer.Advance(count);
        return await _calls.Writer.FlushAsync() is { IsCompleted: false, IsCanceled: false };
    }

    /// <summary>Nothing more can come. Whoever waits for it hears of it on a thread of the pool.</summary>
    private void EndRead(Exception? failure)
    {
        var error = _ended ?? (failure is SocketException or ObjectDisposedException ? new ConnectionResetException(failure.Message, failure) : failure);
        ThreadPool.UnsafeQueueUserWorkItem(
            static s =>
            {
                var (connection, error) = s;
                try
                {
                    connection._calls.Writer.Complete(error);
                    connection._closed.Cancel();
                }
                catch (Exception unexpected)
                {
                    LogUnexpected(connection._logger, connection.ConnectionId, unexpected);
                }
                finally
                {
                    connection._read.SetResult();
                }
            },
            (this, error),
            preferLocal: false);
    }

    private async Task WriteAsync()
    {
        try
        {
            while (await _answers.Reader.ReadAsync() is { IsCanceled: false } read)
            {
                for (var rest = read.Buffer; !rest.IsEmpty; rest = rest.Slice(Math.Min(rest.Length, MostAtOnce)))
                {
                    await SendAsync(rest.Slice(0, Math.Min(rest.Length, MostAtOnce)));
                }

                _answers.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The caller has gone: the application sees it at its next write.
        }
        catch (Exception unexpected)
        {
            LogUnexpected(_logger, ConnectionId, unexpected);
        }

        End(new ConnectionAbortedException("The connection ended with its last answer."), isAbrupt: false);
        await _answers.Reader.CompleteAsync();
        _calls.Writer.CancelPendingFlush();
    }

    /// <summary>In one call of the system: that costs more than to put the parts together.</summary>
    private async ValueTask SendAsync(ReadOnlySequence<byte> answer)
    {
        if (answer.IsSingleSegment)
        {
            await SendAsync(answer.First);
            return;
        }

        using var whole = System.Buffers.MemoryPool<byte>.Shared.Rent((int)answer.Length);
        answer.CopyTo(whole.Memory.Span);
        await SendAsync(whole.Memory[..(int)answer.Length]);
    }

    private ValueTask SendAsync(ReadOnlyMemory<byte> part)
    {
        var sent = PromptSend.Send(_socket, part.Span);
        return sent == part.Length ? ValueTask.CompletedTask : SendSlowlyAsync(part[sent..]);
    }

    /// <summary>A caller that reads slowly takes no thread.</summary>
    private async ValueTask SendSlowlyAsync(ReadOnlyMemory<byte> part)
    {
        _blocks = false;
        while (part.Length > 0)
        {
            part = part[await _socket.SendAsync(part)..];
        }
    }

    /// <summary>Whoever waits on the socket hears of it. An abrupt end is none that could be taken for that of an answer.</summary>
    private void End(ConnectionAbortedException reason, bool isAbrupt)
    {
        lock (_ending)
        {
            if (_ended is not null)
            {
                return;
            }

            _ended = reason;
            try
            {
                if (isAbrupt)
                {
                    _socket.Close(0);
                }
                else
                {
                    _socket.Shutdown(SocketShutdown.Both);
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // It was gone before.
            }
        }
    }

    private sealed record ServerEnd(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    [LoggerMessage(LogLevel.Warning, "There is no thread for a connection: it goes on without one, and its calls take longer. Allow the process more threads.")]
    private static partial void LogNoThread(ILogger logger, Exception error);

    [LoggerMessage(LogLevel.Error, "Connection {Connection} ended for a reason that it should not have")]
    private static partial void LogUnexpected(ILogger logger, string connection, Exception error);
}
