using Suite.Host.Diagnostics;

namespace Suite.Machines.Control;

/// <summary>-d guest_errors and unimp, as far as the buses know: accesses where there is nothing.</summary>
public static class BusLog
{
    /// <summary>From now on they are logged, if those items were asked for.</summary>
    public static void Attach(AddressSpaces spaces, LogSink log)
    {
        if (!log.On(LogItems.GuestErrors | LogItems.Unimp))
            return;
        spaces.Unclaimed = access =>
        {
            string what = access.IsWrite ? "write" : "read";
            if (access.IsPort && log.On(LogItems.Unimp))
                log.Line($"port {what} at 0x{access.Address:x}, size {access.Size}: there is no device");
            else if (!access.IsPort && log.On(LogItems.GuestErrors))
                log.Line($"Invalid {what} at addr 0x{access.Address:X}, size {access.Size}, region '(null)', reason: rejected");
        };
    }
}
