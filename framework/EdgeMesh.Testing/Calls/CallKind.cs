namespace EdgeMesh.Testing;

/// <summary>What a <see cref="DaprCall"/> was.</summary>
public enum CallKind
{
    /// <summary>An app published a message.</summary>
    Publish,

    /// <summary>A message, or several in bulk, reached an app that subscribes them.</summary>
    Delivery,

    /// <summary>An app called another one, or a server outside (an HTTPEndpoint by its name, or an address).</summary>
    Invocation,

    /// <summary>An actor was called: by an app, a timer or a reminder.</summary>
    ActorCall,

    /// <summary>An app read a key.</summary>
    StateRead,

    /// <summary>An app wrote a key.</summary>
    StateWrite,

    /// <summary>An app deleted a key.</summary>
    StateDelete,

    /// <summary>An app had an output binding do something.</summary>
    BindingInvocation,

    /// <summary>An event of an input binding reached an app.</summary>
    BindingEvent,

    /// <summary>An app read a secret, or all.</summary>
    SecretRead,

    /// <summary>An app read a key of a configuration, or all. Changes that it subscribes are not recorded.</summary>
    ConfigurationRead,

    /// <summary>An app tried to take a lock.</summary>
    Lock,

    /// <summary>An app gave a lock back.</summary>
    Unlock,

    /// <summary>An app encrypted something with a key: recorded once for each document.</summary>
    Encrypt,

    /// <summary>An app decrypted something with a key: recorded once for each document.</summary>
    Decrypt,

    /// <summary>An app scheduled a job.</summary>
    JobSchedule,

    /// <summary>An app read a job, or all.</summary>
    JobRead,

    /// <summary>An app deleted a job, or all whose names begin so.</summary>
    JobDelete,

    /// <summary>A job was due, and its app was told.</summary>
    JobTrigger,
}
