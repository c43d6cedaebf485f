using Suite.Devices.Core;
using Suite.Jit.Memory;
using Suite.Machines;

namespace Suite.Tests.Machines;

/// <summary>Accesses of vCPUs and the machine's lock.</summary>
public sealed class AddressSpacesTests
{
    private const ulong Base = 0xFEE0_0000, Free = 0x20, Locked = 0x390;

    // Locks of a guest kernel that ask for the processor's number made its processors wait for one another twice: xv6 took twice as long with two.
    [Fact]
    public async Task A_register_of_one_value_is_read_while_somebody_else_has_the_lock()
    {
        Lock machineLock = new();
        AddressSpaces spaces = new(machineLock);
        spaces.Mmio.Attach(new Registers(), "registers", Base, 0x1000, widest: 4);
        IMmio mmio = spaces;
        using ManualResetEventSlim held = new(), done = new();
        Thread holder = new(() =>
        {
            lock (machineLock)
            {
                held.Set();
                done.Wait();
            }
        });
        holder.Start();
        held.Wait();
        Task<ulong> waits = Task.Run(() => mmio.Read(Base + Locked, 4));
        Assert.Equal(Free, mmio.Read(Base + Free, 4));
        Assert.False(waits.IsCompleted);
        done.Set();
        holder.Join();
        Assert.Equal(Locked + 1, await waits);
        Assert.Equal((Free + 1) & 0xFF, mmio.Read(Base + Free, 1)); // not its width: the usual way
    }

    // Answers with the offset; one more when it is asked under the lock.
    private sealed class Registers : IBusDevice, ILockFreeReads
    {
        public ulong Read(ulong offset, int size) => offset + 1;

        public bool TryRead(ulong offset, out ulong value)
        {
            value = offset;
            return offset == Free;
        }

        public void Write(ulong offset, int size, ulong value)
        {
        }
    }
}
