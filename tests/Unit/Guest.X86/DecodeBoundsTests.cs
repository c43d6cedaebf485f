using System.Runtime.InteropServices;
using Suite.Guest.X86.Decode;

namespace Suite.Tests.Guest.X86;

/// <summary>Instructions cut short, and instructions longer than the architecture allows.</summary>
public sealed unsafe class DecodeBoundsTests
{
    private const int PageSize = 4096;
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;

    [Theory]
    [InlineData(CpuMode.Bits16)]
    [InlineData(CpuMode.Bits32)]
    [InlineData(CpuMode.Bits64)]
    public void NoByteBeyondTheAvailableIsTouchedOrMatters(CpuMode mode)
    {
        byte* pages = Map(null, 2 * PageSize, ReadWrite, PrivateAnonymous, -1, 0);
        try
        {
            Assert.Equal(0, Protect(pages + PageSize, PageSize, 0));
            Random random = new(5);
            for (int i = 0; i < 60_000; i++)
                CheckCuts(random, pages + PageSize, mode);
        }
        finally
        {
            _ = Unmap(pages, 2 * PageSize);
        }
    }

    /// <summary>Only with fewer bytes than its length may an instruction be incomplete, and more bytes must not change the answer.</summary>
    private static void CheckCuts(Random random, byte* end, CpuMode mode)
    {
        Span<byte> bytes = stackalloc byte[32];
        random.NextBytes(bytes);
        if ((bytes[31] & 3) == 0)
            bytes[..(bytes[30] & 15)].Fill(0x66);
        X86Insn whole;
        fixed (byte* code = bytes)
        {
            Assert.True(X86Decoder.Decode(code, bytes.Length, mode, out whole));
        }

        for (int available = 1; available <= X86Decoder.MaxLength; available++)
        {
            byte* code = end - available;
            bytes[..available].CopyTo(new Span<byte>(code, available));
            bool complete = X86Decoder.Decode(code, available, mode, out X86Insn cut);
            bool expected = available >= whole.Length;
            if (complete == expected && (!complete || Same(in whole, in cut)))
                continue;
            Assert.Fail($"{Convert.ToHexString(bytes[..16])} with {available} bytes in {mode}: complete {complete}, length {cut.Length}, whole {whole.Length}");
        }
    }

    private static bool Same(in X86Insn left, in X86Insn right) =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<X86Insn>(in left)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<X86Insn>(in right)));

    [Theory]
    [InlineData("6666666666666666666666666666666666666666", true)]
    [InlineData("666666666666666666666666666690", false)]
    [InlineData("6666666666666666666666666666666690", true)]
    [InlineData("2E2E2E2E2E2E2E2E2E2E2E48B80000000000000000", true)]
    [InlineData("2E2E2E2E2EC7840000000000000000000000", true)]
    [InlineData("2E2E2E2EC784000000000000000000", false)]
    public void MoreThan15BytesIsTooLong(string hex, bool tooLong)
    {
        byte[] bytes = Convert.FromHexString(hex);
        fixed (byte* code = bytes)
        {
            Assert.True(X86Decoder.Decode(code, bytes.Length, CpuMode.Bits64, out X86Insn insn));
            Assert.Equal(tooLong, insn.TooLong);
            Assert.Equal(tooLong ? X86Flow.Invalid : X86Flow.Plain, insn.Flow);
            Assert.InRange(insn.Length, 1, X86Decoder.MaxLength);
        }
    }

    [DllImport("libc", EntryPoint = "mmap")]
    private static extern byte* Map(void* address, nint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "mprotect")]
    private static extern int Protect(void* address, nint length, int protection);

    [DllImport("libc", EntryPoint = "munmap")]
    private static extern int Unmap(void* address, nint length);
}
