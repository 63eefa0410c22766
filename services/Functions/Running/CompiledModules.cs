using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Functions;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>The machine code of modules in the site's folder, a file each, so that a module is compiled once and not after every start. Machine code
/// that somebody altered would run outside of the sandbox with all that this process may do. So each file begins with its authentication by a key
/// of the site, over the module's digest and the code: who can write here, but does not have the site's keys, can have a module compiled
/// again, and nothing else. What is authenticated is what was read, never the file again. A cache: it may be deleted at any time. Nothing
/// is synced, for what a crash tore is not authentic. Owned by the one process of the service at this site.</summary>
internal sealed partial class CompiledModules
{
    private const int TagLength = HMACSHA256.HashSizeInBytes;
    private const string Ending = ".code";
    private const string Fresh = ".new";
    private static readonly byte[] Purpose = "edgemesh functions machine code v1"u8.ToArray();

    private readonly string _folder;
    private readonly byte[] _key;
    private readonly long _mostBytes;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Lock _writing = new();

    /// <param name="folder">Its own; made where it is missing.</param>
    /// <param name="siteKey">The site's secret.</param>
    /// <param name="mostBytes">What all files may take; those that were used least recently make room.</param>
    /// <param name="clock">Says when a file was used.</param>
    /// <param name="logger">Told what can't be read or written.</param>
    public CompiledModules(string folder, byte[] siteKey, long mostBytes, TimeProvider clock, ILogger<CompiledModules> logger)
    {
        (_folder, _mostBytes, _clock, _logger) = (folder, mostBytes, clock, logger);
        _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, siteKey, TagLength, info: Purpose);
        Try(() =>
        {
            foreach (var left in Directory.CreateDirectory(folder).EnumerateFiles("*" + Fresh))
            {
                left.Delete();
            }
        });
    }

    /// <summary>A module's machine code; empty: there is none that is authentic.</summary>
    public ReadOnlyMemory<byte> Read(string digest)
    {
        var code = ReadOnlyMemory<byte>.Empty;
        Try(() =>
        {
            var file = FileOf(digest);
            if (!file.Exists || file.Length < TagLength || file.Length > _mostBytes)
            {
                return;
            }

            var bytes = File.ReadAllBytes(file.FullName);
            if (bytes.Length < TagLength || !CryptographicOperations.FixedTimeEquals(bytes.AsSpan(0, TagLength), TagOf(digest, bytes.AsSpan(TagLength))))
            {
                LogNotAuthentic(_logger, file.FullName);
                file.Delete();
                return;
            }

            file.LastWriteTimeUtc = _clock.GetUtcNow().UtcDateTime;
            code = bytes.AsMemory(TagLength);
        });
        return code;
    }

    /// <summary>Keeps a module's machine code, in place of what is there.</summary>
    public void Keep(FunctionModule module)
    {
        var code = module.ToMachineCode();
        if (TagLength + code.Length > _mostBytes)
        {
            return;
        }

        lock (_writing)
        {
            Try(() =>
            {
                Directory.CreateDirectory(_folder);
                var file = FileOf(module.Digest);
                var fresh = new FileInfo(file.FullName + Fresh);
                var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                {
                    options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                }

                using (var stream = new FileStream(fresh.FullName, options))
                {
                    stream.Write(TagOf(module.Digest, code));
                    stream.Write(code);
                }

                fresh.LastWriteTimeUtc = _clock.GetUtcNow().UtcDateTime;
                fresh.MoveTo(file.FullName, overwrite: true);
                MakeRoom();
            });
        }
    }

    private void MakeRoom()
    {
        var files = new DirectoryInfo(_folder).GetFiles("*" + Ending).OrderBy(f => f.LastWriteTimeUtc).ToArray();
        var bytes = files.Sum(f => f.Length);
        foreach (var oldest in files.TakeWhile(_ => bytes > _mostBytes))
        {
            bytes -= oldest.Length;
            oldest.Delete();
        }
    }

    /// <summary>Named by a hash: what names a module may hold anything until its bytes were seen.</summary>
    private FileInfo FileOf(string digest) => new(Path.Combine(_folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(digest))) + Ending));

    private byte[] TagOf(string digest, ReadOnlySpan<byte> code)
    {
        using var tag = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        tag.AppendData(SHA256.HashData(Encoding.UTF8.GetBytes(digest)));
        tag.AppendData(code);
        return tag.GetHashAndReset();
    }

    /// <summary>Without its files a site compiles.</summary>
    private void Try(Action act)
    {
        try
        {
            act();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogUnavailable(_logger, _folder, error.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{File} is not what this site wrote, and is deleted; its module is compiled again")]
    private static partial void LogNotAuthentic(ILogger logger, string file);

    [LoggerMessage(LogLevel.Warning, "Compiled modules can't be kept in {Folder}: {Reason}; they are compiled at their first call after each start")]
    private static partial void LogUnavailable(ILogger logger, string folder, string reason);
}
