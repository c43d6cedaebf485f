using Suite.Devices.Core;
using Suite.Jit.Memory;
using Suite.Machines.X86;

namespace Suite.Tests.Machines;

/// <summary>What the kernel takes off a vCPU's hands: ioeventfd, coalesced writes, irqfd, the dirty log. On the real /dev/kvm.</summary>
public sealed unsafe class KvmShortcutTests
{
    [KvmFact]
    public void Doorbells_ring_without_an_exit_and_other_writes_beside_them_reach_the_device()
    {
        using TinyMachine m = new(hasLoop: true);
        Device device = new();
        List<string> rung = [];
        m.Machine.Spaces.Mmio.Attach(device, "test", 0x100000, 0x1000, widest: 4).SetDoorbells([new Doorbell(4, 4, 7, () => rung.Add("7")), new Doorbell(8, 0, null, () => rung.Add("any"))]);
        m.Machine.Spaces.Io.Attach(device, "test", 0x300, 16, widest: 2).SetDoorbells([new Doorbell(0, 2, 1, () => rung.Add("port"))]);
        m.Answer = (_, _) => (ulong)rung.Count;
        m.Load(
            TinyMachine.Start,
            0xB8, 0xFF, 0xFF, 0x8E, 0xD8, // mov ax, 0FFFFh; mov ds, ax
            0x66, 0xC7, 0x06, 0x14, 0x00, 7, 0, 0, 0, // mov dword [14h], 7   (100004h)
            0xE4, 0xE4, 0x3C, 0x01, 0x75, 0xFA, // wait: in al, 0E4h; cmp al, 1; jne wait
            0x66, 0xC7, 0x06, 0x14, 0x00, 8, 0, 0, 0, // mov dword [14h], 8
            0xC7, 0x06, 0x18, 0x00, 1, 0, // mov word [18h], 1
            0xE4, 0xE4, 0x3C, 0x02, 0x75, 0xFA, // wait for the second
            0xBA, 0x00, 0x03, 0xB8, 0x01, 0x00, 0xEF, // mov dx, 300h; mov ax, 1; out dx, ax
            0xE4, 0xE4, 0x3C, 0x03, 0x75, 0xFA, // wait for the third
            0xB8, 0x02, 0x00, 0xEF, // mov ax, 2; out dx, ax
            0xE6, 0xF4);
        Assert.Equal(2, m.Run());
        Assert.Equal(["7", "any", "port"], rung);
        Assert.Equal(["4/4 8", "0/2 2"], device.Writes);
    }

    [KvmFact]
    public void A_doorbell_that_was_not_heard_yet_is_when_the_machine_stops()
    {
        using TinyMachine m = new(hasLoop: true);
        int rung = 0, heardAtStop = 0;
        m.Machine.Spaces.Mmio.Attach(new Device(), "test", 0x100000, 0x1000, widest: 4).SetDoorbells([new Doorbell(4, 4, null, () => rung++)]);
        m.Load(
            TinyMachine.Start,
            0xB8, 0xFF, 0xFF, 0x8E, 0xD8,
            0x66, 0xA3, 0x14, 0x00, // mov [14h], eax
            0xE4, 0xE4, 0xE6, 0xF4); // in al, 0E4h; out 0F4h, al
        m.Answer = (_, _) => // under the machine's lock, so that the loop cannot have heard it
        {
            m.Machine.Spaces.Settle();
            heardAtStop = rung;
            return 5;
        };
        Assert.Equal(5, m.Run());
        Assert.Equal((1, 1), (heardAtStop, rung));
    }

    [KvmFact]
    public void Writes_without_effect_are_collected_and_made_in_order_before_the_next_access()
    {
        using TinyMachine m = new();
        Device device = new();
        m.Machine.Spaces.Mmio.Attach(device, "test", 0x100000, 0x1000, widest: 4).Defer(0x10, 0x10);
        m.Machine.Spaces.Io.Attach(device, "index", 0x300, 2).Defer(0, 1);
        int before = -1;
        m.Machine.Resetting += () => new Thread(() =>
        {
            // The guest says in memory that it has written, and does nothing that leads out of it.
            while (Volatile.Read(ref m.Ram[0x2000]) == 0)
                Thread.Sleep(1);
            lock (m.Machine.Lock)
            {
                before = device.Writes.Count;
                m.Machine.Spaces.Settle();
                Volatile.Write(ref m.Ram[0x2001], (byte)device.Writes.Count);
            }
        }) { IsBackground = true }.Start();
        m.Load(
            TinyMachine.Start,
            0xB8, 0xFF, 0xFF, 0x8E, 0xD8, 0x31, 0xC0, 0x8E, 0xC0, // ds = FFFFh, es = 0
            0xC6, 0x06, 0x20, 0x00, 0x11, 0xC6, 0x06, 0x21, 0x00, 0x22, // mov byte [20h], 11h; mov byte [21h], 22h   (100010h, 100011h)
            0xBA, 0x00, 0x03, 0xB0, 0x05, 0xEE, // mov dx, 300h; mov al, 5; out dx, al
            0x26, 0xC6, 0x06, 0x00, 0x20, 0x01, // mov byte es:[2000h], 1
            0x26, 0x80, 0x3E, 0x01, 0x20, 0x00, 0x74, 0xF8, // wait: cmp byte es:[2001h], 0; je wait
            0xC6, 0x06, 0x20, 0x00, 0x33, // mov byte [20h], 33h
            0x42, 0xB0, 0x06, 0xEE, // inc dx; mov al, 6; out dx, al: is not collected
            0xB0, 0x01, 0xE6, 0xF4);
        Assert.Equal(1, m.Run());
        Assert.Equal(["10/1 11", "11/1 22", "0/1 5", "10/1 33", "1/1 6"], device.Writes);
        Assert.InRange(before, 0, 3);
    }

    [KvmFact]
    public void Messages_sent_by_an_eventfd_arrive_with_either_kind_of_controllers()
    {
        foreach (IrqChipMode mode in new[] { IrqChipMode.On, IrqChipMode.Split })
        {
            using TinyMachine m = new(mode);
            IMessageLine? line = null;
            m.Answer = (_, _) =>
            {
                line ??= m.Kvm.OpenMessage(0xFEE00000, 0x41);
                return line?.TrySend() == true ? 1u : 0;
            };
            LongMode.Load(m,
            [
                0xBC, 0x00, 0x70, 0x00, 0x00, // mov esp, 7000h
                0x0F, 0x01, 0x1C, 0x25, 0x00, 0x40, 0x00, 0x00, // lidt [4000h]
                0xBB, 0xF0, 0x00, 0xE0, 0xFE, 0xC7, 0x03, 0xFF, 0x01, 0x00, 0x00, // mov ebx, 0FEE000F0h; mov dword [rbx], 1FFh: APIC on
                0xFB, 0xE4, 0xE4, // sti; in al, 0E4h
                0xF4, 0xEB, 0xFD, // hlt; again
            ]);
            m.Load(0x4000, 0xFF, 0x0F, 0x00, 0x50); // IDT at 5000h
            m.Load(0x5410, 0x00, 0x60, 0x08, 0x00, 0x00, 0x8E); // vector 41h at 8:6000h
            m.Load(0x6000, 0xB0, 0x2A, 0xE6, 0xF4); // mov al, 42; out 0F4h, al
            Assert.Equal(42, m.Run());
            m.Kvm.FlushMessages();
            Assert.False(line!.TrySend());
        }
    }

    [KvmFact]
    public void Without_local_APICs_in_the_kernel_there_are_no_such_messages()
    {
        using TinyMachine m = new(IrqChipMode.Off);
        Assert.Null(m.Kvm.OpenMessage(0xFEE00000, 0x41));
    }

    [KvmFact]
    public void The_log_of_writes_knows_the_guests_and_this_processs()
    {
        using TinyMachine m = new();
        using RamBlock video = new("video", 0x10000);
        m.Machine.Spaces.Memory.MapRam(0xA0000, video, 0, 0x10000);
        IWriteLog log = m.Kvm.LogWrites(video);
        List<string> looks = [];
        m.Answer = (_, _) =>
        {
            byte[] pages = new byte[16];
            log.Take(pages);
            looks.Add(string.Concat(pages));
            if (looks.Count == 2)
                m.Machine.Spaces.Memory.Write(0xA5123, 1, 1);
            else if (looks.Count == 3)
                m.Machine.Spaces.Memory.MapRam(0xA0000, video, 0, 0x8000); // the slot, and the kernel's log of it, go away
            return 0;
        };
        m.Load(
            TinyMachine.Start,
            0xB8, 0x00, 0xA0, 0x8E, 0xD8, // ds = A000h
            0xE4, 0xE4, // the first look
            0xC6, 0x06, 0x00, 0x30, 0x01, 0xC6, 0x06, 0x00, 0x70, 0x01, 0xE4, 0xE4, // mov byte [3000h], 1; mov byte [7000h], 1; look
            0xE4, 0xE4, // look
            0xE4, 0xE4, // look
            0xE4, 0xE4, // look
            0xC6, 0x06, 0x00, 0x20, 0x01, 0xE4, 0xE4, 0xE6, 0xF4); // mov byte [2000h], 1; look; out 0F4h, al
        Assert.Equal(0, m.Run());
        Assert.Equal([new string('1', 16), "0001000100000000", "0000010000000000", new string('1', 16), new string('0', 16), "0010000000000000"], looks);
    }

    private sealed class Device : IBusDevice
    {
        public List<string> Writes { get; } = [];

        public ulong Read(ulong offset, int size) => 0;

        public void Write(ulong offset, int size, ulong value) => Writes.Add($"{offset:x}/{size} {value:x}");
    }
}
