using System.Globalization;
using System.Text;
using Npgsql;

namespace EdgeMesh.Sidecar.Components;

/// <summary>Reads PostgreSQL's own connection strings, as daprd takes them: <c>host=db user=app password='a b'</c> or
/// <c>postgres://app:secret@db:5432/name?sslmode=require</c>.</summary>
internal static class PostgresConnectionString
{
    /// <exception cref="ArgumentException">It can't be read; the message never shows a password.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        var builder = new NpgsqlConnectionStringBuilder { Host = "localhost" };
        var parameters = text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal) ? OfUri(text) : OfPairs(text);
        foreach (var (name, value) in parameters)
        {
            Set(builder, name, value);
        }

        return builder;
    }

    private static void Set(NpgsqlConnectionStringBuilder builder, string name, string value)
    {
        switch (name)
        {
            case "host" or "hostaddr":
                builder.Host = value;
                break;
            case "port":
                builder.Port = Number(name, value);
                break;
            case "user":
                builder.Username = value;
                break;
            case "password":
                builder.Password = value;
                break;
            case "dbname" or "database":
                builder.Database = value;
                break;
            case "connect_timeout":
                builder.Timeout = Number(name, value);
                break;
            case "application_name":
                builder.ApplicationName = value;
                break;
            case "search_path":
                builder.SearchPath = value;
                break;
            case "sslrootcert":
                builder.RootCertificate = value;
                break;
            case "sslmode":
                builder.SslMode = Enum.TryParse<SslMode>(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var mode)
                    ? mode
                    : throw new ArgumentException($"'sslmode={value}' in the connection string is none of disable, allow, prefer, require, verify-ca, verify-full.");
                break;
            case "pool_max_conns":
                builder.MaxPoolSize = Number(name, value);
                break;
            default:
                throw new ArgumentException($"'{name}' in the connection string is not known to the embedded engine. Take it out.");
        }
    }

    private static int Number(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"'{name}' in the connection string must be a number above 0, and is '{value}'.");

    private static IEnumerable<(string Name, string Value)> OfUri(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri))
        {
            throw new ArgumentException("'connectionString' is no address such as postgres://user:password@host:5432/database.");
        }

        yield return ("host", uri.Host);
        if (uri.Port > 0)
        {
            yield return ("port", uri.Port.ToString(CultureInfo.InvariantCulture));
        }

        var login = uri.UserInfo.Split(':', 2);
        if (login[0].Length > 0)
        {
            yield return ("user", Uri.UnescapeDataString(login[0]));
        }

        if (login.Length > 1)
        {
            yield return ("password", Uri.UnescapeDataString(login[1]));
        }

        if (uri.AbsolutePath.Length > 1)
        {
            yield return ("dbname", Uri.UnescapeDataString(uri.AbsolutePath[1..]));
        }

        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            yield return (parts[0], Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? ""));
        }
    }

    /// <summary>Pairs apart by blanks; a value may stand in single quotes, where a backslash escapes.</summary>
    private static IEnumerable<(string Name, string Value)> OfPairs(string text)
    {
        var at = 0;
        while (true)
        {
            at = Skip(text, at);
            if (at == text.Length)
            {
                yield break;
            }

            var equals = text.IndexOf('=', at);
            if (equals < 0)
            {
                throw new ArgumentException("'connectionString' must be pairs such as host=localhost user=app, and has a word without '='.");
            }

            var name = text[at..equals].Trim();
            at = Skip(text, equals + 1);
            yield return (name, Value(text, ref at));
        }
    }

    private static int Skip(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return at;
    }

    private static string Value(string text, ref int at)
    {
        var value = new StringBuilder();
        var isQuoted = at < text.Length && text[at] == '\'';
        for (at += isQuoted ? 1 : 0; at < text.Length; at++)
        {
            if (isQuoted ? text[at] == '\'' : char.IsWhiteSpace(text[at]))
            {
                at++;
                return value.ToString();
            }

            at += text[at] == '\\' && at + 1 < text.Length ? 1 : 0;
            value.Append(text[at]);
        }

        return isQuoted ? throw new ArgumentException("'connectionString' has a quote that does not end.") : value.ToString();
    }
}
