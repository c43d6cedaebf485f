using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Guest.Ppc;

/// <summary>Guest state as managed code sees it: registers of a thread that is outside generated code, assembled from their slots.</summary>
public readonly unsafe struct PpcState(StateLayout layout, VcpuState* thread)
{
    private const uint SoBit = 1u << 31, OvBit = 1u << 30, CaBit = 1u << 29;

    /// <summary>CR as a word.</summary>
    public uint Cr
    {
        get
        {
            uint cr = 0;
            for (int n = 0; n < 8; n++)
                cr |= ((uint)IrMath.Evaluate64(IrOp.OrderToBits, Slot<ulong>(PpcSlot.Cr(n)), 0) | Slot<uint>(PpcSlot.CrSo(n))) << 28 - 4 * n;
            return cr;
        }
        set
        {
            for (int n = 0; n < 8; n++)
            {
                uint bits = value >> 28 - 4 * n;
                Slot<ulong>(PpcSlot.Cr(n)) = IrMath.OrderFromBits(bits);
                Slot<uint>(PpcSlot.CrSo(n)) = bits & 1;
            }
        }
    }

    /// <summary>XER as a word.</summary>
    public uint Xer
    {
        get => Slot<uint>(PpcSlot.XerSo) << 31 | Slot<uint>(PpcSlot.XerOv) << 30 | Slot<uint>(PpcSlot.XerCa) << 29 | Slot<uint>(PpcSlot.XerCount);
        set
        {
            Slot<uint>(PpcSlot.XerSo) = value >> 31;
            Slot<uint>(PpcSlot.XerOv) = (value & OvBit) != 0 ? 1u : 0;
            Slot<uint>(PpcSlot.XerCa) = (value & CaBit) != 0 ? 1u : 0;
            Slot<uint>(PpcSlot.XerCount) = value & ~(SoBit | OvBit | CaBit);
        }
    }

    /// <summary>A slot's value, in place.</summary>
    public ref T Slot<T>(int slot) where T : unmanaged => ref *(T*)layout.AddressOf(thread, slot);

    /// <summary>A general register.</summary>
    public uint Gpr(int n) => Slot<uint>(PpcSlot.Gpr(n));

    /// <summary>Sets a general register; one that is pinned gets its upper half cleared.</summary>
    public void SetGpr(int n, uint value)
    {
        if (layout.Slots[PpcSlot.Gpr(n)].Home == SlotHome.Register)
            Slot<ulong>(PpcSlot.Gpr(n)) = value;
        else
            Slot<uint>(PpcSlot.Gpr(n)) = value;
    }

    /// <summary>The state a program starts with: all registers 0, no reservation.</summary>
    public void Reset()
    {
        byte* block = (byte*)thread->Gpr[StateLayout.BlockRegister];
        new Span<byte>(block, layout.Size).Clear();
        layout.WriteConstants(block);
        for (int n = 0; n < 32; n++)
            SetGpr(n, 0);
        Cr = 0;
        Slot<uint>(PpcSlot.ReserveAddress) = PpcSlot.NoReservation;
    }
}
