using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Cli.Sites.Direct;

/// <summary>An answer on its way from the application to the caller. The application's writes go through a pipe of 64 KiB: a caller that
/// does not read holds the application up, as a socket would.</summary>
internal sealed class DirectResponse : IHttpResponseFeature, IHttpResponseBodyFeature
{
    /// <summary>What may be written to an answer that its caller left, as on a connection that is to serve the next call.</summary>
    private const int MostForNobody = 1024 * 1024;

    private static readonly PipeOptions Bounds = new(pauseWriterThreshold: 64 * 1024, resumeWriterThreshold: 32 * 1024,
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false);

    private readonly TaskCompletionSource<HttpResponseMessage> head = new();
    private readonly Pipe pipe = new(Bounds);
    private readonly HttpRequestMessage request;
    private readonly Action leave;
    private readonly Action giveUp;
    private List<(Func<object, Task> Call, object State)>? starting;
    private List<(Func<object, Task> Call, object State)>? completed;
    private volatile bool isFinished;
    private volatile bool isBroken;
    private volatile bool isLeft;
    private int forNobody;

    /// <param name="request">The request.</param>
    /// <param name="leave">The caller has had enough of the answer.</param>
    /// <param name="giveUp">The caller left, and too much was written since.</param>
    public DirectResponse(HttpRequestMessage request, Action leave, Action giveUp)
    {
        (this.request, this.leave, this.giveUp) = (request, leave, giveUp);
        Writer = new DirectWriter(pipe.Writer, this);
        Stream = Writer.AsStream();
        Body = Stream;
    }

    /// <summary>The caller's answer, once the application has started it.</summary>
    public Task<HttpResponseMessage> Head => head.Task;

    public int StatusCode { get; set; } = StatusCodes.Status200OK;

    public string? ReasonPhrase { get; set; }

    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

    /// <summary>Of an older feature, which is given its stream all the same.</summary>
    public Stream Body { get; set; }

    public bool HasStarted { get; private set; }

    /// <summary>The caller gave up: that the application ends by it is no fault.</summary>
    public bool IsDropped { get; private set; }

    private bool HasBody => request.Method != HttpMethod.Head && StatusCode is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified);

    public Stream Stream { get; }

    public PipeWriter Writer { get; }

    public void OnStarting(Func<object, Task> callback, object state) => (starting ??= []).Add((callback, state));

    public void OnCompleted(Func<object, Task> callback, object state) => (completed ??= []).Add((callback, state));

    public void DisableBuffering()
    {
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await CallStartingAsync();
        TellHead();
    }

    public async Task CompleteAsync()
    {
        if (!isFinished)
        {
            // Its callbacks may fail: then it is not finished, and a 500 takes its place.
            await CallStartingAsync();
            isFinished = true;
            TellHead();
            await Writer.CompleteAsync();
        }
    }

    /// <summary>The application let an exception through: what has not begun becomes a 500 without what was already written, and what has
    /// breaks off.</summary>
    public void Fail(Exception error)
    {
        if (HasStarted || head.Task.IsCompleted)
        {
            BreakOff(error);
            return;
        }

        isBroken = isFinished = HasStarted = true;
        pipe.Reader.Complete();
        pipe.Writer.Complete();
        head.TrySetResult(new HttpResponseMessage(HttpStatusCode.InternalServerError) { RequestMessage = request, Content = new ByteArrayContent([]) });
    }

    public async Task CompletedAsync()
    {
        for (var i = (completed?.Count ?? 0) - 1; i >= 0; i--)
        {
            await completed![i].Call(completed[i].State);
        }
    }

    /// <summary>By the application: the caller's next read fails, and what is still written goes nowhere.</summary>
    public void BreakOff(Exception error)
    {
        isBroken = isFinished = true;
        head.TrySetException(new HttpRequestException(HttpRequestError.ResponseEnded, error.Message, error));
        pipe.Writer.Complete(new IOException(error.Message, error));
    }

    /// <summary>By the caller: nobody reads any more, and what is still written goes nowhere.</summary>
    public void Drop()
    {
        IsDropped = true;
        head.TrySetException(new HttpRequestException(HttpRequestError.ResponseEnded, "The caller gave up."));
        pipe.Reader.Complete();
    }

    private async Task CallStartingAsync()
    {
        var calls = starting;
        starting = null;
        for (var i = (calls?.Count ?? 0) - 1; i >= 0; i--)
        {
            await calls![i].Call(calls[i].State);
        }
    }

    private void TellHead()
    {
        if (!HasStarted)
        {
            HasStarted = true;
            head.TrySetResult(Message());
        }
    }

    private HttpResponseMessage Message()
    {
        var message = new HttpResponseMessage((HttpStatusCode)StatusCode) { RequestMessage = request, ReasonPhrase = ReasonPhrase, Content = new DirectContent(pipe.Reader, this) };
        foreach (var (name, values) in Headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                message.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        return message;
    }

    /// <summary>Reads what the application writes. What whoever disposes of it early has not read goes nowhere.</summary>
    private sealed class DirectContent(PipeReader reader, DirectResponse response) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => reader.CopyToAsync(stream);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) => reader.CopyToAsync(stream, cancellationToken);

        protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult(reader.AsStream());

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            // Who has no body to read leaves nothing. Said first: without a reader the application goes on at once, on this thread.
            if (!response.isFinished && !response.isLeft && response.HasBody)
            {
                response.isLeft = true;
                response.leave();
            }

            base.Dispose(disposing);
            reader.Complete();
        }
    }

    /// <summary>Starts the answer before anything of its body leaves.</summary>
    private sealed class DirectWriter(PipeWriter inner, DirectResponse response) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            if (!response.isBroken)
            {
                inner.Advance(bytes);
            }

            if (response.isLeft && (response.forNobody += bytes) > MostForNobody)
            {
                response.giveUp();
            }
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => response.isBroken ? new byte[Math.Max(sizeHint, 256)] : inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            if (!response.isBroken)
            {
                inner.Complete(exception);
            }
        }

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            if (response.isBroken)
            {
                return new FlushResult(isCanceled: false, isCompleted: true);
            }

            await response.CallStartingAsync();
            // The bytes before the head: a caller that is told of it finds them there, and does not wait for a second signal.
            var flushing = inner.FlushAsync(cancellationToken);
            response.TellHead();
            return await flushing;
        }
    }
}
