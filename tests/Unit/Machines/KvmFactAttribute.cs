using Suite.Machines;
using Suite.Machines.X86;
using Suite.Machines.X86.Kvm;

namespace Suite.Tests.Machines;

/// <summary>A test that needs /dev/kvm; skipped with the reason where it cannot be used.</summary>
public class KvmFactAttribute : FactAttribute
{
    public KvmFactAttribute() => Skip = Reason();

    private static string? Reason()
    {
        try
        {
            using KvmAccelerator kvm = new(new AddressSpaces(new Lock()), IrqChipMode.On);
            return null;
        }
        catch (KvmException e)
        {
            return e.Message;
        }
    }
}
