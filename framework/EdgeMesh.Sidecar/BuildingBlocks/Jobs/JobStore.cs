using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Components;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.BuildingBlocks.Jobs;

/// <summary>The jobs of this process's apps in one SQLite file, made with the first job. A job that was taken is on disk; one that was
/// under way at a crash comes again.</summary>
internal sealed class JobStore : IAsyncDisposable
{
    /// <summary>More than any app schedules.</summary>
    public const int Limit = 10_000;

    private const string Tables = """
        CREATE TABLE IF NOT EXISTS jobs (
          namespace TEXT NOT NULL, app TEXT NOT NULL, name TEXT NOT NULL, job BLOB NOT NULL, revision INTEGER NOT NULL, scheduled INTEGER NOT NULL,
          due INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
          PRIMARY KEY (namespace, app, name)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS jobs_by_due ON jobs (namespace, app, due);
        """;

    private const string Columns = "app, job, revision, scheduled, due, times, attempts";

    private readonly string _path;
    private readonly string _namespace;
    private readonly ComponentTap? _tap;
    private readonly Lock _gate = new();
    private GroupWriter? _writer;

    public JobStore(SidecarOptions options)
    {
        (_namespace, _tap) = (options.Namespace, options.Tap);
        var folder = options.WorkingDirectory ?? Directory.GetCurrentDirectory();
        _path = Path.GetFullPath(options.JobsFile ?? "jobs.db", folder);
    }

    /// <summary>Raised after an app's jobs changed, on any thread.</summary>
    public event Action<string>? Changed;

    /// <returns>False: there is one of that name, and it was not to be replaced.</returns>
    public Task<bool> AddAsync(string appId, Job job, DateTimeOffset now, DateTimeOffset due, bool overwrite, CancellationToken cancellation) =>
        PassAsync(ComponentCallKind.JobSchedule, appId, job.Name, true, token => KeepAsync(appId, job, now, due, overwrite, token), cancellation, job);

    private async Task<bool> KeepAsync(string appId, Job job, DateTimeOffset now, DateTimeOffset due, bool overwrite, CancellationToken cancellation)
    {
        var isAdded = false;
        await Writer().WriteAsync(
            connection =>
            {
                using var count = Command(connection, "SELECT COUNT(*) FROM jobs WHERE namespace = $ns AND app = $app", appId);
                if ((long)count.ExecuteScalar()! >= Limit)
                {
                    throw new InvalidOperationException($"the app has {Limit} jobs. Delete some first");
                }

                using var insert = Command(
                    connection,
                    "INSERT INTO jobs (namespace, app, name, job, revision, scheduled, due) VALUES ($ns, $app, $name, $job, $revision, $now, $due)" +
                    (overwrite ? " ON CONFLICT DO UPDATE SET job = $job, revision = $revision, scheduled = $now, due = $due, times = 0, attempts = 0" : " ON CONFLICT DO NOTHING"),
                    appId, ("$name", job.Name), ("$job", Google.Protobuf.MessageExtensions.ToByteArray(job)), ("$revision", Random.Shared.NextInt64()), ("$now", now.ToUnixTimeMilliseconds()), ("$due", due.ToUnixTimeMilliseconds()));
                isAdded = insert.ExecuteNonQuery() > 0;
                return true;
            },
            cancellation);
        Changed?.Invoke(appId);
        return isAdded;
    }

    public Task<StoredJob?> FindAsync(string appId, string name, CancellationToken cancellation) => PassAsync(
        ComponentCallKind.JobRead, appId, name, null, async token => (await ReadAsync("AND name = $name", appId, token, ("$name", name))).FirstOrDefault(), cancellation);

    /// <summary>By name.</summary>
    public Task<List<StoredJob>> ListAsync(string appId, CancellationToken cancellation) =>
        PassAsync(ComponentCallKind.JobRead, appId, "", [], token => ReadAsync("ORDER BY name", appId, token), cancellation);

    /// <summary>Those that come first.</summary>
    public Task<List<StoredJob>> FirstDueAsync(string appId, int count, CancellationToken cancellation) =>
        ReadAsync("ORDER BY due LIMIT $count", appId, cancellation, ("$count", count));

    public Task DeleteAsync(string appId, string name, CancellationToken cancellation) => PassAsync(
        ComponentCallKind.JobDelete, appId, name, true, token => ChangeAsync("DELETE FROM jobs WHERE namespace = $ns AND app = $app AND name = $name", appId, token, ("$name", name)), cancellation);

    public Task DeletePrefixAsync(string appId, string prefix, CancellationToken cancellation) => PassAsync(
        ComponentCallKind.JobDelete,
        appId,
        prefix,
        true,
        token => ChangeAsync(
            "DELETE FROM jobs WHERE namespace = $ns AND app = $app AND substr(name, 1, $length) = $prefix", appId, token, ("$prefix", prefix), ("$length", prefix.EnumerateRunes().Count())),
        cancellation);

    /// <summary>What an app asks for passes a test's tap, if there is one; what the sidecar does by itself does not.</summary>
    private Task<T> PassAsync<T>(ComponentCallKind kind, string appId, string name, T undone, Func<CancellationToken, Task<T>> run, CancellationToken cancellation, Job? job = null) => _tap is null
        ? run(cancellation)
        : _tap.RunAsync(new ComponentCall(kind, appId, ComponentCall.Scheduler, name, job is null ? default : JobData.Body(job)), undone, run, cancellation);

    /// <summary>It comes again, later or once more for the same time.</summary>
    public Task PostponeAsync(StoredJob job, DateTimeOffset due, long times, long attempts) => ChangeAsync(
        "UPDATE jobs SET due = $due, times = $times, attempts = $attempts WHERE namespace = $ns AND app = $app AND name = $name AND revision = $revision",
        job.AppId, CancellationToken.None, ("$due", due.ToUnixTimeMilliseconds()), ("$times", times), ("$attempts", attempts), ("$name", job.Job.Name), ("$revision", job.Revision));

    /// <summary>It has come for the last time.</summary>
    public Task EndAsync(StoredJob job) => ChangeAsync(
        "DELETE FROM jobs WHERE namespace = $ns AND app = $app AND name = $name AND revision = $revision",
        job.AppId, CancellationToken.None, ("$name", job.Job.Name), ("$revision", job.Revision));

    /// <returns>True.</returns>
    private async Task<bool> ChangeAsync(string sql, string appId, CancellationToken cancellation, params (string, object)[] parameters)
    {
        if (_writer is null && !File.Exists(_path))
        {
            return true;
        }

        await Writer().WriteAsync(
            connection =>
            {
                using var command = Command(connection, sql, appId, parameters);
                command.ExecuteNonQuery();
                return true;
            },
            cancellation);
        Changed?.Invoke(appId);
        return true;
    }

    /// <summary>Reads go through the writer too: they are rare, and see what was just written.</summary>
    private async Task<List<StoredJob>> ReadAsync(string tail, string appId, CancellationToken cancellation, params (string, object)[] parameters)
    {
        var jobs = new List<StoredJob>();
        if (_writer is null && !File.Exists(_path))
        {
            return jobs;
        }

        await Writer().WriteAsync(
            connection =>
            {
                using var command = Command(connection, $"SELECT {Columns} FROM jobs WHERE namespace = $ns AND app = $app {tail}", appId, parameters);
                using var rows = command.ExecuteReader();
                while (rows.Read())
                {
                    jobs.Add(new StoredJob(rows.GetString(0), Job.Parser.ParseFrom((byte[])rows[1]), rows.GetInt64(2), DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(3)))
                    {
                        Due = DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(4)),
                        Times = rows.GetInt64(5),
                        Attempts = rows.GetInt64(6),
                    });
                }

                return true;
            },
            cancellation);
        return jobs;
    }

    private SqliteCommand Command(SqliteConnection connection, string sql, string appId, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$ns", _namespace);
        command.Parameters.AddWithValue("$app", appId);
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }

    private GroupWriter Writer()
    {
        lock (_gate)
        {
            if (_writer is null)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
                var connection = SqliteFile.Open(_path);
                SqliteFile.Execute(connection, Tables);
                _writer = new GroupWriter(connection, $"jobs {Path.GetFileName(_path)}");
            }

            return _writer;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_writer is { } writer)
        {
            await writer.DisposeAsync();
        }
    }
}
