using System.Collections.Immutable;

namespace EdgeMesh.Services.Monitor.Alerting.Rules;

/// <summary>Reads the routes.</summary>
internal static class RouteReader
{
    private const int MostRecipients = 20;

    public static ImmutableArray<AlertRoute> Read(RuleMap root, int most)
    {
        var routes = ImmutableArray.CreateBuilder<AlertRoute>();
        foreach (var map in root.Maps("routes"))
        {
            if (routes.Count == most)
            {
                root.Fault("routes", $"has more than {most} routes.");
                break;
            }

            var name = map.Text("name", "the route's name");
            if (routes.Any(r => r.Name == name && name.Length > 0))
            {
                map.Fault("name", $"is '{name}', as another route's: each has a name of its own.");
            }

            var least = map.Choice("least", Severity.Info);
            AlertRoute? route = map.OneOf("webhook", "email", "binding") switch
            {
                "webhook" when map.Map("webhook") is { } webhook => Webhook(name, least, webhook),
                "email" when map.Map("email") is { } email => Email(name, least, email),
                "binding" when map.Map("binding") is { } binding => Binding(name, least, binding),
                _ => null,
            };
            map.Done();
            if (route is not null)
            {
                routes.Add(route);
            }
        }

        return routes.ToImmutable();
    }

    private static WebhookRoute Webhook(string name, Severity least, RuleMap map)
    {
        Uri? url = null;
        if (map.OneOf("url", "urlSecret") == "url" && map.OptionalText("url") is { } text
            && !(Uri.TryCreate(text, UriKind.Absolute, out url) && url.Scheme is "http" or "https"))
        {
            map.Fault("url", $"is '{text}': give a whole address, such as https://example.org/hook.");
        }

        var route = new WebhookRoute(name, least, url, map.OptionalText("urlSecret"), map.OptionalText("tokenSecret"));
        map.Done();
        return route;
    }

    private static EmailRoute Email(string name, Severity least, RuleMap map)
    {
        var route = new EmailRoute(
            name, least, map.Text("server", "the mail server's host"), (int)map.Number("port", 587, 1, 65_535), map.Flag("tls", true),
            map.Text("from", "the sender's address"), [.. map.Texts("to")], map.OptionalText("user"), map.OptionalText("passwordSecret"));
        foreach (var (key, address) in route.To.Select(a => ("to", a)).Append(("from", route.From)).Where(a => a.Item2.Length > 0 && !IsAddress(a.Item2)))
        {
            map.Fault(key, $"has '{address}', which is no mail address.");
        }

        if (route.To.Length is 0 or > MostRecipients)
        {
            map.Fault("to", $"must have 1 to {MostRecipients} addresses.");
        }

        if (route.User is null != route.PasswordSecret is null)
        {
            map.Fault(route.User is null ? "user" : "passwordSecret", "needs both user and passwordSecret.");
        }

        map.Done();
        return route;
    }

    private static bool IsAddress(string text) => text.Contains('@', StringComparison.Ordinal) && MimeKit.MailboxAddress.TryParse(text, out _);

    private static BindingRoute Binding(string name, Severity least, RuleMap map)
    {
        var route = new BindingRoute(name, least, map.Text("component", "the binding's component"), map.OptionalText("operation") ?? "create");
        map.Done();
        return route;
    }
}
