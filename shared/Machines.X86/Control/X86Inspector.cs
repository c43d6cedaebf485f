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
    private const int MostLines = 20000, MostRanges = 1 << 20;

    public string Architecture => board.Setup.Is64 ? "x86_64" : "i386";

    public string Registers(int cpu) => X86StateText.Registers(Fetch(cpu), withVectors: true);

    public ulong ProgramCounter(int cpu)
    {
        X86Cpu* s = Fetch(cpu);
        return s->Is64 ? s->Rip : (uint)(s->Seg(SegmentName.Cs).Base + s->Rip);
    }

    public ulong? Register(int cpu, string name) => name is "pc" ? ProgramCounter(cpu) : X86RegisterNames.Find(Fetch(cpu), name);

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

    public (ushort Machine, bool Is64) CoreFormat => X86CoreNotes.Format(Fetch(0));

    public IReadOnlyList<CoreNote> CoreNotes(int cpu, bool is64) => X86CoreNotes.Of(Fetch(cpu), cpu, is64);

    public IReadOnlyList<MappedRange> Mappings(int cpu)
    {
        List<MappedRange> ranges = [];
        PageWalk.ForEach(Fetch(cpu), board.Machine.Spaces.Memory, page =>
        {
            if (ranges.Count > 0 && ranges[^1] is var last && last.Virtual + last.Bytes == page.Linear && last.Physical + last.Bytes == page.Physical)
                ranges[^1] = last with { Bytes = last.Bytes + page.Bytes };
            else
                ranges.Add(new MappedRange(page.Linear, page.Physical, page.Bytes));
            return ranges.Count <= MostRanges ? true : throw new ControlException($"the guest's page tables have more than {MostRanges} ranges");
        });
        return ranges;
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

    private static char Bit(in MappedPage page, uint bit, char letter) => (page.Flags & bit) != 0 ? letter : '-';

    private static int AppendRange(StringBuilder text, ulong start, ulong end, uint rights)
    {
        if (start == end)
            return 0;
        text.Append(CultureInfo.InvariantCulture, $"{start:x16}-{end:x16} {end - start:x16} {((rights & 4) != 0 ? 'u' : '-')}r{((rights & 2) != 0 ? 'w' : '-')}\n");
        return 1;
    }
}
