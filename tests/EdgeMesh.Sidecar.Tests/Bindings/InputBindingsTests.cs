using System.Threading.Channels;
using EdgeMesh.Sidecar.BuildingBlocks.Bindings;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.Tests.Bindings;

/// <summary>Input bindings whose server comes after the app.</summary>
public sealed class InputBindingsTests
{
    [Theory]
    [InlineData("input", "POST")]
    [InlineData("", "OPTIONS")]
    public async Task Binding_ThatOpensLate_IsReadThen(string direction, string first)
    {
        var methods = Channel.CreateUnbounded<string>();
        await using var app = await TestApp.StartAsync(context =>
        {
            methods.Writer.TryWrite(context.Request.Method);
            return Task.CompletedTask;
        });
        await using var runtime = new TestRuntime(app.Url);
        var driver = ComponentDriver.Awaited("its server is away");
        runtime.Put("late", "bindings.test", driver, ("direction", direction));
        await using var bindings = await InputBindings.StartAsync(runtime.Arrival(), TestSidecar.Cancellation);
        Assert.False(methods.Reader.TryRead(out _));
        var binding = new Binding();
        driver.Set(binding);
        Assert.Null((await binding.Told.Task.WaitAsync(TimeSpan.FromSeconds(20), TestSidecar.Cancellation)).Failure);
        Assert.Equal(first, await methods.Reader.ReadAsync(TestSidecar.Cancellation));
    }

    [Fact]
    public async Task Dispose_BeforeABindingOpens_WaitsForNothing_AndReadsItNoMore()
    {
        await using var runtime = new TestRuntime(new Uri("http://127.0.0.1:1"));
        var driver = ComponentDriver.Awaited("its server is away");
        runtime.Put("late", "bindings.test", driver, ("direction", "input"));
        var bindings = await InputBindings.StartAsync(runtime.Arrival(), TestSidecar.Cancellation);
        await bindings.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestSidecar.Cancellation);
        var binding = new Binding();
        driver.Set(binding);
        Assert.False(binding.Told.Task.IsCompleted);
    }

    /// <summary>Has one event.</summary>
    private sealed class Binding : IInputBinding
    {
        public TaskCompletionSource<InputAnswer> Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsRead => true;

        public bool IsMissable => false;

        public async Task ReadAsync(InputHandler handler, CancellationToken cancellation)
        {
            Told.SetResult(await handler(new InputEvent("1"u8.ToArray(), new Dictionary<string, string>())));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
        }
    }
}
