using System.Reflection;
using Suite.Host;
using Suite.Jit.Runtime;

namespace Suite.Tests.Jit;

/// <summary>The per-thread state and what generated code believes about it.</summary>
public sealed unsafe class VcpuStateTests
{
    [Fact]
    public void It_fits_into_the_room_of_the_thread_control_block()
    {
        Assert.Equal(0x80, VcpuState.TcbOffset);
        Assert.True(VcpuState.TcbRoom <= 0x200);
        Assert.True(sizeof(VcpuState) <= VcpuState.TcbRoom, $"{sizeof(VcpuState)} bytes");
    }

    [Fact]
    public void Slots_are_where_the_fields_are()
    {
        foreach (FieldInfo slot in typeof(Slot).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            FieldInfo field = typeof(VcpuState).GetField(slot.Name) ?? throw new InvalidOperationException($"no field {slot.Name}");
            Assert.Equal(VcpuState.TcbOffset + OffsetOf(field), (int)slot.GetValue(null)!);
        }

        VcpuState s;
        for (int i = 0; i < 16; i++)
            Assert.Equal(VcpuState.TcbOffset + (int)((byte*)&s.Gpr[i] - (byte*)&s), Slot.Gpr(i));
        for (int i = 0; i < 6; i++)
            Assert.Equal(VcpuState.TcbOffset + (int)((byte*)&s.Scratch[i] - (byte*)&s), Slot.Scratch(i));
    }

    [Fact]
    public void The_state_of_a_thread_lies_behind_its_thread_pointer()
    {
        ulong pointer;
        Assert.Equal(0, Sys.Call(Nr.arch_prctl, Linux.ARCH_GET_FS, (long)&pointer));
        Assert.Equal(pointer + VcpuState.TcbOffset, (ulong)ThreadBinding.Current());
        nint other = 0;
        Thread thread = new(() => other = (nint)ThreadBinding.Current());
        thread.Start();
        thread.Join();
        Assert.NotEqual((nint)ThreadBinding.Current(), other);
    }

    [Fact]
    public void The_room_is_free_under_this_runtime()
    {
        bool free = false;
        Thread thread = new(() =>
        {
            GC.Collect();
            free = !new Span<byte>(ThreadBinding.Current(), VcpuState.TcbRoom).ContainsAnyExcept((byte)0);
        });
        thread.Start();
        thread.Join();
        Assert.True(free, "fs:80h to fs:27fh is in use: the engine cannot keep its state there");
    }

    private static int OffsetOf(FieldInfo field) => (int)System.Runtime.InteropServices.Marshal.OffsetOf<VcpuState>(field.Name);
}
