using System.Text;

namespace Suite.LinuxUser.Process;

/// <summary>The guest's environment: the tool's own, changed by -E and -U.</summary>
public static class GuestEnvironment
{
    /// <summary>Sets (value given) or removes (null) one variable in a list of NAME=VALUE strings, keeping the order of the others.</summary>
    public static void Change(List<byte[]> variables, string name, string? value)
    {
        byte[] prefix = Encoding.UTF8.GetBytes(name + "=");
        int at = variables.FindIndex(v => v.AsSpan().StartsWith(prefix));
        if (value is null)
        {
            if (at >= 0)
                variables.RemoveAt(at);
            return;
        }

        byte[] changed = [.. prefix, .. Encoding.UTF8.GetBytes(value)];
        if (at >= 0)
            variables[at] = changed;
        else
            variables.Add(changed);
    }
}
