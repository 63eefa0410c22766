using System.Collections.Immutable;

namespace EdgeMesh.Services.Monitor.Alerting.Rules;

/// <summary>A way by which alerts are told. What is secret is the name of a secret of the component <c>secrets</c>.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="LeastSeverity">What matters less is not told.</param>
internal abstract record AlertRoute(string Name, Severity LeastSeverity);

/// <summary>A POST of JSON.</summary>
/// <param name="Name">Its name.</param>
/// <param name="LeastSeverity">What matters less is not told.</param>
/// <param name="Url">Where; null: it is the secret.</param>
/// <param name="UrlSecret">The secret with the address; null: none.</param>
/// <param name="TokenSecret">The secret that is sent as bearer token; null: none.</param>
internal sealed record WebhookRoute(string Name, Severity LeastSeverity, Uri? Url, string? UrlSecret, string? TokenSecret) : AlertRoute(Name, LeastSeverity);

/// <summary>A mail by SMTP.</summary>
/// <param name="Name">Its name.</param>
/// <param name="LeastSeverity">What matters less is not told.</param>
/// <param name="Server">The host.</param>
/// <param name="Port">Its port.</param>
/// <param name="Tls">Whether the connection must be encrypted: at once on port 465, else by STARTTLS.</param>
/// <param name="From">The sender.</param>
/// <param name="To">The recipients.</param>
/// <param name="User">For the login; null: none.</param>
/// <param name="PasswordSecret">The secret with the password; null: none.</param>
internal sealed record EmailRoute(
    string Name, Severity LeastSeverity, string Server, int Port, bool Tls, string From, ImmutableArray<string> To, string? User, string? PasswordSecret) : AlertRoute(Name, LeastSeverity);

/// <summary>A Dapr output binding.</summary>
/// <param name="Name">Its name.</param>
/// <param name="LeastSeverity">What matters less is not told.</param>
/// <param name="Component">The binding's component.</param>
/// <param name="Operation">The binding's operation.</param>
internal sealed record BindingRoute(string Name, Severity LeastSeverity, string Component, string Operation) : AlertRoute(Name, LeastSeverity);
