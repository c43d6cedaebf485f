namespace Suite.Devices.Core;

/// <summary>A device with registers that vCPUs read so often that they must not wait for one another.</summary>
public interface ILockFreeReads
{
    /// <summary>
    /// As <see cref="IBusDevice.Read"/> of the device's widest access, but without the machine's lock. False for a register that is more than one value
    /// which stands by itself: it is read under the lock.
    /// </summary>
    bool TryRead(ulong offset, out ulong value);
}
