namespace Suite.Jit.Memory;

/// <summary>Little-endian numbers in host memory, by size.</summary>
public static unsafe class Scalar
{
    /// <summary>Loads 1 to 8 bytes; 1, 2, 4 and 8 in one access, which other processors see whole when it is aligned.</summary>
    public static ulong Load(byte* from, int size)
    {
        switch (size)
        {
            case 1:
                return *from;
            case 2:
                return *(ushort*)from;
            case 4:
                return *(uint*)from;
            case 8:
                return *(ulong*)from;
            default:
                ulong value = 0;
                for (int i = 0; i < size; i++)
                    value |= (ulong)from[i] << (8 * i);
                return value;
        }
    }

    /// <summary>Stores the low 1 to 8 bytes of a value, as <see cref="Load"/> loads them.</summary>
    public static void Store(byte* to, int size, ulong value)
    {
        switch (size)
        {
            case 1:
                *to = (byte)value;
                break;
            case 2:
                *(ushort*)to = (ushort)value;
                break;
            case 4:
                *(uint*)to = (uint)value;
                break;
            case 8:
                *(ulong*)to = value;
                break;
            default:
                for (int i = 0; i < size; i++)
                    to[i] = (byte)(value >> (8 * i));
                break;
        }
    }
}
