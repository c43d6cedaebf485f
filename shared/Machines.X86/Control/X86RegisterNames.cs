using Suite.Guest.X86.Machine;

namespace Suite.Machines.X86.Control;

/// <summary>Registers by the names a user writes in the monitor.</summary>
internal static unsafe class X86RegisterNames
{
    private static readonly string[] General = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"];
    private static readonly string[] Segments = ["es", "cs", "ss", "ds", "fs", "gs", "ldt", "tr"];

    /// <summary>The value of one; null when there is none of that name.</summary>
    public static ulong? Find(X86Cpu* s, string name)
    {
        switch (name)
        {
            case "rip":
                return s->Rip;
            case "eip":
                return (uint)s->Rip;
            case "eflags" or "rflags":
                return s->Rflags;
            case "cr0":
                return s->Cr0;
            case "cr2":
                return s->Cr2;
            case "cr3":
                return s->Cr3;
            case "cr4":
                return s->Cr4;
            case "cr8":
                return s->Cr8;
            case "efer":
                return s->Efer;
            case "gdt.base":
                return s->Gdtr.Base;
            case "idt.base":
                return s->Idtr.Base;
            case "fp":
                return s->Gpr[Array.IndexOf(General, "bp")];
            default:
                return GeneralRegister(s, name) ?? SegmentRegister(s, name);
        }
    }

    private static ulong? GeneralRegister(X86Cpu* s, string name)
    {
        if (name.Length is 2 or 3 && name[0] == 'r' && int.TryParse(name.AsSpan(1), out int number) && number is >= 8 and < 16)
            return s->Gpr[number];
        int at = Array.IndexOf(General, name.Length == 3 && name[0] is 'r' or 'e' ? name[1..] : name);
        return at < 0 ? null : name[0] == 'r' ? s->Gpr[at] : name.Length == 3 ? (uint)s->Gpr[at] : (ushort)s->Gpr[at];
    }

    private static ulong? SegmentRegister(X86Cpu* s, string name)
    {
        string[] parts = name.Split('.');
        int at = Array.IndexOf(Segments, parts[0]);
        if (at < 0 || parts.Length > 2)
            return null;
        ref Segment segment = ref s->Seg(at);
        return parts.Length == 1 ? segment.Selector : parts[1] switch { "base" => segment.Base, "limit" => segment.Limit, _ => null };
    }
}
