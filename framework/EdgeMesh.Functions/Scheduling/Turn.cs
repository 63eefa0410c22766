namespace EdgeMesh.Functions.Scheduling;

/// <summary>A running call's turn among those that work. It gives it up while it waits for the host.</summary>
internal readonly record struct Turn(FairScheduler Scheduler, FunctionQueue Queue)
{
    /// <summary>The call begins to wait for the host: another may work.</summary>
    public void GiveUp() => Scheduler.GiveUp(Queue);

    /// <summary>The host has answered, and the call works again.</summary>
    public void TakeBack() => Scheduler.TakeBack(Queue);
}
