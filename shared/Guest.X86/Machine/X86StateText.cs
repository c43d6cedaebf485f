using System.Globalization;
using System.Text;

namespace Suite.Guest.X86.Machine;

/// <summary>A processor's state as text, in QEMU's form: for monitors (`info registers`) and logs (`-d cpu`, `-d int`).</summary>
public static unsafe class X86StateText
{
    private static readonly string[] Names64 = ["RAX", "RBX", "RCX", "RDX", "RSI", "RDI", "RBP", "RSP", "R8 ", "R9 ", "R10", "R11", "R12", "R13", "R14", "R15"];
    private static readonly string[] Names32 = ["EAX", "EBX", "ECX", "EDX", "ESI", "EDI", "EBP", "ESP"];
    private static readonly string[] SegmentNames = ["ES ", "CS ", "SS ", "DS ", "FS ", "GS "];
    private static readonly int[] Order = [0, 3, 1, 2, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15];

    /// <summary>All registers, several lines.</summary>
    /// <param name="s">The state.</param>
    /// <param name="withFpu">x87 registers, too.</param>
    /// <param name="withVectors">x87 and SSE registers, too.</param>
    public static string Registers(X86Cpu* s, bool withFpu = false, bool withVectors = false)
    {
        StringBuilder text = new();
        bool isLong = s->IsLong;
        int count = isLong ? 16 : 8;
        for (int i = 0; i < count; i++)
            text.Append(isLong ? $"{Names64[i]}={s->Gpr[Order[i]]:x16}" : $"{Names32[i]}={(uint)s->Gpr[Order[i]]:x8}").Append(i % 4 == 3 ? '\n' : ' ');
        string flags = $"[{Letter(s, X86Cpu.FlagDf, 'D')}{Letter(s, X86Cpu.FlagOf, 'O')}{Letter(s, X86Cpu.FlagSf, 'S')}{Letter(s, X86Cpu.FlagZf, 'Z')}{Letter(s, X86Cpu.FlagAf, 'A')}{Letter(s, X86Cpu.FlagPf, 'P')}{Letter(s, X86Cpu.FlagCf, 'C')}]";
        string rest = $"CPL={s->Cpl} II={s->InterruptShadow} A20={((s->A20Mask >> 20 & 1) != 0 ? 1 : 0)} SMM=0 HLT={s->Halted}";
        text.Append(isLong ? $"RIP={s->Rip:x16} RFL={(uint)s->Rflags:x8} {flags} {rest}\n" : $"EIP={(uint)s->Rip:x8} EFL={(uint)s->Rflags:x8} {flags} {rest}\n");
        for (int i = 0; i <= (int)SegmentName.Gs; i++)
            AppendSegment(text, SegmentNames[i], s->Seg(i), isLong);
        AppendSegment(text, "LDT", s->Seg(SegmentName.Ldtr), isLong);
        AppendSegment(text, "TR ", s->Seg(SegmentName.Tr), isLong);
        text.Append(CultureInfo.InvariantCulture, $"GDT=     {Address(s->Gdtr.Base, isLong)} {s->Gdtr.Limit:x8}\nIDT=     {Address(s->Idtr.Base, isLong)} {s->Idtr.Limit:x8}\n");
        text.Append(CultureInfo.InvariantCulture, $"CR0={(uint)s->Cr0:x8} CR2={Address(s->Cr2, isLong)} CR3={Address(s->Cr3, isLong)} CR4={(uint)s->Cr4:x8}\n");
        for (int i = 0; i < 4; i++)
            text.Append(CultureInfo.InvariantCulture, $"DR{i}={Address(s->Dr[i], isLong)}{(i == 3 ? "\n" : " ")}");
        text.Append(CultureInfo.InvariantCulture, $"DR6={Address(s->Dr[6], isLong)} DR7={Address(s->Dr[7], isLong)}\nEFER={s->Efer:x16}\n");
        if (withFpu || withVectors)
            AppendVectors(text, s, withVectors ? count : 0);
        return text.ToString();
    }

    private static char Letter(X86Cpu* s, ulong flag, char letter) => (s->Rflags & flag) != 0 ? letter : '-';

    private static string Address(ulong value, bool isLong) => isLong ? value.ToString("x16", CultureInfo.InvariantCulture) : ((uint)value).ToString("x8", CultureInfo.InvariantCulture);

    private static void AppendSegment(StringBuilder text, string name, in Segment s, bool isLong)
    {
        uint attributes = (s.Attributes & Segment.Unusable) != 0 ? 0 : (s.Attributes & 0xF0FF) << 8;
        string kind = (s.Attributes & Segment.Unusable) != 0 ? "" : (s.Attributes & Segment.CodeOrData) == 0 ? $"DPL={s.Dpl} system" :
            (s.Attributes & Segment.Code) != 0 ? $"DPL={s.Dpl} CS{(s.Has(Segment.Long) ? "64" : s.Has(Segment.Big) ? "32" : "16")} [-{((s.Attributes & Segment.Readable) != 0 ? 'R' : '-')}{((s.Attributes & Segment.Accessed) != 0 ? 'A' : '-')}]" :
            $"DPL={s.Dpl} DS   [-{((s.Attributes & Segment.Writable) != 0 ? 'W' : '-')}{((s.Attributes & Segment.Accessed) != 0 ? 'A' : '-')}]";
        text.Append(CultureInfo.InvariantCulture, $"{name}={s.Selector:x4} {Address(s.Base, isLong)} {s.Limit:x8} {attributes:x8} {kind}\n");
    }

    private static void AppendVectors(StringBuilder text, X86Cpu* s, int registers)
    {
        const int X87 = 0, Status = 2, Mxcsr = 24, FirstX87 = 32, FirstXmm = 160, Bytes = 16;
        byte* v = s->Vectors;
        text.Append(CultureInfo.InvariantCulture, $"FCW={*(ushort*)(v + X87):x4} FSW={*(ushort*)(v + Status):x4} MXCSR={*(uint*)(v + Mxcsr):x8}\n");
        for (int i = 0; i < 8; i++)
            text.Append(CultureInfo.InvariantCulture, $"FPR{i}={*(ulong*)(v + FirstX87 + i * Bytes):x16} {*(ushort*)(v + FirstX87 + i * Bytes + 8):x4}{(i % 2 == 1 ? "\n" : " ")}");
        for (int i = 0; i < registers; i++)
            text.Append(CultureInfo.InvariantCulture, $"XMM{i:d2}={*(ulong*)(v + FirstXmm + i * Bytes + 8):x16} {*(ulong*)(v + FirstXmm + i * Bytes):x16}{(i % 2 == 1 ? "\n" : " ")}");
    }
}
