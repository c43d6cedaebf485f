using Iced.Intel;

namespace Suite.Tests.Guest.X86;

/// <summary>
/// A random program of small blocks that jump, call and return among each other until a counter in r15 has run out; then it reaches the stop.
/// Every way to go from one block to the next is in it. Registers are mixed with nothing lost, so that one wrong bit anywhere stays to the end.
/// </summary>
internal sealed unsafe class ReencodeProgram
{
    private const int Blocks = 12, Leaves = 3, BlockBytes = 128, TableOffset = 0x40;
    private const int Fuel = 15, Rsp = 4;

    private readonly ReencodeRandom _random;
    private readonly ReencodeGenerator _generator;
    private readonly Code[] _extra;
    private readonly byte[] _code = new byte[Blocks * BlockBytes + Leaves * BlockBytes];
    private readonly HashSet<ulong> _starts = [];
    private ulong _at, _data;
    private int _n, _depth;

    /// <param name="random">Where choices come from.</param>
    /// <param name="extra">Opcodes with register operands to mix in besides integer arithmetic.</param>
    public ReencodeProgram(ReencodeRandom random, Code[] extra)
    {
        _random = random;
        _extra = extra;
        _generator = new ReencodeGenerator(random) { Avoid = 1 << Fuel | 1 << Rsp };
    }

    public ReadOnlySpan<byte> Bytes => _code;

    /// <summary>True when calls and returns match, so that the program may run for long on a small stack.</summary>
    public bool Balanced { get; init; }

    /// <summary>Addresses where an instruction begins.</summary>
    public IReadOnlySet<ulong> Starts => _starts;

    /// <summary>Makes a new program for an address; <paramref name="data"/> is where its table of blocks will be, see <see cref="FillData"/>.</summary>
    public void Build(ulong at, ulong data)
    {
        (_at, _data) = (at, data);
        _starts.Clear();
        Array.Fill(_code, ReencodeHost.Stop);
        for (int i = 0; i < Blocks; i++)
        {
            _n = i * BlockBytes;
            Put(0x4D, 0x8D, 0x7F, 0xFF); // lea r15, [r15 - 1]: flags flow from block to block
            Put(0x49, 0x87, 0xCF); // xchg r15, rcx
            Put(0xE3, 0x02); // jrcxz to the stop
            Put(0xEB, 0x01);
            Put(ReencodeHost.Stop);
            Put(0x49, 0x87, 0xCF);
            Mix();
            Leave(i);
        }

        for (int i = 0; i < Leaves; i++)
        {
            _n = (Blocks + i) * BlockBytes;
            Mix();
            if (i == 0 && _depth++ == 0)
                CallTo(BlockAt(Blocks + 1));
            if (i == 1)
                Put(0xC2, 0, 0); // ret 0
            else
                Put(0xC3);
        }

        _depth = 0;
    }

    /// <summary>Puts block addresses where the program looks for them: the table in the data, and all over the stack for returns that match no call.</summary>
    public void FillData(ReencodeComparison compare)
    {
        for (int i = 0; i < Blocks; i++)
            *(ulong*)(_data + TableOffset + (ulong)i * 8) = BlockAt(i);
        for (int i = 0; i < ReencodeComparison.WindowBytes; i += 8)
            *(ulong*)(compare.Stack + (ulong)i) = BlockAt(_random.Below(Blocks));
    }

    private ulong BlockAt(int i) => _at + (ulong)i * BlockBytes;

    private ulong RandomBlock() => BlockAt(_random.Below(Blocks));

    private void Put(params ReadOnlySpan<byte> bytes)
    {
        _starts.Add(_at + (ulong)_n);
        bytes.CopyTo(_code.AsSpan(_n));
        _n += bytes.Length;
    }

    private void PutDisp32(ReadOnlySpan<byte> opcode, ulong target)
    {
        Put(opcode);
        BitConverter.TryWriteBytes(_code.AsSpan(_n), (int)(target - (_at + (ulong)_n + 4)));
        _n += 4;
    }

    private int Register()
    {
        int register;
        do
            register = _random.Below(16);
        while (register is Fuel or Rsp);
        return register;
    }

    private void TwoRegisters(byte opcode)
    {
        (int a, int b) = (Register(), Register());
        if (a == b)
            b = a == 3 ? 5 : 3;
        Put((byte)(0x48 | b >> 3 << 2 | a >> 3), opcode, (byte)(0xC0 | (b & 7) << 3 | a & 7));
    }

    private void Mix()
    {
        for (int i = _random.Below(5); i > 0; i--)
        {
            switch (_random.Below(8))
            {
                case 0:
                    TwoRegisters(0x11); // adc
                    break;
                case 1:
                    TwoRegisters(0x19); // sbb
                    break;
                case 2:
                    TwoRegisters(0x31); // xor
                    break;
                case 3:
                    int rotated = Register();
                    Put((byte)(0x48 | rotated >> 3), 0xC1, (byte)(0xC0 | rotated & 7), (byte)_random.Below(64)); // rol
                    break;
                case 4:
                    TwoRegisters(0x87); // xchg
                    break;
                case 5:
                    int added = Register();
                    PutDisp32([(byte)(0x48 | added >> 3 << 2), 0x03, (byte)(0x05 | (added & 7) << 3)], _data + (ulong)_random.Below(64)); // add r, [rip + data]
                    break;
                case 6 when _extra.Length > 0:
                    Extra();
                    break;
                default:
                    int incremented = Register();
                    Put((byte)(0x48 | incremented >> 3), 0xFF, (byte)(0xC0 | incremented & 7)); // inc
                    break;
            }
        }
    }

    private void Extra()
    {
        Span<byte> bytes = stackalloc byte[32];
        int length = _generator.Make(_random.Pick<Code>(_extra), _at + (ulong)_n, null, bytes);
        if (length > 0)
            Put(bytes[..length]);
    }

    private void CallTo(ulong target) => PutDisp32([0xE8], target);

    private void Leave(int block)
    {
        ulong slot = _data + TableOffset + (ulong)_random.Below(Blocks) * 8;
        switch (_random.Below(10))
        {
            case 0:
                PutDisp32([0x0F, (byte)(0x80 | _random.Below(16))], RandomBlock());
                goto default;
            case 1:
                PutDisp32([0xFF, 0x25], slot); // jmp [rip + slot]
                break;
            case 2 when Balanced:
            case 3 when Balanced:
                CallTo(BlockAt(Blocks + _random.Below(Leaves)));
                goto default;
            case 4 when Balanced:
                LeafThroughRegister();
                goto default;
            case 2:
                CallTo(RandomBlock());
                goto default;
            case 3:
                Put(0xC3);
                break;
            case 4:
                PutDisp32([0xFF, 0x15], slot); // call [rip + slot]
                goto default;
            case 5:
                int register = Register();
                Put((byte)(0x48 | register >> 3), (byte)(0xB8 | register & 7)); // mov r, block
                BitConverter.TryWriteBytes(_code.AsSpan(_n), RandomBlock());
                _n += 8;
                Put((byte)(0x40 | register >> 3), 0xFF, (byte)(0xE0 | register & 7)); // jmp r
                break;
            case 6:
                Put((byte)(0xE0 | _random.Below(4)), 0x02); // loop and its like over the jump
                Put(0xEB, (byte)-(_n + 2 - block * BlockBytes)); // to the start of this block
                goto default;
            case 7:
                Put((byte)(0x70 | _random.Below(16)), 0x05);
                PutDisp32([0xE9], RandomBlock());
                goto default;
            case 8:
                PutDisp32([0xFF, 0x35], slot); // push [rip + slot]
                Put(0xC3);
                break;
            default:
                PutDisp32([0xE9], RandomBlock());
                break;
        }
    }

    private void LeafThroughRegister()
    {
        int register = Register();
        PutDisp32([(byte)(0x48 | register >> 3 << 2), 0x8D, (byte)(0x05 | (register & 7) << 3)], BlockAt(Blocks + _random.Below(Leaves))); // lea r, [rip + leaf]
        Put((byte)(0x40 | register >> 3), 0xFF, (byte)(0xD0 | register & 7)); // call r
    }
}
