using System.Collections.Immutable;
using System.Globalization;

namespace EdgeMesh.Services.Monitor;

/// <summary>Reads the settings of a part of the monitor, and tells everything that is wrong with them at once.</summary>
internal sealed class OptionReader(IConfiguration configuration, string section)
{
    private readonly IConfigurationSection _section = configuration.GetSection(section);
    private readonly List<string> _faults = [];

    public string? Text(string key) => _section[key] is { Length: > 0 } text ? text : null;

    /// <summary>Texts parted by commas.</summary>
    public ImmutableArray<string> Texts(string key, ImmutableArray<string> otherwise) =>
        Text(key) is { } text ? [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)] : otherwise;

    public int Number(string key, int otherwise, int least, int most) => (int)Number(key, (long)otherwise, least, most);

    public long Number(string key, long otherwise, long least, long most)
    {
        if (Text(key) is not { } text)
        {
            return otherwise;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
        {
            return value;
        }

        Fault(key, string.Create(CultureInfo.InvariantCulture, $"is '{text}': give a whole number from {least} to {most}."));
        return otherwise;
    }

    public T Choice<T>(string key, T otherwise)
        where T : struct, Enum
    {
        if (Text(key) is not { } text)
        {
            return otherwise;
        }

        if (Enum.TryParse<T>(text, ignoreCase: true, out var choice) && !int.TryParse(text, out _))
        {
            return choice;
        }

        Fault(key, $"is '{text}': give one of {string.Join(", ", Enum.GetNames<T>())}.");
        return otherwise;
    }

    public TimeSpan Seconds(string key, TimeSpan otherwise, int least, int most) => TimeSpan.FromSeconds(Number(key, (int)otherwise.TotalSeconds, least, most));

    public void Fault(string key, string what) => Fault($"{section}:{key} {what}");

    /// <summary>Of a key that is not below the section.</summary>
    public void Fault(string whole) => _faults.Add(whole);

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public void Done()
    {
        if (_faults.Count > 0)
        {
            throw new InvalidOperationException("The monitor can't start:" + string.Concat(_faults.Select(f => Environment.NewLine + "  - " + f)));
        }
    }
}
