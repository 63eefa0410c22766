using EdgeMesh.Sidecar.Apps;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>Timers and reminders, whatever the transport. Only an app that hosts the type may have them, as on daprd.</summary>
internal static class ActorSchedules
{
    public static void RegisterTimer(AppRuntime app, ActorAddress actor, string name, ActorSchedule schedule)
    {
        Checked(name);
        if (Host(app, actor.Type) is not { } host)
        {
            throw ActorFaults.Timer($"can't create timer for actor {actor}: actor type not registered");
        }

        var when = Recurrence.Read(schedule.DueTime, schedule.Period, schedule.Ttl, app.Process.Clock.GetUtcNow(), out var fault) ?? throw ActorFaults.Timer(fault!);
        UnregisterTimer(app, actor, name);
        host.Timers.Register(new ActorTimer(actor, new Callback(IsTimer: true, name, schedule.Data) { Method = schedule.Callback, DueTime = schedule.DueTime, Period = schedule.Period }, when));
    }

    /// <summary>Also one of a stream whose type another has by now.</summary>
    public static void UnregisterTimer(AppRuntime app, ActorAddress actor, string name)
    {
        Checked(name);
        foreach (var host in app.Directory.Actors.Of(app.AppId).Where(h => h.Hosts(actor.Type)))
        {
            host.Timers.Unregister(actor, name);
        }
    }

    /// <summary>Durable when it returns.</summary>
    /// <param name="app">Whose API was called.</param>
    /// <param name="actor">Whom it calls.</param>
    /// <param name="name">Its name.</param>
    /// <param name="schedule">When, and with what.</param>
    /// <param name="retry">What becomes of a refused call; null: as daprd does by itself.</param>
    /// <param name="overwrite">Whether it may take the place of another.</param>
    public static Task RegisterReminderAsync(AppRuntime app, ActorAddress actor, string name, ActorSchedule schedule, RetryPolicy? retry, bool overwrite)
    {
        MustHost(app, actor.Type);
        var reminder = Reminder.Read(actor, Checked(name), schedule.Data, (schedule.DueTime, schedule.Period, schedule.Ttl), retry, app.Process.Clock.GetUtcNow());
        return app.Directory.Actors.Reminders.RegisterAsync(app, reminder, overwrite);
    }

    public static Task UnregisterReminderAsync(AppRuntime app, ActorAddress actor, string name)
    {
        MustHost(app, actor.Type);
        return app.Directory.Actors.Reminders.DeleteAsync(actor, Checked(name));
    }

    /// <param name="app">Whose API was called.</param>
    /// <param name="type">The type.</param>
    /// <param name="id">One actor of it; empty: all.</param>
    public static Task UnregisterRemindersAsync(AppRuntime app, string type, string id)
    {
        MustHost(app, type);
        return app.Directory.Actors.Reminders.DeleteAllAsync(type, id);
    }

    public static Reminder GetReminder(AppRuntime app, ActorAddress actor, string name)
    {
        MustHost(app, actor.Type);
        return app.Directory.Actors.Reminders.Find(actor, Checked(name)) ?? throw ActorFaults.ReminderNotFound(name);
    }

    public static IReadOnlyList<Reminder> ListReminders(AppRuntime app, string type, string id)
    {
        MustHost(app, type);
        return app.Directory.Actors.Reminders.List(type, id);
    }

    private static string Checked(string name) => ActorAddress.Checked(name, "name");

    private static ActorHost? Host(AppRuntime app, string type) => app.Directory.Actors.Of(app.AppId).LastOrDefault(h => h.Hosts(type));

    private static void MustHost(AppRuntime app, string type)
    {
        if (Host(app, type) is null)
        {
            throw ActorFaults.NotHosted();
        }
    }
}

/// <summary>When a timer or a reminder fires, and with what, as its client said it.</summary>
/// <param name="DueTime">A duration or a time; empty: at once, or after the first period.</param>
/// <param name="Period">A duration, perhaps with repetitions; empty: once.</param>
/// <param name="Ttl">A duration or a time; empty: without end.</param>
/// <param name="Callback">A timer's name for what it calls.</param>
/// <param name="Data">JSON, or null.</param>
internal sealed record ActorSchedule(string DueTime, string Period, string Ttl, string Callback, byte[]? Data);
