using Suite.Gdb;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;

namespace Suite.UserMode.Debugging;

/// <summary>How a register's bytes follow from those of its register set, where they are not the same.</summary>
public interface IRegisterForm
{
    /// <summary>Reads the debugger's register.</summary>
    /// <param name="image">The register set.</param>
    /// <param name="register">All bytes of the register, zeroed.</param>
    void Read(ReadOnlySpan<byte> image, Span<byte> register);

    /// <summary>Sets it in the register set.</summary>
    void Write(ReadOnlySpan<byte> register, Span<byte> image);
}

/// <summary>Where a register of the debugger's lies.</summary>
/// <param name="Regset">Type of the register set (<see cref="Regset.Type"/>).</param>
/// <param name="Offset">Byte in it.</param>
/// <param name="Bytes">Bytes there.</param>
/// <param name="Form">How they are to be read; null when they are the same, and what the debugger's register has more is zero.</param>
public readonly record struct RegisterPlace(uint Regset, int Offset, int Bytes, IRegisterForm? Form = null);

/// <summary>
/// A target's registers for debuggers: target.xml and access to them follow from one table. Made by the target's <see cref="UserCpu.DebugRegisters"/>.
/// </summary>
public sealed class DebugRegisters(GdbDescription description, IReadOnlyList<RegisterPlace> places)
{
    /// <summary>ERESTARTSYS: what a result register holds while its call is interrupted and will be made again (include/linux/errno.h).</summary>
    private const int Restart = 512, RestartNoIntr = 513, RestartNoHand = 514, RestartBlock = 516;

    /// <summary>Number, mask and value of each register that says: a call is under way and is to be made again. The result register is the first.</summary>
    public required IReadOnlyList<(int Number, ulong Mask, ulong Value)> CallMarks { get; init; }

    /// <summary>Number of the register with the number of the call that is under way, or -1 in it (x86: orig_rax); negative when the marks say it all.</summary>
    public int CallNumber { get; init; } = -1;

    /// <summary>XSAVE components the table writes; they count as in use then. 0 without such a register set.</summary>
    public ulong XsaveComponents { get; init; }

    /// <summary>The registers.</summary>
    public GdbDescription Description { get; } = description;

    /// <summary>Takes all registers of a thread, on its own host thread.</summary>
    public void Read(GuestThread t, Span<byte> all)
    {
        all.Clear();
        foreach (Regset set in t.Abi.Regsets)
        {
            byte[] image = new byte[set.Size];
            set.Read(t, image);
            int at = 0;
            for (int i = 0; i < places.Count; i++)
            {
                Span<byte> register = all.Slice(at, Description.Registers[i].Bytes);
                at += register.Length;
                RegisterPlace place = places[i];
                if (place.Regset != set.Type)
                    continue;
                if (place.Form is { } form)
                    form.Read(image, register);
                else
                    image.AsSpan(place.Offset, place.Bytes).CopyTo(register);
            }
        }
    }

    /// <summary>Sets all registers of a thread, on its own host thread. What the target refuses stays.</summary>
    public void Write(GuestThread t, ReadOnlySpan<byte> all)
    {
        foreach (Regset set in t.Abi.Regsets)
        {
            byte[] image = new byte[set.Size];
            set.Read(t, image);
            byte[] before = [.. image];
            int at = 0;
            for (int i = 0; i < places.Count; i++)
            {
                ReadOnlySpan<byte> register = all.Slice(at, Description.Registers[i].Bytes);
                at += register.Length;
                RegisterPlace place = places[i];
                if (place.Regset != set.Type)
                    continue;
                if (place.Form is { } form)
                    form.Write(register, image);
                else
                    register[..place.Bytes].CopyTo(image.AsSpan(place.Offset));
            }

            if (image.AsSpan().SequenceEqual(before))
                continue;
            if (set.Type == Regset.NT_X86_XSTATE && XsaveComponents != 0)
                SetInUse(image);
            set.Write(t, image);
        }
    }

    /// <summary>Makes registers at the entry of a call those of a call that was interrupted, as the kernel shows them.</summary>
    public void MarkCall(Span<byte> all)
    {
        foreach ((int number, ulong mask, ulong value) in CallMarks)
            Put(all, number, (Get(all, number) & ~mask) | value);
    }

    /// <summary>Whether the kernel would make a call again when a thread goes on with these registers.</summary>
    /// <param name="all">All registers.</param>
    /// <param name="number">The call's number, where a register tells.</param>
    public bool RestartsCall(ReadOnlySpan<byte> all, out long number)
    {
        number = -1;
        if (CallNumber >= 0)
        {
            number = (int)Get(all, CallNumber);
            if (number < 0)
                return false;
        }

        for (int i = 0; i < CallMarks.Count; i++)
        {
            (int register, ulong mask, ulong value) = CallMarks[i];
            ulong now = Get(all, register) & mask;
            if (now != value && (i > 0 || !IsRestart(now, mask)))
                return false;
        }

        return true;
    }

    /// <summary>The value of a register that has at most 64 bits.</summary>
    public ulong Get(ReadOnlySpan<byte> all, int number)
    {
        if (!Description.TryPlace(number, out int offset, out int bytes))
            return 0;
        ulong value = 0;
        for (int i = 0; i < bytes; i++)
            value |= (ulong)all[offset + (Description.IsBigEndian ? bytes - 1 - i : i)] << 8 * i;
        return value;
    }

    private void Put(Span<byte> all, int number, ulong value)
    {
        if (!Description.TryPlace(number, out int offset, out int bytes))
            return;
        for (int i = 0; i < bytes; i++)
            all[offset + (Description.IsBigEndian ? bytes - 1 - i : i)] = (byte)(value >> 8 * i);
    }

    // The result is negative on x86, positive on PowerPC.
    private static bool IsRestart(ulong value, ulong mask) =>
        value is Restart or RestartNoIntr or RestartNoHand or RestartBlock || (mask & (0 - value)) is Restart or RestartNoIntr or RestartNoHand or RestartBlock;

    private void SetInUse(Span<byte> image)
    {
        const int Header = 512;
        ulong inUse = BitConverter.ToUInt64(image[Header..]) | XsaveComponents;
        BitConverter.TryWriteBytes(image[Header..], inUse);
    }
}
