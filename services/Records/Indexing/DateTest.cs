namespace EdgeMesh.Services.Records.Indexing;

/// <summary>How a date of a resource must stand to the one that is searched for (FHIR R4, search, prefixes).</summary>
internal enum DatePrefix
{
    /// <summary>The searched span contains the resource's.</summary>
    Eq,

    /// <summary>It does not.</summary>
    Ne,

    /// <summary>Some of the resource's span is after the searched one.</summary>
    Gt,

    /// <summary>Some of it is before.</summary>
    Lt,

    /// <summary>Gt or eq.</summary>
    Ge,

    /// <summary>Lt or eq.</summary>
    Le,

    /// <summary>All of it is after.</summary>
    Sa,

    /// <summary>All of it is before.</summary>
    Eb,
}

/// <summary>One value of a date parameter.</summary>
internal readonly record struct DateTest(DatePrefix Prefix, DateSpan Value)
{
    /// <summary>Reads <c>ge2024-01</c> and the like; without a prefix it means eq.</summary>
    public static bool TryParse(string text, out DateTest test)
    {
        test = default;
        var prefix = DatePrefix.Eq;
        if (text.Length > 2 && char.IsAsciiLetterLower(text[0]))
        {
            if (!Enum.TryParse(text[..2], ignoreCase: true, out prefix) || !char.IsAsciiLetterLower(text[1]))
            {
                return false;
            }

            text = text[2..];
        }

        if (!DateSpan.TryParse(text, out var value))
        {
            return false;
        }

        test = new DateTest(prefix, value);
        return true;
    }

    public bool Matches(DateSpan date)
    {
        var contained = Value.From <= date.From && date.Until <= Value.Until;
        return Prefix switch
        {
            DatePrefix.Eq => contained,
            DatePrefix.Ne => !contained,
            DatePrefix.Gt => date.Until > Value.Until,
            DatePrefix.Lt => date.From < Value.From,
            DatePrefix.Ge => date.Until > Value.Until || contained,
            DatePrefix.Le => date.From < Value.From || contained,
            DatePrefix.Sa => date.From >= Value.Until,
            DatePrefix.Eb => date.Until <= Value.From,
            _ => false,
        };
    }

    /// <summary>Where a matching date must lie; an index narrows by it, <see cref="Matches"/> decides.</summary>
    public DateSpan Reach => Prefix switch
    {
        DatePrefix.Eq => Value,
        DatePrefix.Gt or DatePrefix.Ge => new DateSpan(Value.From, DateSpan.End),
        DatePrefix.Sa => new DateSpan(Value.Until, DateSpan.End),
        DatePrefix.Lt or DatePrefix.Le => new DateSpan(DateSpan.Beginning, Value.Until),
        DatePrefix.Eb => new DateSpan(DateSpan.Beginning, Value.From),
        _ => new DateSpan(DateSpan.Beginning, DateSpan.End),
    };
}
