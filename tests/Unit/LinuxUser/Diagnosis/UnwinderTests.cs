using Suite.Host;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Symbols;

namespace Suite.Tests.LinuxUser.Diagnosis;

/// <summary>Symbols and unwinding over memory that may hold anything. The image is the vDSO of this machine: a small ELF file with symbols and call frame information.</summary>
public sealed class UnwinderTests
{
    private const ulong ImageAt = 0x7000_0000, StackAt = 0x6000_0000, PageSize = 4096;
    private const int StackBytes = 4096, Rip = 16, Rsp = 19, Rbp = 4;

    [Fact]
    public void A_function_of_an_image_in_memory_is_found_by_address()
    {
        byte[] image = Vdso();
        ModuleMap map = Map(image, out _);
        GuestModule module = map.Find(ImageAt)!;
        Symbol[] found = [.. Enumerable.Range(0, image.Length).Select(i => module.Find(ImageAt + (ulong)i)).Where(s => s is not null).Select(s => s!.Value).Distinct()];
        Symbol gettime = found.First(s => s.Name.EndsWith("clock_gettime", StringComparison.Ordinal));
        Assert.Equal($"{gettime.Name}+0x1 (in [vdso]+0x{gettime.Start + 1 - ImageAt:x})", map.Describe(gettime.Start + 1));
    }

    [Fact]
    public void A_caller_is_found_by_call_frame_information()
    {
        ModuleMap map = Map(Vdso(), out FakeMemory memory);
        Symbol gettime = Enumerable.Range(0, 0x2000).Select(i => map.Find(ImageAt)!.Find(ImageAt + (ulong)i)).First(s => s?.Name.EndsWith("clock_gettime", StringComparison.Ordinal) == true)!.Value;
        const ulong Caller = ImageAt + 0x123;
        memory.Write(StackAt + 64, Caller);
        // At a function's first instruction the return address is on top of the stack.
        List<GuestFrame> frames = new Unwinder(map, memory, ElfTarget.X86_64).Walk(Registers(gettime.Start, StackAt + 64));
        Assert.Equal((Caller, FrameKind.Described, StackAt + 72), (frames[1].Pc, frames[1].Kind, frames[1].StackPointer));
    }

    [Fact]
    public void A_chain_of_frame_pointers_is_followed_where_nothing_is_described()
    {
        ModuleMap map = Map(new byte[PageSize], out FakeMemory memory);
        memory.Write(StackAt + 128, StackAt + 256);
        memory.Write(StackAt + 136, ImageAt + 0x10);
        memory.Write(StackAt + 256, 0);
        memory.Write(StackAt + 264, ImageAt + 0x20);
        List<GuestFrame> frames = new Unwinder(map, memory, ElfTarget.X86_64).Walk(Registers(ImageAt + 0x30, StackAt + 64, StackAt + 128));
        Assert.Equal([ImageAt + 0x30, ImageAt + 0x10, ImageAt + 0x20], frames.Select(f => f.Pc));
        Assert.All(frames.Skip(1), f => Assert.Equal(FrameKind.Chain, f.Kind));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Hostile_memory_neither_throws_nor_goes_on_for_ever(int target)
    {
        ElfTarget elf = target switch { 0 => ElfTarget.X86_64, 1 => ElfTarget.I386, _ => ElfTarget.Ppc };
        Random random = new(target);
        byte[] general = new byte[target == 0 ? 27 * 8 : 48 * 4];
        for (int round = 0; round < 200; round++)
        {
            ModuleMap map = Map(Damaged(random), out FakeMemory memory, elf);
            random.NextBytes(memory.Stack);
            for (int i = 0; i + 8 <= StackBytes; i += 8)
                if (random.Next(3) == 0)
                    memory.Write(StackAt + (ulong)i, random.Next(2) == 0 ? ImageAt + (ulong)random.Next(0x2000) : StackAt + (ulong)random.Next(StackBytes));
            Unwinder unwinder = new(map, memory, elf);
            for (int walk = 0; walk < 20; walk++)
            {
                random.NextBytes(general);
                for (int i = 0; i + 8 <= general.Length; i += 8)
                    if (random.Next(2) == 0)
                        BitConverter.TryWriteBytes(general.AsSpan(i), random.Next(2) == 0 ? ImageAt + (ulong)random.Next(0x2000) : StackAt + (ulong)random.Next(StackBytes));
                List<GuestFrame> frames = unwinder.Walk(general, 50);
                Assert.InRange(frames.Count, 1, 50);
                foreach (GuestFrame frame in frames)
                    Assert.NotEmpty(map.Describe(frame.LookupPc, frame.Pc));
            }
        }
    }

    private static byte[] Registers(ulong pc, ulong sp, ulong bp = 0)
    {
        byte[] general = new byte[27 * 8];
        BitConverter.TryWriteBytes(general.AsSpan(Rip * 8), pc);
        BitConverter.TryWriteBytes(general.AsSpan(Rsp * 8), sp);
        BitConverter.TryWriteBytes(general.AsSpan(Rbp * 8), bp);
        return general;
    }

    private static ModuleMap Map(byte[] image, out FakeMemory memory, ElfTarget? target = null)
    {
        memory = new FakeMemory(image);
        Vma[] vmas =
        [
            new Vma { Start = StackAt, End = StackAt + StackBytes, Protection = Linux.PROT_READ | Linux.PROT_WRITE, Name = "[stack]" },
            new Vma { Start = ImageAt, End = ImageAt + ((ulong)image.Length + PageSize - 1 & ~(PageSize - 1)), Protection = Linux.PROT_READ | Linux.PROT_EXEC, Name = "[vdso]" },
        ];
        return new ModuleMap(target ?? ElfTarget.X86_64, [], memory, vmas);
    }

    private static unsafe byte[] Vdso()
    {
        const uint AT_SYSINFO_EHDR = 33;
        const int Bytes = 0x1000;
        return new ReadOnlySpan<byte>((void*)HostProcess.AuxValue(AT_SYSINFO_EHDR), Bytes).ToArray();
    }

    // The image with bytes changed here and there, and now and then one that says it is the target's own class and machine.
    private static byte[] Damaged(Random random)
    {
        byte[] image = Vdso();
        for (int i = random.Next(200); i > 0; i--)
            image[random.Next(16, random.Next(2) == 0 ? 0x400 : image.Length)] = (byte)random.Next(256);
        if (random.Next(2) == 0)
            (image[18], image[19]) = random.Next(2) == 0 ? ((byte)3, (byte)0) : ((byte)0, (byte)20);
        return image;
    }

    private sealed class FakeMemory(byte[] image) : IGuestReader
    {
        public byte[] Stack { get; } = new byte[StackBytes];

        public void Write(ulong address, ulong value)
        {
            if (address - StackAt <= StackBytes - 8)
                BitConverter.TryWriteBytes(Stack.AsSpan((int)(address - StackAt)), value);
        }

        public bool TryRead(ulong address, Span<byte> into) => Copy(Stack, address - StackAt, into) || Copy(image, address - ImageAt, into);

        private static bool Copy(byte[] from, ulong offset, Span<byte> into)
        {
            if (offset > (ulong)from.Length || (ulong)into.Length > (ulong)from.Length - offset)
                return false;
            from.AsSpan((int)offset, into.Length).CopyTo(into);
            return true;
        }
    }
}
