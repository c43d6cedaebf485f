using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Jit;

// State that a hot block has not written yet where it faulted, or was interrupted between two instructions.
public sealed unsafe partial class Engine
{
    private static void Recover(VcpuState* s, Generation generation, in Block b, uint offset)
    {
        if (b.RecoveryCount == 0)
            return;
        VectorImage.MarkInUse(s);
        for (int i = b.FirstRecovery; i < b.FirstRecovery + b.RecoveryCount; i++)
        {
            ref Recovery r = ref generation.Recoveries[i];
            if (!r.IsFor(offset))
                continue;
            byte* target = PlaceOf(s, r.Target);
            switch (r.Kind)
            {
                case IrLateKind.Constant:
                    *(int*)target = r.A;
                    break;
                case IrLateKind.Double:
                    *(ulong*)target = *(ulong*)PlaceOf(s, r.A);
                    break;
                case IrLateKind.Widened:
                    *(double*)target = *(float*)PlaceOf(s, r.A);
                    break;
                case IrLateKind.Order:
                    *(ulong*)target = IrMath.OrderOf(*(double*)PlaceOf(s, r.A), *(double*)PlaceOf(s, r.B));
                    break;
                default:
                    *(int*)target = double.IsNaN(*(double*)PlaceOf(s, r.A)) || double.IsNaN(*(double*)PlaceOf(s, r.B)) ? 1 : 0;
                    break;
            }
        }
    }

    private static byte* PlaceOf(VcpuState* s, int place) =>
        place >= 0 ? (byte*)VectorImage.Register(s, place) : (byte*)s->Gpr[StateLayout.BlockRegister] + ~place;
}
