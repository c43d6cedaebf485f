using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Suite.Jit.Ir;

/// <summary>A value in the interpreter. I32 and F32 values have the upper half of <see cref="U64"/> zero.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct IrValue
{
    [FieldOffset(0)] public ulong U64;
    [FieldOffset(0)] public long I64;
    [FieldOffset(0)] public uint U32;
    [FieldOffset(0)] public int I32;
    [FieldOffset(0)] public double F64;
    [FieldOffset(0)] public float F32;
    [FieldOffset(0)] public Vector128<byte> V128;
}
