using System.Runtime.InteropServices;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Proc;

/// <summary>
/// What other emulated processes want to know about this one, where they find and read it: at a fixed place of the code region. Who may read it is the host
/// kernel's decision, since they read it as foreign memory. It is kept up to date as things change, which costs a few stores; nobody is asked anything.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct PublishedProcess
{
    /// <summary>What <see cref="Signature"/> holds; another number for another layout.</summary>
    public const ulong Mark = 0x3153_5345_434F_5250;

    public const int MostDescriptors = 16, MostLimits = 2;

    /// <summary><see cref="Mark"/> once the rest is filled in.</summary>
    public ulong Signature;

    /// <summary>Odd while the mappings are being changed.</summary>
    public ulong Sequence;

    /// <summary>Address of the table of <see cref="PublishedMapping"/>.</summary>
    public ulong MappingTable;
    public int MappingCount;

    /// <summary>Bytes at <see cref="PathAddress"/>: the program's path, without NUL.</summary>
    public int PathBytes;
    public ulong PathAddress;

    // As in ProgramIdentity.
    public ulong ArgStart, ArgEnd, EnvEnd, AuxAddress, AuxBytes, StackPointer, CodeStart, CodeEnd, DataStart, DataEnd, BreakStart;

    /// <summary>Signals whose disposition is the guest's, not the host's, and those of them it ignores and catches; bit n-1 for signal n.</summary>
    public ulong KnownSignals, IgnoredSignals, CaughtSignals;

    /// <summary>Limits that the guest set and the host does not know: soft and hard; both 0 for one that is the host's.</summary>
    public fixed ulong AddressLimit[2], DataLimit[2];

    /// <summary>Descriptors that the guest does not see.</summary>
    public int DescriptorCount;
    public fixed int Descriptors[MostDescriptors];

    /// <summary>The place of the process with this region.</summary>
    public static PublishedProcess* In(CodeRegion region) => (PublishedProcess*)region.Notice;

    /// <summary>Fills in what does not change while the program runs, and makes the whole visible.</summary>
    /// <param name="region">The process' region.</param>
    /// <param name="id">Its program.</param>
    /// <param name="breakStart">Where its heap begins.</param>
    public static void Publish(CodeRegion region, ProgramIdentity id, ulong breakStart)
    {
        PublishedProcess* self = In(region);
        byte[] path = Loader.GuestText.ToBytes(id.Path);
        void* copy = NativeMemory.Alloc((nuint)path.Length);
        path.CopyTo(new Span<byte>(copy, path.Length));
        (self->PathAddress, self->PathBytes) = ((ulong)copy, path.Length);
        (self->ArgStart, self->ArgEnd, self->EnvEnd) = (id.ArgStart, id.ArgEnd, id.EnvEnd);
        (self->AuxAddress, self->AuxBytes, self->StackPointer) = (id.AuxAddress, (ulong)id.AuxLength, id.StackPointer);
        (self->CodeStart, self->CodeEnd, self->DataStart, self->DataEnd, self->BreakStart) = (id.CodeStart, id.CodeEnd, id.DataStart, id.DataEnd, breakStart);
        ReadOnlySpan<int> hidden = id.Descriptors.All;
        self->DescriptorCount = Math.Min(hidden.Length, MostDescriptors);
        hidden[..self->DescriptorCount].CopyTo(new Span<int>(self->Descriptors, MostDescriptors));
        self->Put(id.Settings);
        Volatile.Write(ref self->Signature, Mark);
    }

    /// <summary>The limits the guest has set.</summary>
    public void Put(GuestSettings settings)
    {
        (AddressLimit[0], AddressLimit[1]) = settings.AddressSpace is { } address ? (address.Soft, address.Hard) : default;
        (DataLimit[0], DataLimit[1]) = settings.Data is { } data ? (data.Soft, data.Hard) : default;
    }

    /// <summary>The limits that <see cref="Put"/> was given.</summary>
    public readonly GuestSettings Settings() => new(Limit(AddressLimit[0], AddressLimit[1]), Limit(DataLimit[0], DataLimit[1]));

    private static GuestSettings.Limit? Limit(ulong soft, ulong hard) => hard == 0 && soft == 0 ? null : new GuestSettings.Limit(soft, hard);
}
