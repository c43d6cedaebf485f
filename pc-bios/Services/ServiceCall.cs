using System.Buffers.Binary;
using Suite.PcBios.Rom;

namespace Suite.PcBios.Services;

/// <summary>One call of a BIOS service: the caller's registers, as they were and as it will get them back.</summary>
internal sealed class ServiceCall
{
    private const ushort CarryFlag = 1, ZeroFlag = 64;

    private readonly byte[] _frame = new byte[ServiceFrame.Size];

    /// <summary>The frame as it lies on the stack.</summary>
    public Span<byte> Frame => _frame;

    public byte Vector => _frame[ServiceFrame.Vector];

    /// <summary>Set by a service that is to be called again: what it has come to.</summary>
    public byte Step { get => _frame[ServiceFrame.Step]; set => _frame[ServiceFrame.Step] = value; }

    /// <summary>A byte that lasts from one step to the next.</summary>
    public byte Memo { get => _frame[ServiceFrame.Memo]; set => _frame[ServiceFrame.Memo] = value; }

    public byte Action { get => _frame[ServiceFrame.Action]; set => _frame[ServiceFrame.Action] = value; }

    /// <summary>Interrupt controllers that are told of the interrupt's end when the stub returns.</summary>
    public byte Eoi { set => _frame[ServiceFrame.Eoi] = value; }

    public uint Eax { get => Dword(ServiceFrame.Eax); set => SetDword(ServiceFrame.Eax, value); }

    public uint Ebx { get => Dword(ServiceFrame.Ebx); set => SetDword(ServiceFrame.Ebx, value); }

    public uint Ecx { get => Dword(ServiceFrame.Ecx); set => SetDword(ServiceFrame.Ecx, value); }

    public uint Edx { get => Dword(ServiceFrame.Edx); set => SetDword(ServiceFrame.Edx, value); }

    public uint Esi { get => Dword(ServiceFrame.Esi); set => SetDword(ServiceFrame.Esi, value); }

    public uint Edi { get => Dword(ServiceFrame.Edi); set => SetDword(ServiceFrame.Edi, value); }

    public ushort Ax { get => Word(ServiceFrame.Eax); set => SetWord(ServiceFrame.Eax, value); }

    public ushort Bx { get => Word(ServiceFrame.Ebx); set => SetWord(ServiceFrame.Ebx, value); }

    public ushort Cx { get => Word(ServiceFrame.Ecx); set => SetWord(ServiceFrame.Ecx, value); }

    public ushort Dx { get => Word(ServiceFrame.Edx); set => SetWord(ServiceFrame.Edx, value); }

    public ushort Si { get => Word(ServiceFrame.Esi); set => SetWord(ServiceFrame.Esi, value); }

    public ushort Di { get => Word(ServiceFrame.Edi); set => SetWord(ServiceFrame.Edi, value); }

    public ushort Bp { get => Word(ServiceFrame.Ebp); set => SetWord(ServiceFrame.Ebp, value); }

    public ushort Es { get => Word(ServiceFrame.Es); set => SetWord(ServiceFrame.Es, value); }

    public ushort Ds { get => Word(ServiceFrame.Ds); set => SetWord(ServiceFrame.Ds, value); }

    public ushort Ip { get => Word(ServiceFrame.Ip); set => SetWord(ServiceFrame.Ip, value); }

    public ushort Cs { get => Word(ServiceFrame.Cs); set => SetWord(ServiceFrame.Cs, value); }

    public ushort Flags { get => Word(ServiceFrame.Flags); set => SetWord(ServiceFrame.Flags, value); }

    public byte Al { get => _frame[ServiceFrame.Eax]; set => _frame[ServiceFrame.Eax] = value; }

    public byte Ah { get => _frame[ServiceFrame.Eax + 1]; set => _frame[ServiceFrame.Eax + 1] = value; }

    public byte Bl { get => _frame[ServiceFrame.Ebx]; set => _frame[ServiceFrame.Ebx] = value; }

    public byte Bh { get => _frame[ServiceFrame.Ebx + 1]; set => _frame[ServiceFrame.Ebx + 1] = value; }

    public byte Cl { get => _frame[ServiceFrame.Ecx]; set => _frame[ServiceFrame.Ecx] = value; }

    public byte Ch { get => _frame[ServiceFrame.Ecx + 1]; set => _frame[ServiceFrame.Ecx + 1] = value; }

    public byte Dl { get => _frame[ServiceFrame.Edx]; set => _frame[ServiceFrame.Edx] = value; }

    public byte Dh { get => _frame[ServiceFrame.Edx + 1]; set => _frame[ServiceFrame.Edx + 1] = value; }

    public bool Carry
    {
        get => (Flags & CarryFlag) != 0;
        set => Flags = (ushort)(value ? Flags | CarryFlag : Flags & ~CarryFlag);
    }

    public bool Zero
    {
        set => Flags = (ushort)(value ? Flags | ZeroFlag : Flags & ~ZeroFlag);
    }

    /// <summary>Linear address of es:offset.</summary>
    public uint EsAt(uint offset) => BiosMemory.Linear(Es, offset);

    /// <summary>Linear address of ds:offset.</summary>
    public uint DsAt(uint offset) => BiosMemory.Linear(Ds, offset);

    /// <summary>Failure with a status in ah.</summary>
    public void Fail(byte status) => (Ah, Carry) = (status, true);

    /// <summary>Success: ah 0, carry clear.</summary>
    public void Succeed() => (Ah, Carry) = (0, false);

    private ushort Word(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_frame.AsSpan(at));

    private void SetWord(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(_frame.AsSpan(at), value);

    private uint Dword(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_frame.AsSpan(at));

    private void SetDword(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_frame.AsSpan(at), value);
}
