using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>Keeps the catalogue up to the journal. What does not verify is told and left out, and does not stop the rest.</summary>
internal sealed partial class CatalogFollower(
    Journal changes, Catalog catalog, IReadOnlyCollection<DeployerIdentity> trusted, MeshDirectory directory, string path, ILogger<CatalogFollower> logger) : IFollower
{
    private const int DocumentsAtOnce = 64;

    private readonly ConcurrentDictionary<DocumentKey, bool> _documents = new();
    private Position _position = Position.Start;

    public string Name => "catalog";

    public bool Reads(string collection) => collection is FunctionDocuments.Deployments or FunctionDocuments.Bundles or FunctionDocuments.Rollouts or FunctionDocuments.Relayed;

    public async ValueTask<Position> GetPositionAsync(CancellationToken cancellation)
    {
        if (_position == Position.Start && await CatalogFile.LoadAsync(path, cancellation) is { } file && Position.TryParse(file.Position, out var position) && position <= changes.Head)
        {
            foreach (var keys in file.Keys().Chunk(DocumentsAtOnce))
            {
                foreach (var document in (await changes.GetManyAsync(keys, cancellation)).OfType<Document>())
                {
                    await TakeAsync(document);
                }
            }

            _position = position;
        }

        return _position;
    }

    public async ValueTask ApplyAsync(JournalPage page, CancellationToken cancellation)
    {
        foreach (var document in page.Records.Select(r => r.Document).OfType<Document>())
        {
            await TakeAsync(document);
        }

        _position = page.Next;
    }

    /// <summary>Remembers how far it came. What is lost of that by a crash is read again.</summary>
    public void Save() => new CatalogFile(_position.ToString(), [.. _documents.Keys.Select(k => k.ToString())]).Save(path);

    private async ValueTask TakeAsync(Document document)
    {
        if (!Reads(document.Key.Collection) || document.BodyMissing)
        {
            return;
        }

        if (document.Deleted)
        {
            _documents.TryRemove(document.Key, out _);
            if (document.Key.Collection == FunctionDocuments.Bundles)
            {
                catalog.Remove(document.OwnerSite, document.Key.Id[(document.OwnerSite.Length + 1)..]);
            }

            return;
        }

        _documents[document.Key] = true;
        var fault = document.Key.Collection switch
        {
            FunctionDocuments.Bundles => await TakeBundleAsync(document),
            FunctionDocuments.Rollouts => TakeRollout(document),
            FunctionDocuments.Relayed => TakeRelayed(document),
            _ => TakeDeployment(document),
        };
        if (fault is not null)
        {
            LogRefused(logger, document.Key.ToString(), document.OwnerSite, fault);
        }
    }

    private string? TakeDeployment(Document document)
    {
        var (word, fault) = Deployment.Read(Encoding.UTF8.GetString(document.Body.Span), trusted);
        if (word is not null)
        {
            catalog.Put(document.OwnerSite, word);
        }

        return fault;
    }

    private string? TakeRollout(Document document)
    {
        try
        {
            catalog.Put(document.OwnerSite, RolloutBody.Read(document));
            return null;
        }
        catch (JsonException error)
        {
            return error.Message;
        }
    }

    /// <summary>A core's word on another site counts; on this one nobody's does but its own.</summary>
    private string? TakeRelayed(Document document)
    {
        if (!directory.Sites.Any(s => s.IsCore && s.Name == document.OwnerSite))
        {
            return $"{document.OwnerSite} is no core: it can't speak for other sites";
        }

        try
        {
            var (site, rollout) = RelayedRolloutBody.Read(document);
            if (site != directory.Self)
            {
                catalog.Put(site, rollout);
            }

            return null;
        }
        catch (JsonException error)
        {
            return error.Message;
        }
    }

    private async ValueTask<string?> TakeBundleAsync(Document document)
    {
        try
        {
            var body = BundleBody.Read(document.Body);
            var (statement, faults) = await BundleStatement.ReadAsync(body.Statement, body.Manifest, trusted);
            if (statement is not null)
            {
                catalog.Put(document.OwnerSite, statement, body.Parts);
            }

            return faults.Count == 0 ? null : string.Join("; ", faults);
        }
        catch (JsonException error)
        {
            return error.Message;
        }
    }

    [LoggerMessage(LogLevel.Error, "Document {Document} of site {Site} is not obeyed: {Reason}")]
    private static partial void LogRefused(ILogger logger, string document, string site, string reason);
}
