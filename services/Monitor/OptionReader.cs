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

    public int Number(string key, int otherwise, int least, int most)
    {
        if (Text(key) is not { } text)
        {
            return otherwise;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
        {
            return value;
        }

        Fault(key, $"is '{text}': give a whole number from {least} to {most}.");
        return otherwise;
    }

    public TimeSpan Seconds(string key, TimeSpan otherwise, int least, int most) => TimeSpan.FromSeconds(Number(key, (int)otherwise.TotalSeconds, least, most));

    public void Fault(string key, string what) => _faults.Add($"{section}:{key} {what}");

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public void Done()
    {
        if (_faults.Count > 0)
        {
            throw new InvalidOperationException("The monitor can't start:" + string.Concat(_faults.Select(f => Environment.NewLine + "  - " + f)));
        }
    }
}
