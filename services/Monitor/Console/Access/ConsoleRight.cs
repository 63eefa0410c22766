namespace EdgeMesh.Services.Monitor.Console.Access;

/// <summary>What a page needs of who opens it.</summary>
internal enum ConsoleRight
{
    /// <summary>To be signed in, in whatever role.</summary>
    SignedIn,

    /// <summary>To see how sites, services and functions are: operators, auditors, administrators.</summary>
    Watch,

    /// <summary>To read logs, traces and metrics and to silence alerts: operators, administrators.</summary>
    Operate,

    /// <summary>To see the ledger and who decided what about whose records: auditors, administrators.</summary>
    Audit,
}

/// <summary>Says on a page what it needs. A page that says nothing is shown to nobody.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class NeedsAttribute(ConsoleRight right) : Attribute
{
    public ConsoleRight Right { get; } = right;
}

/// <summary>Says that a page is for everybody.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OpenAttribute : Attribute;
