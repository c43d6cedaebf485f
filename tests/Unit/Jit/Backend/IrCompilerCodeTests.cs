using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using static Suite.Tests.Jit.Backend.IrTestLayout;

namespace Suite.Tests.Jit.Backend;

/// <summary>Host code of typical guest instructions. r0 to r10 are ebx esi edi r8d to r15d, r11 is in memory at rbp+2Ch, o0 at rbp+60h, c0 at rbp+0A0h.</summary>
public sealed class IrCompilerCodeTests
{
    [Fact]
    public void Arithmetic_on_pinned_registers_is_one_host_instruction()
    {
        using IrAssembly a = new();
        a.Insn();
        a.Block.Put(0, a.Block.Add(a.Get(1), a.Get(2)));
        a.Insn();
        a.Block.Put(3, a.Block.Add(a.Get(3), a.Block.Const(8)));
        a.Insn();
        a.Block.Put(4, a.Block.Sub(a.Get(5), a.Get(4)));
        a.Insn();
        a.Block.Put(6, a.Get(7));
        Check(a, """
            lea ebx,[rsi+rdi]
            add r8d,8
            neg r9d
            add r9d,r10d
            mov r11d,r12d
            jmp
            """);
    }

    [Fact]
    public void Compare_and_branch_is_a_host_compare_and_branch_beside_the_stored_ordering()
    {
        using IrAssembly a = new();
        a.Insn();
        a.Block.Put(Order0, a.Block.OrderS(a.Get(0), a.Get(1)));
        a.Insn();
        a.Block.ExitIf(a.Block.Convert(IrOp.OrderLess, IrType.I32, a.Get(Order0)), 0x2000);
        Check(a, """
            movsxd rax,esi
            movsxd rcx,ebx
            sub rcx,rax
            mov [rbp+60h],rcx
            cmp ebx,esi
            jl
            jmp
            """);
    }

    [Fact]
    public void An_ordering_overwritten_before_anybody_sees_it_costs_nothing()
    {
        using IrAssembly a = new();
        a.Insn();
        a.Block.Put(Order0, a.Block.OrderS(a.Get(0), a.Get(1)));
        a.Insn();
        a.Block.Put(Order0, a.Block.OrderU(a.Get(0), a.Block.Const(5)));
        Check(a, """
            mov eax,ebx
            sub rax,5
            mov [rbp+60h],rax
            jmp
            """);
    }

    [Fact]
    public void Counting_down_and_branching_uses_the_flags_of_the_subtraction()
    {
        using IrAssembly a = new();
        a.Insn();
        int count = a.Block.Sub(a.Get(11), a.Block.Const(1));
        a.Block.Put(11, count);
        a.Block.ExitIf(a.Block.Compare(IrOp.Ne, count, a.Block.Const(0)), 0x2000);
        Check(a, """
            mov eax,[rbp+2Ch]
            add eax,0FFFFFFFFh
            mov [rbp+2Ch],eax
            jne
            jmp
            """);
    }

    [Fact]
    public void Loads_and_stores_with_update_change_the_base_behind_the_access()
    {
        using IrAssembly a = new();
        a.Insn();
        int address = a.Block.Add(a.Get(1), a.Block.Const(16));
        a.Block.Put(0, a.Block.Load(MemKind.U32Be, address));
        a.Block.Put(1, address);
        a.Insn();
        int indexed = a.Block.Add(a.Get(2), a.Get(3));
        a.Block.Store(MemKind.U8, indexed, a.Get(0));
        a.Block.Put(2, indexed);
        Check(a, """
            movbe ebx,[esi+10h]
            add esi,10h
            mov [edi+r8d],bl
            add edi,r8d
            jmp
            """);
    }

    [Fact]
    public void Rotations_under_masks_are_shifts_moves_or_a_rotation_that_keeps_its_source()
    {
        using IrAssembly a = new();
        Rotate(a, 0, 1, 8, 0xFF); // the top byte
        Rotate(a, 2, 3, 3, ~7u);
        Rotate(a, 4, 5, 5, 0x00FF_00E0);
        a.Insn();
        int inserted = a.Block.And(a.Block.Binary(IrOp.RotL, a.Get(7), a.Block.Const(16)), a.Block.Const(0x00F0_000F));
        a.Block.Put(6, a.Block.Or(inserted, a.Block.And(a.Get(6), a.Block.Const(0xFF0F_FFF0))));
        Check(a, """
            mov ebx,esi
            shr ebx,18h
            mov edi,r8d
            shl edi,3
            mov r9d,r10d
            shl r9d,5
            and r9d,0FF00E0h
            rorx eax,r12d,10h
            and eax,0F0000Fh
            and r11d,0FF0FFFF0h
            or r11d,eax
            jmp
            """);
    }

    [Fact]
    public void A_bit_test_is_one_test_instruction()
    {
        using IrAssembly a = new();
        a.Insn();
        a.Block.TrapIf(a.Block.Compare(IrOp.Ne, a.Block.And(a.Get(11), a.Block.Const(0x400)), a.Block.Const(0)), ExitReason.Special, 1);
        a.Block.Put(0, a.Block.Select(a.Block.Compare(IrOp.LtU, a.Get(1), a.Get(2)), a.Get(3), a.Get(0)));
        Check(a, """
            test dword [rbp+2Ch],400h
            jne
            cmp esi,edi
            cmovb ebx,r8d
            jmp
            """);
    }

    [Fact]
    public void Doubles_stay_in_vector_registers_and_memory_is_reversed_there()
    {
        using IrAssembly a = new();
        a.Insn();
        a.Block.Put(Double0, a.Block.Load(MemKind.F64Be, a.Get(0), 8));
        a.Insn();
        a.Block.Put(Double0 + 1, a.Block.Binary(IrOp.FAdd, a.Get(Double0), a.Get(Double0 + 7)));
        Check(a, """
            vmovq xmm16,[ebx+8]
            vpshufb xmm16,xmm16,[rbp+0A08h]
            vaddsd xmm19,xmm16,[rbp+0E8h]
            jmp
            """);
    }

    [Fact]
    public void Of_lazy_slots_only_the_last_state_is_stored_and_nothing_else_moves_over_a_fault()
    {
        using IrAssembly a = new();
        for (uint i = 1; i <= 3; i++)
        {
            a.Insn();
            int loaded = a.Block.Load(MemKind.U8, a.Get(0), (int)i);
            a.Block.Put(Lazy0, a.Block.Const(i));
            a.Block.Put(Flag0, a.Block.Const(i));
            a.Block.Put((int)i, loaded);
        }

        Check(a, """
            movzx esi,byte [ebx+1]
            mov dword [rbp+0A0h],1
            movzx edi,byte [ebx+2]
            mov dword [rbp+0A0h],2
            movzx r8d,byte [ebx+3]
            mov dword [rbp+160h],3
            mov dword [rbp+0A0h],3
            jmp
            """);
    }

    [Fact]
    public void What_the_interpreter_must_do_ends_the_block_in_front_of_it()
    {
        using IrAssembly a = new();
        a.Insn();
        a.Block.Put(0, a.Get(1));
        a.Insn();
        a.Block.Put(1, a.Block.Const(5));
        a.Block.Call(3, IrType.I32, a.Get(0));
        a.Insn();
        a.Block.Put(2, a.Block.Const(6));
        Check(a, """
            mov ebx,esi
            jmp
            """);
    }

    private static void Rotate(IrAssembly a, int to, int from, uint count, uint mask)
    {
        a.Insn();
        a.Block.Put(to, a.Block.And(a.Block.Binary(IrOp.RotL, a.Get(from), a.Block.Const(count)), a.Block.Const(mask)));
    }

    private static void Check(IrAssembly a, string expected) => Assert.Equal(expected.ReplaceLineEndings("\n"), a.Compile());
}
