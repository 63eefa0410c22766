using System.Buffers;
using System.Net.Sockets;
using System.Security.Cryptography;
using EdgeMesh.Sidecar.Connections;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace EdgeMesh.Sidecar.Tests.Connections;

public sealed class OwnThreadConnectionTests
{
    private const string ThreadName = "EdgeMesh connection";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Read_WhatTheCallerSent_GoesOnOnTheConnectionsThread()
    {
        await using var pair = await ConnectedPair.StartAsync();

        var reading = ReadAsync(pair);
        pair.Caller.Send("hello"u8);

        Assert.Equal(("hello", ThreadName), await reading.WaitAsync(ConnectedPair.Patience, Cancel));
    }

    [Fact]
    public async Task Read_ThatAnotherThreadCancels_DoesNotGoOnThere()
    {
        await using var pair = await ConnectedPair.StartAsync();

        var reading = IdAfterReadAsync();
        var canceller = new Thread(() => pair.Calls.CancelPendingRead());
        canceller.Start();

        Assert.NotEqual(canceller.ManagedThreadId, await reading.WaitAsync(ConnectedPair.Patience, Cancel));

        async Task<int> IdAfterReadAsync()
        {
            Assert.True((await pair.Calls.ReadAsync(Cancel)).IsCanceled);
            return Environment.CurrentManagedThreadId;
        }
    }

    [Fact]
    public async Task Read_AfterItsThreadGaveWay_GoesOnByTheLoop()
    {
        var (isCrowded, ended) = (false, 0);
        await using var pair = await ConnectedPair.StartAsync(givesWay: () => Volatile.Read(ref isCrowded), threadEnded: () => Interlocked.Increment(ref ended));

        var first = ReadAsync(pair);
        Volatile.Write(ref isCrowded, true);
        pair.Caller.Send("first"u8);
        Assert.Equal("first", (await first.WaitAsync(ConnectedPair.Patience, Cancel)).Text);
        pair.Caller.Send("second"u8);

        var (text, thread) = await ReadAsync(pair).WaitAsync(ConnectedPair.Patience, Cancel);
        Assert.Equal("second", text);
        Assert.NotEqual(ThreadName, thread);
        Assert.Equal(1, ended);
    }

    [Fact]
    public async Task Write_ToACallerThatReadsLater_WaitsWithoutAThreadAndBringsEveryByte()
    {
        await using var pair = await ConnectedPair.StartAsync(mostWritten: 64 * 1024);
        var answer = RandomNumberGenerator.GetBytes(32 << 20);

        var writing = pair.Answers.WriteAsync(answer, Cancel);
        Assert.False(writing.IsCompleted);
        var received = new byte[answer.Length];
        for (var got = 0; got < received.Length;)
        {
            got += await pair.Caller.ReceiveAsync(received.AsMemory(got), Cancel).AsTask().WaitAsync(ConnectedPair.Patience, Cancel);
        }

        Assert.Equal(answer, received);
        await writing.AsTask().WaitAsync(ConnectedPair.Patience, Cancel);
        // Its thread waits for the caller all the time, and on.
        foreach (var text in new[] { "next", "last" })
        {
            Assert.Equal((text, ThreadName), await CallAsync(pair, text));
        }
    }

    [Fact]
    public async Task Thread_OfAnIdleConnection_GivesWayWhereItIsWantedAndComesBackWhenTheConnectionIsBusy()
    {
        var (isFree, ended) = (false, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var pair = await ConnectedPair.StartAsync(isWanted: () => true, takesThread: () => Volatile.Read(ref isFree), threadEnded: () => ended.TrySetResult());
        await ended.Task.WaitAsync(ConnectedPair.Patience, Cancel);

        for (var calls = 0; calls <= OwnThreadConnection.BusyReads; calls++)
        {
            Assert.NotEqual(ThreadName, (await CallAsync(pair, "call")).Thread);
        }

        Volatile.Write(ref isFree, true);
        await CallAsync(pair, "this one takes it");
        Assert.Equal(("busy", ThreadName), await CallAsync(pair, "busy"));
    }

    [Fact]
    public async Task Thread_OfAnIdleConnection_StaysWhereNobodyWantsIt()
    {
        var asked = 0;
        await using var pair = await ConnectedPair.StartAsync(isWanted: () => Interlocked.Increment(ref asked) < 0);
        while (Volatile.Read(ref asked) == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), Cancel);
        }

        Assert.Equal(("late", ThreadName), await CallAsync(pair, "late"));
    }

    [Fact]
    public async Task Abort_WhileAThreadThatCameBackReads_EndsTheRead()
    {
        var isFree = false;
        await using var pair = await ConnectedPair.StartAsync(givesWay: () => !Volatile.Read(ref isFree), takesThread: () => isFree = true);
        for (var calls = 0; calls <= OwnThreadConnection.BusyReads; calls++)
        {
            await CallAsync(pair, "call");
        }

        Assert.Equal(("busy", ThreadName), await CallAsync(pair, "busy"));
        var reading = pair.Calls.ReadAsync(Cancel);

        pair.Connection.Abort(new ConnectionAbortedException("enough"));

        await Assert.ThrowsAsync<ConnectionAbortedException>(() => reading.AsTask().WaitAsync(ConnectedPair.Patience, Cancel));
    }

    [Fact]
    public async Task Abort_WhileAnAnswerWaitsForItsCaller_EndsTheWriting()
    {
        await using var pair = await ConnectedPair.StartAsync(mostWritten: 64 * 1024);
        var writing = pair.Answers.WriteAsync(new byte[32 << 20], Cancel);
        Assert.False(writing.IsCompleted);

        pair.Connection.Abort(new ConnectionAbortedException("enough"));

        Assert.True((await writing.AsTask().WaitAsync(ConnectedPair.Patience, Cancel)).IsCompleted);
        await pair.Connection.DisposeAsync().AsTask().WaitAsync(ConnectedPair.Patience, Cancel);
    }

    [Fact]
    public async Task Abort_WhileTheThreadReads_ResetsTheCallerAndEndsTheRead()
    {
        await using var pair = await ConnectedPair.StartAsync();
        var reading = pair.Calls.ReadAsync(Cancel);

        pair.Connection.Abort(new ConnectionAbortedException("enough"));

        var reset = await Assert.ThrowsAsync<SocketException>(() => pair.Caller.ReceiveAsync(new byte[1], Cancel).AsTask().WaitAsync(ConnectedPair.Patience, Cancel));
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        await Assert.ThrowsAsync<ConnectionAbortedException>(() => reading.AsTask().WaitAsync(ConnectedPair.Patience, Cancel));
    }

    [Fact]
    public async Task Abort_WhileMoreHasComeThanTheApplicationTakes_EndsTheThread()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var pair = await ConnectedPair.StartAsync(mostRead: 4096, threadEnded: ended.SetResult);
        var sending = pair.Caller.SendAsync(new byte[64 * 1024], Cancel).AsTask();
        var read = await pair.Calls.ReadAtLeastAsync(4096, Cancel);
        pair.Calls.AdvanceTo(read.Buffer.Start, read.Buffer.End);

        pair.Connection.Abort(new ConnectionAbortedException("enough"));

        await ended.Task.WaitAsync(ConnectedPair.Patience, Cancel);
        await Record.ExceptionAsync(() => sending);
    }

    [Fact]
    public async Task Caller_ThatEnds_EndsTheReadAndTellsOfTheClosing()
    {
        await using var pair = await ConnectedPair.StartAsync();
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Connection.ConnectionClosed.Register(closed.SetResult);

        pair.Caller.Shutdown(SocketShutdown.Send);

        Assert.True((await pair.Calls.ReadAsync(Cancel).AsTask().WaitAsync(ConnectedPair.Patience, Cancel)).IsCompleted);
        await closed.Task.WaitAsync(ConnectedPair.Patience, Cancel);
    }

    [Fact]
    public async Task Callback_ThatFailsAtTheClosing_LeavesTheConnectionToEnd()
    {
        await using var pair = await ConnectedPair.StartAsync();
        pair.Connection.ConnectionClosed.Register(() => throw new InvalidOperationException("a callback's own"));

        pair.Caller.Dispose();

        await pair.Connection.DisposeAsync().AsTask().WaitAsync(ConnectedPair.Patience, Cancel);
    }

    [Fact]
    public async Task Application_ThatEndsWithAFailure_LeavesTheConnectionToEnd()
    {
        await using var pair = await ConnectedPair.StartAsync();

        await pair.Calls.CompleteAsync(new InvalidOperationException("the application's own"));
        await pair.Answers.CompleteAsync(new InvalidOperationException("the application's own"));
        pair.Caller.Send("late"u8);

        await pair.Connection.DisposeAsync().AsTask().WaitAsync(ConnectedPair.Patience, Cancel);
    }

    [Fact]
    public async Task Dispose_ByTheConnectionsOwnThread_Ends()
    {
        await using var pair = await ConnectedPair.StartAsync();
        var disposing = DisposeAfterReadAsync();

        pair.Caller.Send("hello"u8);

        await disposing.WaitAsync(ConnectedPair.Patience, Cancel);

        async Task DisposeAfterReadAsync()
        {
            await pair.Calls.ReadAsync(Cancel);
            Assert.Equal(ThreadName, Thread.CurrentThread.Name);
            await pair.Connection.DisposeAsync();
        }
    }

    private static async Task<(string Text, string? Thread)> CallAsync(ConnectedPair pair, string text)
    {
        var reading = ReadAsync(pair);
        pair.Caller.Send(System.Text.Encoding.UTF8.GetBytes(text));
        return await reading.WaitAsync(ConnectedPair.Patience, Cancel);
    }

    private static async Task<(string Text, string? Thread)> ReadAsync(ConnectedPair pair)
    {
        var read = await pair.Calls.ReadAsync(Cancel);
        var text = System.Text.Encoding.UTF8.GetString(read.Buffer.ToArray());
        pair.Calls.AdvanceTo(read.Buffer.End);
        return (text, Thread.CurrentThread.Name);
    }
}
