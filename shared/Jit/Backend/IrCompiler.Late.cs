using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

// Late Puts: written on the way out of the block, and told the engine for where it faults or is interrupted.
public sealed unsafe partial class IrCompiler
{
    private readonly List<(IrLatePut Put, int Recovery)> _late = [];
    private int _nextLate;

    // Start of host code that may fault and has not been told of; null where none can.
    private byte* _untold;

    private void BeginLate()
    {
        _late.Clear();
        _nextLate = _block.LatePuts.Count - 1;
    }

    // Those that stand ahead of an instruction and can be seen there. From now on their slots hold what they held, for nobody to use.
    private void UpdateLate(int at)
    {
        for (int i = _late.Count - 1; i >= 0; i--)
            if (_late[i].Put.End <= at)
                _late.RemoveAt(i);
        for (; _nextLate >= 0 && _block.LatePuts[_nextLate].Index <= at; _nextLate--)
        {
            Vacate(_block.LatePuts[_nextLate].Slot);
            _late.Add((_block.LatePuts[_nextLate], -1));
        }
    }

    // From one host address to before another, state is that of what has been emitted so far without the late Puts.
    private void Recover(byte* from, byte* to)
    {
        for (int i = 0; i < _late.Count; i++)
        {
            (IrLatePut put, int recovery) = _late[i];
            ref readonly StateSlot slot = ref _layout.Slots[put.Slot];
            int target = slot.Home == SlotHome.Memory ? ~slot.Offset : slot.Register;
            int a = put.Kind == IrLateKind.Constant ? (int)_block[put.A].Imm : NumberOf(Whereabouts(put.A));
            _late[i] = (put, _b.Recover(recovery, from, to, put.Kind, target, a, put.B < 0 ? 0 : NumberOf(Whereabouts(put.B))));
        }
    }

    // To be called behind a host instruction that may fault, before anything moves: a fault finds late Puts where they are now.
    private void TellFault()
    {
        if (_untold == null || _untold == Asm.Position)
            return;
        Recover(_untold, Asm.Position);
        _untold = Asm.Position;
    }

    private static int NumberOf(Place place) => place.IsRegister ? place.Register : ~place.Offset;

    private bool MayFaultWithOperands(in IrInsn n) =>
        IrTraits.MayFault(n) || IsDeferredOperand(n.A) || IsDeferredOperand(n.B) || IsDeferredOperand(n.C);

    private bool IsDeferredOperand(int value) => value >= 0 && _values[value].Deferred;

    // Bytes of cold code that writing all takes, and a vector register for it, -1 where none is needed. Leaves the flags alone.
    private int PrepareLatePuts(out int scratch)
    {
        const int ConstantBytes = 12, DoubleBytes = 24, WidenedBytes = 36, CompareBytes = 72;
        scratch = -1;
        int bytes = 0;
        bool needsScratch = false;
        foreach ((IrLatePut put, _) in _late)
        {
            bytes += put.Kind switch
            {
                IrLateKind.Constant => ConstantBytes,
                IrLateKind.Double => DoubleBytes,
                IrLateKind.Widened => WidenedBytes,
                _ => CompareBytes,
            };
            needsScratch |= put.Kind == IrLateKind.Widened || put.Kind != IrLateKind.Constant && !Whereabouts(put.A).IsRegister;
        }

        if (needsScratch)
        {
            TellFault();
            scratch = Allocate(Vector);
        }

        return bytes;
    }

    // free: a general register that nothing is in on that way.
    private void EmitLatePuts(ref X64Asm cold, int scratch, Reg free)
    {
        foreach ((IrLatePut put, _) in _late)
        {
            ref readonly StateSlot slot = ref _layout.Slots[put.Slot];
            Mem to = Mem.At(Reg.Rbp, slot.Offset);
            if (put.Kind == IrLateKind.Constant)
            {
                cold.Mov32(to, (int)_block[put.A].Imm);
                continue;
            }

            Place from = Whereabouts(put.A);
            int first = from.Register;
            if (!from.IsRegister)
                cold.Vex(put.Kind == IrLateKind.Widened ? VexOps.LoadSingle : VexOps.LoadDouble, first = scratch, 0, from.Mem);
            switch (put.Kind)
            {
                case IrLateKind.Double:
                    cold.Vex(VexOps.StoreDouble, first, 0, to);
                    break;
                case IrLateKind.Widened when slot.Home != SlotHome.Memory:
                    cold.Vex(VexOps.SingleToDouble, slot.Register, first, first);
                    break;
                case IrLateKind.Widened:
                    cold.Vex(VexOps.SingleToDouble, scratch, first, first);
                    cold.Vex(VexOps.StoreDouble, scratch, 0, to);
                    break;
                default:
                    EmitLateCompare(ref cold, put.Kind, first, Whereabouts(put.B), free);
                    cold.Mov(to, free, wide: put.Kind == IrLateKind.Order);
                    break;
            }
        }
    }

    private void EmitLateCompare(ref X64Asm cold, IrLateKind kind, int first, Place second, Reg to)
    {
        if (second.IsRegister)
            cold.Vex(VexOps.Ucomisd, first, 0, second.Register);
        else
            cold.Vex(VexOps.Ucomisd, first, 0, second.Mem);
        if (kind == IrLateKind.Order)
        {
            EmitOrder(ref cold, to);
            return;
        }

        cold.Setcc(Cond.P, to);
        cold.MovzxByte(to, to);
    }
}
