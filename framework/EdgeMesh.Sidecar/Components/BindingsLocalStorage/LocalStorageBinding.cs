using System.Text;
using System.Text.Json;

namespace EdgeMesh.Sidecar.Components.BindingsLocalStorage;

/// <summary>Files below one folder. A name that leads out of it is taken as if the folder were the root of everything, as with daprd; a
/// link that leads out is refused.</summary>
internal sealed class LocalStorageBinding : IOutputBinding
{
    private const string FileName = "fileName";

    private readonly string _root;

    private LocalStorageBinding(string root) => _root = root;

    public IReadOnlyList<string> Operations { get; } = ["create", "get", "list", "delete"];

    /// <exception cref="ArgumentException">There is no folder in the metadata.</exception>
    public static LocalStorageBinding Open(ComponentSpec spec, ComponentContext context)
    {
        var root = Path.GetFullPath(spec["rootPath"] is { Length: > 0 } path ? path : throw new ArgumentException("'rootPath' is missing. Give the folder of the files."), context.WorkingDirectory);
        Directory.CreateDirectory(root);
        return new LocalStorageBinding(root);
    }

    public async Task<BindingAnswer> InvokeAsync(BindingRequest request, CancellationToken cancellation)
    {
        var asked = request.Metadata.TryGetValue(FileName, out var name) ? name : "";
        if (request.Operation == "create" && asked.Length == 0)
        {
            asked = Guid.NewGuid().ToString();
        }

        var relative = Inside(asked);
        var path = Path.Combine(_root, relative);
        try
        {
            RefuseLinks(relative);
            return request.Operation switch
            {
                "create" => await CreateAsync(path, relative, request.Data, cancellation),
                "get" => await GetAsync(path, cancellation),
                "list" => List(path),
                _ => Delete(path),
            };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BindingFailureException($"error: {error.Message}");
        }
    }

    /// <summary>The name with its dots resolved below the folder.</summary>
    private static string Inside(string name)
    {
        var kept = new List<string>();
        foreach (var part in name.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                kept.RemoveRange(Math.Max(0, kept.Count - 1), Math.Min(1, kept.Count));
            }
            else if (part != ".")
            {
                kept.Add(part);
            }
        }

        return string.Join('/', kept);
    }

    private void RefuseLinks(string relative)
    {
        var path = _root;
        foreach (var part in relative.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            path = Path.Combine(path, part);
            if (new FileInfo(path).LinkTarget is not null)
            {
                throw new BindingFailureException($"{path} is a link. Name the file itself.");
            }
        }
    }

    /// <summary>On disk under another name first, so that a crash never leaves half a file under its own.</summary>
    private static async Task<BindingAnswer> CreateAsync(string path, string relative, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var unfinished = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            await using (var file = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write))
            {
                await file.WriteAsync(Content(data), cancellation);
                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
        }

        return Answer(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { [FileName] = relative }, PlainJson.Default.DictionaryStringString));
    }

    /// <summary>As daprd takes it: quotes around it are not part of it, and what is base64 is decoded.</summary>
    private static ReadOnlyMemory<byte> Content(ReadOnlyMemory<byte> data)
    {
        if (data.Length >= 2 && data.Span[0] == '"')
        {
            try
            {
                data = Encoding.UTF8.GetBytes(JsonSerializer.Deserialize(data.Span, PlainJson.Default.String)!);
            }
            catch (JsonException)
            {
                // No JSON text: its quotes are its own.
            }
        }

        var decoded = new byte[data.Length];
        return data.Length > 0 && Convert.TryFromBase64String(Encoding.UTF8.GetString(data.Span), decoded, out var length) ? decoded.AsMemory(0, length) : data;
    }

    private static async Task<BindingAnswer> GetAsync(string path, CancellationToken cancellation)
    {
        if (Directory.Exists(path))
        {
            throw new BindingFailureException($"error reading file {path}: read {path}: is a directory");
        }

        return File.Exists(path) ? Answer(await File.ReadAllBytesAsync(path, cancellation)) : throw new BindingFailureException($"file not found: {path}");
    }

    private static BindingAnswer List(string path)
    {
        if (File.Exists(path))
        {
            throw new BindingFailureException($"unable to list files as the file specified is not a directory: {path}");
        }

        if (!Directory.Exists(path))
        {
            throw new BindingFailureException($"error getting stats for path {path}: stat {path}: no such file or directory");
        }

        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
        return Answer(JsonSerializer.SerializeToUtf8Bytes(Directory.EnumerateFiles(path, "*", options).Order(StringComparer.Ordinal).ToArray(), PlainJson.Default.StringArray));
    }

    private static BindingAnswer Delete(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path);
        }
        else if (File.Exists(path))
        {
            File.Delete(path);
        }
        else
        {
            throw new BindingFailureException($"error deleting file {path}: remove {path}: no such file or directory");
        }

        return new BindingAnswer(null, BindingAnswer.NoMetadata);
    }

    private static BindingAnswer Answer(byte[] data) => new(data, BindingAnswer.NoMetadata);
}
