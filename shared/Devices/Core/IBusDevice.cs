namespace Suite.Devices.Core;

/// <summary>
/// What a device answers with where it is attached to a bus. Offsets count from the start of the attached range, and the bus has checked that the
/// access lies inside it and has a width the device declared.
/// </summary>
public interface IBusDevice
{
    /// <summary>Reads; bits above the width are ignored.</summary>
    /// <param name="offset">From the start of the range.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    ulong Read(ulong offset, int size);

    /// <summary>Writes; bits above the width are 0.</summary>
    /// <param name="offset">From the start of the range.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">The value.</param>
    void Write(ulong offset, int size, ulong value);
}
