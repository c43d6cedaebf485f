using Iced.Intel;
using Suite.Jit.Memory;

namespace Suite.Guest.X86.Machine;

/// <summary>
/// Gathers and scatters: one access for each element of a vector of indices. A fault leaves the elements before it done and their mask bits clear, so that the instruction
/// goes on where it stopped (Intel SDM volume 2, VPGATHERDD).
/// </summary>
public sealed unsafe partial class X86Core
{
    private const int MostVectorBytes = 64, StateMasks = 5, StateZmmHalves = 6, StateUpperZmm = 7;

    // True when the instruction is one of them and was done.
    private bool TryGather(in Instruction insn)
    {
        if (!insn.IsVsib || ElementSizes(insn.Mnemonic, out bool scatter) is not { } sizes)
            return false;
        bool masks = insn.Encoding == EncodingKind.EVEX;
        CheckFpu(masks ? FpuClass.Avx512 : FpuClass.Avx);
        Materialize();
        Register data = scatter ? insn.Op1Register : insn.Op0Register, maskVector = masks ? Register.None : insn.Op2Register;
        byte* values = stackalloc byte[MostVectorBytes], indices = stackalloc byte[MostVectorBytes], mask = stackalloc byte[MostVectorBytes];
        CopyVector(data, values, write: false);
        CopyVector(insn.MemoryIndex, indices, write: false);
        if (!masks)
            CopyVector(maskVector, mask, write: false);
        ulong pending = masks ? MaskRegister(insn.OpMask) : 0;
        int count = Math.Min(data.GetSize() / sizes.Element, insn.MemoryIndex.GetSize() / sizes.Index);
        if (!masks)
            for (int i = 0; i < count; i++)
                pending |= (ulong)(mask[(i + 1) * sizes.Element - 1] >> 7) << i;
        X86Fault? fault = null;
        for (int i = 0; i < count && fault is null; i++)
            if ((pending >> i & 1) != 0)
                try
                {
                    Element(insn, values + i * sizes.Element, Scalar.Load(indices + i * sizes.Index, sizes.Index), sizes, scatter);
                    pending &= ~(1UL << i);
                }
                catch (X86Fault raised)
                {
                    fault = raised;
                }

        int bytes = count * sizes.Element;
        if (!scatter)
            StoreVector(data, values, fault is null ? bytes : data.GetSize());
        if (masks)
            MaskRegister(insn.OpMask) = fault is null ? 0 : pending;
        else
            WriteMask(maskVector, mask, count, sizes.Element, fault is null ? 0 : pending);
        if (fault is not null)
            throw fault;
        return true;
    }

    private void Element(in Instruction insn, byte* value, ulong index, (int Index, int Element) sizes, bool scatter)
    {
        int bits = insn.MemoryBase != Register.None ? insn.MemoryBase.GetSize() * 8 : insn.MemoryDisplSize * 8;
        ulong offset = insn.MemoryDisplacement64 + (ulong)SignExtend(index, sizes.Index) * (ulong)insn.MemoryIndexScale;
        if (insn.MemoryBase != Register.None)
            offset += GetRegister(insn.MemoryBase);
        ulong linear = LinearAddress(SegmentOf(insn), Cut(offset, bits), sizes.Element, scatter ? MemoryAccess.Write : MemoryAccess.Read);
        if (scatter)
            WriteLinear(linear, sizes.Element, Scalar.Load(value, sizes.Element), IsUser);
        else
            Scalar.Store(value, sizes.Element, ReadLinear(linear, sizes.Element, IsUser));
    }

    private void WriteMask(Register register, byte* mask, int count, int element, ulong pending)
    {
        new Span<byte>(mask, MostVectorBytes).Clear();
        for (int i = 0; i < count; i++)
            if ((pending >> i & 1) != 0)
                new Span<byte>(mask + i * element, element).Fill(0xFF);
        StoreVector(register, mask, register.GetSize());
    }

    private ref ulong MaskRegister(Register register)
    {
        ImageInUse |= 1UL << StateMasks;
        return ref *(ulong*)(Image + Cpuid.Part(StateMasks).Offset + (register - Register.K0) * 8);
    }

    // Writes the lower bytes of a vector register and clears the rest of it.
    private void StoreVector(Register register, byte* value, int bytes)
    {
        new Span<byte>(value + bytes, MostVectorBytes - bytes).Clear();
        CopyVector(register, value, write: true);
    }

    // All 64 bytes of a register, from the places where the image has its parts.
    private void CopyVector(Register register, byte* value, bool write)
    {
        int number = VectorNumber(register);
        bool hasZmm = (Cpuid.Xcr0 >> StateUpperZmm & 1) != 0;
        if (number >= 16)
        {
            Part(Image + Cpuid.Part(StateUpperZmm).Offset + (number - 16) * 64, value, 64, 1UL << StateUpperZmm);
            return;
        }

        Part(Image + ImageXmm + number * 16, value, 16, StateSse);
        Part(Image + Cpuid.Part(2).Offset + number * 16, value + 16, 16, StateAvx);
        if (hasZmm)
            Part(Image + Cpuid.Part(StateZmmHalves).Offset + number * 32, value + 32, 32, 1UL << StateZmmHalves);

        void Part(byte* place, byte* at, int bytes, ulong component)
        {
            Buffer.MemoryCopy(write ? at : place, write ? place : at, bytes, bytes);
            if (write)
                ImageInUse |= component;
        }
    }

    private static int VectorNumber(Register r) => r >= Register.ZMM0 ? r - Register.ZMM0 : r >= Register.YMM0 ? r - Register.YMM0 : r - Register.XMM0;

    // Bytes of an index and of an element.
    private static (int Index, int Element)? ElementSizes(Mnemonic mnemonic, out bool scatter)
    {
        scatter = mnemonic is Mnemonic.Vscatterdps or Mnemonic.Vscatterdpd or Mnemonic.Vscatterqps or Mnemonic.Vscatterqpd
            or Mnemonic.Vpscatterdd or Mnemonic.Vpscatterdq or Mnemonic.Vpscatterqd or Mnemonic.Vpscatterqq;
        return mnemonic switch
        {
            Mnemonic.Vgatherdps or Mnemonic.Vpgatherdd or Mnemonic.Vscatterdps or Mnemonic.Vpscatterdd => (4, 4),
            Mnemonic.Vgatherdpd or Mnemonic.Vpgatherdq or Mnemonic.Vscatterdpd or Mnemonic.Vpscatterdq => (4, 8),
            Mnemonic.Vgatherqps or Mnemonic.Vpgatherqd or Mnemonic.Vscatterqps or Mnemonic.Vpscatterqd => (8, 4),
            Mnemonic.Vgatherqpd or Mnemonic.Vpgatherqq or Mnemonic.Vscatterqpd or Mnemonic.Vpscatterqq => (8, 8),
            _ => null,
        };
    }
}
