namespace EdgeMesh.Services.Functions.Triggers.Http;

/// <summary>Matches paths such as <c>/patients/{id}/vitals</c>.</summary>
internal static class PathTemplate
{
    /// <summary>What stands for the template's names; null when the path does not match.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>>? Match(string template, string path)
    {
        var (wanted, given) = (template.Split('/'), path.Split('/'));
        if (wanted.Length != given.Length)
        {
            return null;
        }

        var values = new List<KeyValuePair<string, string>>();
        for (var i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] is ['{', .. var name, '}'] && given[i].Length > 0)
            {
                values.Add(KeyValuePair.Create(name, given[i]));
            }
            else if (wanted[i] != given[i])
            {
                return null;
            }
        }

        return values;
    }
}
