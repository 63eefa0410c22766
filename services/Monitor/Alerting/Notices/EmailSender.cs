using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace EdgeMesh.Services.Monitor.Alerting.Notices;

/// <summary>Mails a notice as plain text. A connection for each: notices are rare.</summary>
internal sealed class EmailSender(EmailRoute route, string site, SiteSecrets secrets, TimeProvider clock) : INoticeRoute
{
    private const int ImplicitTlsPort = 465;

    public string Name => route.Name;

    public async Task<string?> SendAsync(Notice notice, CancellationToken cancellation)
    {
        using var message = new MimeMessage { Subject = $"{site}: {notice.Title}", Date = clock.GetUtcNow(), Body = new TextPart("plain") { Text = notice.Text } };
        message.From.Add(MailboxAddress.Parse(route.From));
        message.To.AddRange(route.To.Select(MailboxAddress.Parse));

        // A reply or an absence note would start a conversation with a machine.
        message.Headers.Add("Auto-Submitted", "auto-generated");
        using var client = new SmtpClient();
        await client.ConnectAsync(route.Server, route.Port, Security(), cancellation);
        if (route.User is { } user)
        {
            await client.AuthenticateAsync(user, await secrets.GetAsync(route.PasswordSecret!, cancellation), cancellation);
        }

        await client.SendAsync(message, cancellation);
        await client.DisconnectAsync(quit: true, cancellation);
        return null;
    }

    private SecureSocketOptions Security() => (route.Tls, route.Port) switch
    {
        (false, _) => SecureSocketOptions.None,
        (true, ImplicitTlsPort) => SecureSocketOptions.SslOnConnect,
        _ => SecureSocketOptions.StartTls,
    };
}
