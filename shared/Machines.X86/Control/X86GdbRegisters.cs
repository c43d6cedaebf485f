using System.Buffers.Binary;
using Suite.Gdb;
using Suite.Guest.X86.Machine;
using Suite.Machines.Control;
using Suite.Machines.X86.Kvm;

namespace Suite.Machines.X86.Control;

/// <summary>
/// x86 processors for gdb: the standard features of 64-bit or 32-bit machines, and one of our own for control registers. Outside of 64-bit mode the program
/// counter is the linear address, so that breakpoints and listings are right in real mode too.
/// </summary>
internal sealed unsafe class X86GdbRegisters : IGdbRegisters
{
    private const int X87Control = 0, X87Status = 2, X87Tag = 4, X87Opcode = 6, X87Ip = 8, X87Dp = 16, Mxcsr = 24, FirstX87 = 32, FirstXmm = 160, VectorBytes = 16, X87Bytes = 10;

    private static readonly string[] General64 = ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];
    private static readonly string[] General32 = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"];
    private static readonly int[] Order64 = [0, 3, 1, 2, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15];
    private static readonly (string Name, SegmentName Segment)[] Selectors =
        [("cs", SegmentName.Cs), ("ss", SegmentName.Ss), ("ds", SegmentName.Ds), ("es", SegmentName.Es), ("fs", SegmentName.Fs), ("gs", SegmentName.Gs)];

    private readonly Machine _machine;
    private readonly bool _is64;

    public X86GdbRegisters(Machine machine, bool is64)
    {
        (_machine, _is64) = (machine, is64);
        Description = Describe(is64);
    }

    public GdbDescription Description { get; }

    private int Word => _is64 ? 8 : 4;

    private int Generals => _is64 ? 16 : 8;

    public void Read(int cpu, Span<byte> all)
    {
        X86Cpu* s = Fetch(cpu);
        Cursor to = new(all);
        for (int i = 0; i < Generals; i++)
            to.Put(s->Gpr[_is64 ? Order64[i] : i], Word);
        to.Put(Linear(s), Word);
        to.Put(s->Rflags, 4);
        foreach ((_, SegmentName segment) in Selectors)
            to.Put(s->Seg(segment).Selector, 4);
        for (int i = 0; i < 8; i++)
            to.Copy(s->Vectors + FirstX87 + i * VectorBytes, X87Bytes);
        byte* v = s->Vectors;
        foreach (ulong value in (ReadOnlySpan<ulong>)[*(ushort*)(v + X87Control), *(ushort*)(v + X87Status), FullTag(v[X87Tag]), 0, *(uint*)(v + X87Ip), 0, *(uint*)(v + X87Dp), *(ushort*)(v + X87Opcode)])
            to.Put(value, 4);
        for (int i = 0; i < Generals; i++)
            to.Copy(v + FirstXmm + i * VectorBytes, VectorBytes);
        to.Put(*(uint*)(v + Mxcsr), 4);
        if (_is64)
        {
            to.Put(s->Seg(SegmentName.Fs).Base, 8);
            to.Put(s->Seg(SegmentName.Gs).Base, 8);
        }

        foreach (ulong value in (ReadOnlySpan<ulong>)[s->Cr0, s->Cr2, s->Cr3, s->Cr4, s->Cr8, s->Efer])
            to.Put(value, Word);
    }

    public void Write(int cpu, ReadOnlySpan<byte> all)
    {
        X86Cpu* s = Fetch(cpu);
        ulong pc = Linear(s);
        int at = 0;
        for (int i = 0; i < Generals; i++)
            s->Gpr[_is64 ? Order64[i] : i] = Take(all, ref at, Word);
        ulong wanted = Take(all, ref at, Word);
        if (wanted != pc)
            s->Rip = s->Is64 ? wanted : wanted - s->Seg(SegmentName.Cs).Base;
        const ulong Writable = 0x254DD5, Fixed = 2;
        s->Rflags = (s->Rflags & ~Writable) | (Take(all, ref at, 4) & Writable) | Fixed;
        at += Selectors.Length * 4; // loading a selector needs its descriptor: that is the guest's business
        for (int i = 0; i < 8; i++, at += X87Bytes)
            all.Slice(at, X87Bytes).CopyTo(new Span<byte>(s->Vectors + FirstX87 + i * VectorBytes, X87Bytes));
        *(ushort*)(s->Vectors + X87Control) = (ushort)Take(all, ref at, 4);
        *(ushort*)(s->Vectors + X87Status) = (ushort)Take(all, ref at, 4);
        at += 6 * 4;
        for (int i = 0; i < Generals; i++, at += VectorBytes)
            all.Slice(at, VectorBytes).CopyTo(new Span<byte>(s->Vectors + FirstXmm + i * VectorBytes, VectorBytes));
        const uint MxcsrBits = 0xFFFF;
        *(uint*)(s->Vectors + Mxcsr) = (uint)Take(all, ref at, 4) & MxcsrBits;
        if (_is64)
        {
            s->Seg(SegmentName.Fs).Base = Take(all, ref at, 8);
            s->Seg(SegmentName.Gs).Base = Take(all, ref at, 8);
        }

        ((IX86Vcpu)_machine.Vcpus[cpu]).Store(withTime: false);
    }

    public ulong ProgramCounter(int cpu) => Linear(Fetch(cpu));

    public bool TrySetDebug(int stepping, IReadOnlyList<ulong> breakpoints, IReadOnlyList<(ulong Address, int Length, bool OnRead)> watchpoints)
    {
        try
        {
            foreach (IVcpu vcpu in _machine.Vcpus)
                ((IX86Vcpu)vcpu).SetDebug(new DebugRequest(vcpu.Index == stepping, breakpoints, [.. watchpoints.Select(w => new Watchpoint(w.Address, w.Length, w.OnRead))]));
            return true;
        }
        catch (KvmException)
        {
            return false;
        }
    }

    public ulong? WatchHit(int cpu) => ((IX86Vcpu)_machine.Vcpus[cpu]).WatchHit;

    private static ulong Linear(X86Cpu* s) => s->Is64 ? s->Rip : (uint)(s->Seg(SegmentName.Cs).Base + s->Rip);

    private X86Cpu* Fetch(int cpu)
    {
        IX86Vcpu vcpu = (IX86Vcpu)_machine.Vcpus[cpu];
        vcpu.Fetch();
        return vcpu.State;
    }

    // FXSAVE's tag has a bit a register; gdb wants two: 3 is empty, 0 anything else.
    private static ulong FullTag(byte small)
    {
        ulong tag = 0;
        for (int i = 0; i < 8; i++)
            if ((small >> i & 1) == 0)
                tag |= 3UL << (2 * i);
        return tag;
    }

    private static ulong Take(ReadOnlySpan<byte> all, ref int at, int bytes)
    {
        ulong value = bytes == 8 ? BinaryPrimitives.ReadUInt64LittleEndian(all[at..]) : BinaryPrimitives.ReadUInt32LittleEndian(all[at..]);
        at += bytes;
        return value;
    }

    private static GdbDescription Describe(bool is64)
    {
        const string Vector = "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/><vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/><vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
            + "<vector id=\"v8i16\" type=\"int16\" count=\"8\"/><vector id=\"v4i32\" type=\"int32\" count=\"4\"/><vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
            + "<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/><field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v8_int16\" type=\"v8i16\"/>"
            + "<field name=\"v4_int32\" type=\"v4i32\"/><field name=\"v2_int64\" type=\"v2i64\"/><field name=\"uint128\" type=\"uint128\"/></union>\n";
        int word = is64 ? 64 : 32;
        string integer = is64 ? "int64" : "int32", code = "code_ptr", data = "data_ptr";
        List<GdbRegister> core = [];
        foreach (string name in is64 ? General64 : General32)
            core.Add(new GdbRegister(name, word, name is "rsp" or "rbp" or "esp" or "ebp" ? data : integer));
        core.Add(new GdbRegister(is64 ? "rip" : "eip", word, code));
        core.Add(new GdbRegister("eflags", 32, "int32"));
        foreach ((string name, _) in Selectors)
            core.Add(new GdbRegister(name, 32, "int32"));
        for (int i = 0; i < 8; i++)
            core.Add(new GdbRegister($"st{i}", 80, "i387_ext"));
        foreach (string name in new[] { "fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop" })
            core.Add(new GdbRegister(name, 32, "int", "float"));
        List<GdbRegister> sse = [];
        for (int i = 0; i < (is64 ? 16 : 8); i++)
            sse.Add(new GdbRegister($"xmm{i}", 128, "vec128"));
        sse.Add(new GdbRegister("mxcsr", 32, "int", "vector"));
        GdbRegister[] system = [.. new[] { "cr0", "cr2", "cr3", "cr4", "cr8", "efer" }.Select(name => new GdbRegister(name, word, integer, "system"))];
        List<GdbFeature> features = [new("org.gnu.gdb.i386.core", "", core), new("org.gnu.gdb.i386.sse", Vector, sse)];
        if (is64)
            features.Add(new GdbFeature("org.gnu.gdb.i386.segments", "", [new GdbRegister("fs_base", 64, "int64"), new GdbRegister("gs_base", 64, "int64")]));
        features.Add(new GdbFeature("org.suite.i386.system", "", system));
        return new GdbDescription(is64 ? "i386:x86-64" : "i386", null, features, is64 ? 16 : 8, is64 ? 7 : 4, isBigEndian: false);
    }

    private ref struct Cursor(Span<byte> all)
    {
        private Span<byte> _rest = all;

        public void Put(ulong value, int bytes)
        {
            if (bytes == 8)
                BinaryPrimitives.WriteUInt64LittleEndian(_rest, value);
            else
                BinaryPrimitives.WriteUInt32LittleEndian(_rest, (uint)value);
            _rest = _rest[bytes..];
        }

        public void Copy(byte* from, int bytes)
        {
            new ReadOnlySpan<byte>(from, bytes).CopyTo(_rest);
            _rest = _rest[bytes..];
        }
    }
}
