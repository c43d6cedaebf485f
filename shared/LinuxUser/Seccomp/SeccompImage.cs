using System.Buffers.Binary;
using Suite.Host;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Seccomp;

/// <summary>Filters on their way to the tool that runs an executed program: a file in memory, whose descriptor it inherits.</summary>
public static unsafe class SeccompImage
{
    private const int InsnBytes = 8, ListenerMark = 1 << 30;

    /// <summary>Writes a thread's filters; the result is a descriptor that stays open across exec, or -1 when there is nothing to hand on.</summary>
    public static int Write(GuestThread t)
    {
        if (t.Process.Seccomp?.StateOf(t) is not { } state)
            return -1;
        byte[] bytes = Encode(state);
        fixed (byte* name = "filters\0"u8, data = bytes)
        {
            int descriptor = (int)Sys.Call(Nr.memfd_create, (long)name, 0);
            if (descriptor >= 0)
                Sys.Call(Nr.pwrite64, descriptor, (long)data, bytes.Length, 0);
            return descriptor;
        }
    }

    /// <summary>A state as bytes, for <see cref="Decode"/>.</summary>
    public static byte[] Encode(SeccompState state)
    {
        List<SeccompFilter> filters = [];
        for (SeccompFilter? filter = state.Newest; filter is not null; filter = filter.Older)
            filters.Insert(0, filter);
        List<byte> bytes = [state.IsStrict ? (byte)1 : (byte)0];
        Span<byte> word = stackalloc byte[InsnBytes];
        foreach (SeccompFilter filter in filters)
        {
            BinaryPrimitives.WriteInt32LittleEndian(word, filter.Program.Insns.Length | (filter.HasListener ? ListenerMark : 0));
            bytes.AddRange(word[..4]);
            foreach (BpfInsn insn in filter.Program.Insns)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(word, insn.Code);
                (word[2], word[3]) = (insn.IfTrue, insn.IfFalse);
                BinaryPrimitives.WriteUInt32LittleEndian(word[4..], insn.K);
                bytes.AddRange(word);
            }
        }

        return [.. bytes];
    }

    /// <summary>Puts the filters in force that <see cref="Write"/> wrote, and closes the descriptor.</summary>
    public static void Read(GuestThread t, int descriptor)
    {
        byte[]? raw = HostContents(descriptor);
        Sys.Call(Nr.close, descriptor);
        if (raw is { Length: > 0 })
            SeccompGate.Of(t).Set(t, Decode(raw));
    }

    /// <summary>The state that <see cref="Encode"/> was given. Of bytes that are none, what can be understood.</summary>
    public static SeccompState Decode(ReadOnlySpan<byte> raw)
    {
        SeccompFilter? newest = null;
        for (int at = 1; at + 4 <= raw.Length;)
        {
            int word = BinaryPrimitives.ReadInt32LittleEndian(raw[at..]), count = word & ~ListenerMark;
            at += 4;
            if (count is < 0 or > BpfProgram.MostInsns || at + count * InsnBytes > raw.Length)
                break;
            BpfInsn[] insns = new BpfInsn[count];
            for (int i = 0; i < insns.Length; i++, at += InsnBytes)
                insns[i] = new BpfInsn(BinaryPrimitives.ReadUInt16LittleEndian(raw[at..]), raw[at + 2], raw[at + 3], BinaryPrimitives.ReadUInt32LittleEndian(raw[(at + 4)..]));
            if (BpfProgram.TryCreate(insns, out BpfProgram? program))
                newest = new SeccompFilter(program, newest, (word & ListenerMark) != 0);
        }

        return new SeccompState(raw[0] == 1, newest);
    }

    private static byte[]? HostContents(int descriptor)
    {
        const int SEEK_END = 2;
        long size = Sys.Call(Nr.lseek, descriptor, 0, SEEK_END);
        if (size <= 0)
            return null;
        byte[] raw = new byte[size];
        fixed (byte* into = raw)
            return Sys.Call(Nr.pread64, descriptor, (long)into, size, 0) == size ? raw : null;
    }
}
