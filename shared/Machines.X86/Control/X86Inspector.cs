using System.Globalization;
using System.Text;
using Iced.Intel;
using Suite.Devices.Intc;
using Suite.Guest.X86.Machine;
using Suite.Machines.Control;
using Suite.Machines.X86.Boards;
using Suite.Machines.X86.Kvm;

namespace Suite.Machines.X86.Control;

/// <summary>What monitors show of x86 processors, in QEMU's form.</summary>
internal sealed unsafe class X86Inspector(X86Board board) : ICpuInspector
{
    private const int MostLines = 20000;

    private static readonly string[] Names64 = ["RAX", "RBX", "RCX", "RDX", "RSI", "RDI", "RBP", "RSP", "R8 ", "R9 ", "R10", "R11", "R12", "R13", "R14", "R15"];
    private static readonly string[] Names32 = ["EAX", "EBX", "ECX", "EDX", "ESI", "EDI", "EBP", "ESP"];
    private static readonly int[] Order = [0, 3, 1, 2, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15];

    public string Architecture => board.Setup.Is64 ? "x86_64" : "i386";

    public string Registers(int cpu)
    {
        X86Cpu* s = Fetch(cpu);
        StringBuilder text = new();
        bool isLong = s->IsLong;
        int count = isLong ? 16 : 8;
        for (int i = 0; i < count; i++)
            text.Append(isLong ? $"{Names64[i]}={s->Gpr[Order[i]]:x16}" : $"{Names32[i]}={(uint)s->Gpr[Order[i]]:x8}").Append(i % 4 == 3 ? '\n' : ' ');
        string flags = $"[{Letter(s, X86Cpu.FlagDf, 'D')}{Letter(s, X86Cpu.FlagOf, 'O')}{Letter(s, X86Cpu.FlagSf, 'S')}{Letter(s, X86Cpu.FlagZf, 'Z')}{Letter(s, X86Cpu.FlagAf, 'A')}{Letter(s, X86Cpu.FlagPf, 'P')}{Letter(s, X86Cpu.FlagCf, 'C')}]";
        string rest = $"CPL={s->Cpl} II={s->InterruptShadow} A20={((s->A20Mask >> 20 & 1) != 0 ? 1 : 0)} SMM=0 HLT={s->Halted}";
        text.Append(isLong ? $"RIP={s->Rip:x16} RFL={(uint)s->Rflags:x8} {flags} {rest}\n" : $"EIP={(uint)s->Rip:x8} EFL={(uint)s->Rflags:x8} {flags} {rest}\n");
        for (int i = 0; i <= (int)SegmentName.Gs; i++)
            AppendSegment(text, $"{((SegmentName)i).ToString().ToUpperInvariant()} ", s->Seg(i), isLong);
        AppendSegment(text, "LDT", s->Seg(SegmentName.Ldtr), isLong);
        AppendSegment(text, "TR ", s->Seg(SegmentName.Tr), isLong);
        text.Append(CultureInfo.InvariantCulture, $"GDT=     {Address(s->Gdtr.Base, isLong)} {s->Gdtr.Limit:x8}\nIDT=     {Address(s->Idtr.Base, isLong)} {s->Idtr.Limit:x8}\n");
        text.Append(CultureInfo.InvariantCulture, $"CR0={(uint)s->Cr0:x8} CR2={Address(s->Cr2, isLong)} CR3={Address(s->Cr3, isLong)} CR4={(uint)s->Cr4:x8}\n");
        for (int i = 0; i < 4; i++)
            text.Append(CultureInfo.InvariantCulture, $"DR{i}={Address(s->Dr[i], isLong)}{(i == 3 ? "\n" : " ")}");
        text.Append(CultureInfo.InvariantCulture, $"DR6={Address(s->Dr[6], isLong)} DR7={Address(s->Dr[7], isLong)}\nEFER={s->Efer:x16}\n");
        AppendVectors(text, s, count);
        return text.ToString();
    }

    public ulong ProgramCounter(int cpu)
    {
        X86Cpu* s = Fetch(cpu);
        return s->Is64 ? s->Rip : (uint)(s->Seg(SegmentName.Cs).Base + s->Rip);
    }

    public bool IsHalted(int cpu) => Fetch(cpu)->Halted != 0;

    public bool TryTranslate(int cpu, ulong address, out ulong physical) => PageWalk.TryTranslate(Fetch(cpu), board.Machine.Spaces.Memory, address, out physical);

    public string PageTable(int cpu)
    {
        X86Cpu* s = Fetch(cpu);
        if ((s->Cr0 & X86Cpu.Cr0Pg) == 0)
            return "PG disabled\n";
        StringBuilder text = new();
        int lines = 0;
        PageWalk.ForEach(s, board.Machine.Spaces.Memory, page =>
        {
            text.Append(CultureInfo.InvariantCulture, $"{page.Linear:x16}: {page.Physical:x16} {(page.IsNoExecute ? 'X' : '-')}{Bit(page, 0x100, 'G')}{Bit(page, 0x80, 'P')}{Bit(page, 0x40, 'D')}{Bit(page, 0x20, 'A')}{Bit(page, 0x10, 'C')}{Bit(page, 8, 'T')}{Bit(page, 4, 'U')}{Bit(page, 2, 'W')}\n");
            return ++lines < MostLines;
        });
        return lines < MostLines ? text.ToString() : text.Append("... (more; 'info mem' is shorter)\n").ToString();
    }

    public string MappedRanges(int cpu)
    {
        X86Cpu* s = Fetch(cpu);
        if ((s->Cr0 & X86Cpu.Cr0Pg) == 0)
            return "PG disabled\n";
        StringBuilder text = new();
        ulong start = 0, end = 0;
        uint rights = 0;
        int lines = 0;
        PageWalk.ForEach(s, board.Machine.Spaces.Memory, page =>
        {
            uint now = page.Flags & 6;
            if (end != start && page.Linear == end && now == rights)
            {
                end += page.Bytes;
                return true;
            }

            lines += AppendRange(text, start, end, rights);
            (start, end, rights) = (page.Linear, page.Linear + page.Bytes, now);
            return lines < MostLines;
        });
        AppendRange(text, start, end, rights);
        return text.ToString();
    }

    public string LocalApic(int cpu)
    {
        if (cpu < 0 || cpu >= board.Machine.Vcpus.Count)
            return $"there is no APIC {cpu}\n";
        if (board.Interrupts.Apics is not { } apics)
            return LocalApicText.OfKernel((KvmVcpu)board.Machine.Vcpus[cpu]);
        LocalApic apic = apics.Apics[cpu];
        return $"dumping local APIC state for CPU {cpu}\n" + string.Concat(apic.State.Registers.Select(r => $"  {r.Name,-20} 0x{r.Value:x}\n"));
    }

    public string InterruptControllers()
    {
        if (board.Interrupts.Pic is not { } pic)
            return KernelChips.Describe(((KvmAccelerator)board.Accelerator).Vm);
        StringBuilder text = new();
        foreach (Devices.Core.Device device in (Devices.Core.Device[])[pic.Master, pic.Slave, board.Interrupts.IoApic!])
            text.Append($"{device.Name}: {string.Join(' ', device.State.Registers.Select(r => $"{r.Name}={r.Value:x}"))}\n");
        return text.ToString();
    }

    public string Disassemble(int cpu, ulong address, int count, bool isPhysical)
    {
        const int LongestInstruction = 15;
        X86Cpu* s = Fetch(cpu);
        int bits = s->Is64 ? 64 : s->Seg(SegmentName.Cs).Has(Segment.Big) ? 32 : 16;
        StringBuilder text = new();
        GasFormatter formatter = new();
        StringOutput output = new();
        byte[] bytes = new byte[LongestInstruction];
        for (int i = 0; i < count; i++)
        {
            int have = 0;
            while (have < LongestInstruction && (isPhysical || PageWalk.TryTranslate(s, board.Machine.Spaces.Memory, address + (ulong)have, out _)) && TryByte(s, address + (ulong)have, isPhysical, out bytes[have]))
                have++;
            if (have == 0)
                return text.Append("Cannot access memory\n").ToString();
            Iced.Intel.Decoder decoder = Iced.Intel.Decoder.Create(bits, new ByteArrayCodeReader(bytes, 0, have), address);
            decoder.Decode(out Instruction instruction);
            formatter.Format(instruction, output);
            int length = instruction.IsInvalid ? 1 : instruction.Length;
            text.Append(CultureInfo.InvariantCulture, $"0x{address:x8}:  {string.Join(' ', bytes.Take(length).Select(b => b.ToString("x2", CultureInfo.InvariantCulture))),-30} {output.ToStringAndReset()}\n");
            address += (ulong)length;
        }

        return text.ToString();
    }

    public void InjectNmi()
    {
        foreach (IX86Vcpu vcpu in board.Vcpus)
            vcpu.RaiseNmi();
    }

    private X86Cpu* Fetch(int cpu)
    {
        IX86Vcpu vcpu = (IX86Vcpu)board.Machine.Vcpus[cpu];
        vcpu.Fetch();
        return vcpu.State;
    }

    private bool TryByte(X86Cpu* s, ulong address, bool isPhysical, out byte value)
    {
        value = 0;
        byte read = 0;
        ulong physical = address;
        bool done = (isPhysical || PageWalk.TryTranslate(s, board.Machine.Spaces.Memory, address, out physical)) && board.Machine.Spaces.Memory.TryRead(physical, new Span<byte>(&read, 1));
        value = read;
        return done;
    }

    private static char Letter(X86Cpu* s, ulong flag, char letter) => (s->Rflags & flag) != 0 ? letter : '-';

    private static char Bit(in MappedPage page, uint bit, char letter) => (page.Flags & bit) != 0 ? letter : '-';

    private static string Address(ulong value, bool isLong) => isLong ? value.ToString("x16", CultureInfo.InvariantCulture) : ((uint)value).ToString("x8", CultureInfo.InvariantCulture);

    private static int AppendRange(StringBuilder text, ulong start, ulong end, uint rights)
    {
        if (start == end)
            return 0;
        text.Append(CultureInfo.InvariantCulture, $"{start:x16}-{end:x16} {end - start:x16} {((rights & 4) != 0 ? 'u' : '-')}r{((rights & 2) != 0 ? 'w' : '-')}\n");
        return 1;
    }

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
