using System.Text;
using EdgeMesh.Functions.Sandbox;
using EdgeMesh.Functions.Scheduling;
using EdgeMesh.Functions.Wasi;
using Wasmtime;

namespace EdgeMesh.Functions.HostCalls;

/// <summary>The host interface, version 1. Every call takes pairs of address and length and answers the answer's length, or a negative
/// <see cref="HostStatus"/>; <c>answer(address, length)</c> then copies the answer's bytes. Strings are UTF-8. The C header is
/// samples/functions/edgemesh.h.</summary>
internal static class HostModule
{
    public const string Name = "edgemesh_v1";

    /// <summary>Keys, topics, names, targets.</summary>
    private const int MaxName = 1024;

    /// <summary>What one host call may carry either way: the most that a state store of Dapr takes.</summary>
    private const int MaxValue = 1024 * 1024;

    public static void Define(Linker linker)
    {
        linker.DefineFunction(Name, "state_get", (Caller c, int key, int keyLength) =>
            Call(c, key, keyLength, 0, 0, static (host, name, _, cancel) => host.GetStateAsync(name, cancel)));
        linker.DefineFunction(Name, "state_set", (Caller c, int key, int keyLength, int value, int valueLength) =>
            Call(c, key, keyLength, value, valueLength, static (host, name, data, cancel) => host.SetStateAsync(name, data, cancel)));
        linker.DefineFunction(Name, "state_delete", (Caller c, int key, int keyLength) =>
            Call(c, key, keyLength, 0, 0, static (host, name, _, cancel) => host.DeleteStateAsync(name, cancel)));
        linker.DefineFunction(Name, "publish", (Caller c, int topic, int topicLength, int data, int dataLength) =>
            Call(c, topic, topicLength, data, dataLength, static (host, name, data, cancel) => host.PublishAsync(name, data, cancel)));
        linker.DefineFunction(Name, "invoke", (Caller c, int target, int targetLength, int body, int bodyLength) =>
            Call(c, target, targetLength, body, bodyLength, static (host, name, data, cancel) => host.InvokeAsync(name, data, cancel)));
        linker.DefineFunction(Name, "setting", (Caller c, int name, int nameLength) =>
            Call(c, name, nameLength, 0, 0, static (host, name, _, cancel) => host.GetSettingAsync(name, cancel)));
        linker.DefineFunction(Name, "secret", (Caller c, int name, int nameLength) =>
            Call(c, name, nameLength, 0, 0, static (host, name, _, cancel) => host.GetSecretAsync(name, cancel)));
        linker.DefineFunction(Name, "count", (Caller c, int name, int nameLength, double value) => Count(c, name, nameLength, value));
        linker.DefineFunction(Name, "answer", (Caller c, int address, int length) => CopyAnswer(c, address, length));
    }

    private static int Call(
        Caller caller, int name, int nameLength, int data, int dataLength, Func<IFunctionHost, string, ReadOnlyMemory<byte>, CancellationToken, ValueTask<HostAnswer>> ask)
    {
        var call = ActiveCall.Of(caller);
        call.Answer = default;
        if (Begin(call, out var host) is { } refusal)
        {
            return (int)refusal;
        }

        if (!TryReadName(caller, name, nameLength, out var text) || (uint)dataLength > MaxValue || !caller.TryGet(data, dataLength, out var bytes))
        {
            return (int)HostStatus.Invalid;
        }

        HostAnswer answer;
        var began = call.Clock.GetTimestamp();
        try
        {
            var asked = ask(host, text, bytes.ToArray(), call.Deadline);
            answer = asked.IsCompletedSuccessfully ? asked.Result : Wait(call.Turn, asked.AsTask());
        }
        catch (OperationCanceledException) when (call.Deadline.IsCancellationRequested)
        {
            throw call.IsClosing
                ? call.Stop(CallOutcome.Canceled, ActiveCall.Closing)
                : call.Stop(CallOutcome.OutOfTime, $"its {call.Input.Limits.WallClock.TotalMilliseconds} ms were over while the host worked for it; raise limits.time or ask for less");
        }
        catch (Exception error)
        {
            throw call.Fail(error);
        }
        finally
        {
            call.InHost += call.Clock.GetElapsedTime(began);
        }

        if (call.IsClosing && answer.Status == HostStatus.Unavailable)
        {
            // It is the site that stops: what the function would make of that is not its own failure.
            throw call.Stop(CallOutcome.Canceled, ActiveCall.Closing);
        }

        if (answer.Status == HostStatus.Done && answer.Data.Length > MaxValue)
        {
            return (int)HostStatus.TooMuch;
        }

        call.Answer = answer.Data;
        return answer.Status == HostStatus.Done ? answer.Data.Length : (int)answer.Status;
    }

    /// <summary>The call's own thread waits: it holds the instance's stack, which can't be left. Others work meanwhile.</summary>
    private static HostAnswer Wait(Turn turn, Task<HostAnswer> asked)
    {
        turn.GiveUp();
        try
        {
            return asked.GetAwaiter().GetResult();
        }
        finally
        {
            turn.TakeBack();
        }
    }

    private static int Count(Caller caller, int name, int nameLength, double value)
    {
        var call = ActiveCall.Of(caller);
        return (int)(Begin(call, out var host) ?? (double.IsFinite(value) && TryReadName(caller, name, nameLength, out var text) ? host.Count(text, value) : HostStatus.Invalid));
    }

    private static int CopyAnswer(Caller caller, int address, int length)
    {
        var answer = ActiveCall.Of(caller).Answer;
        if (length < 0 || !caller.TryGet(address, Math.Min(length, answer.Length), out var target))
        {
            return (int)HostStatus.Invalid;
        }

        answer.Span[..target.Length].CopyTo(target);
        return target.Length;
    }

    private static HostStatus? Begin(ActiveCall call, out IFunctionHost host)
    {
        host = call.Input.Host!;
        return host is null ? HostStatus.Denied : call.TakeHostCall() ? null : HostStatus.TooMuch;
    }

    private static bool TryReadName(Caller caller, int address, int length, out string name)
    {
        name = "";
        if (length is <= 0 or > MaxName || !caller.TryGet(address, length, out var bytes) || !System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return false;
        }

        name = Encoding.UTF8.GetString(bytes);
        return !name.Any(char.IsControl);
    }
}
