namespace Suite.Devices.Display;

/// <summary>
/// A display adapter as those who show it see it (VNC, terminal, screendump). Called under the machine's lock, at the viewer's pace: nothing is
/// rendered while nobody looks.
/// </summary>
public interface IDisplaySource
{
    /// <summary>Renders what the guest shows now; the surface notes which parts changed, and takes the adapter's size.</summary>
    void Render(Surface surface);

    /// <summary>The character cells when the adapter is in a text mode; false otherwise.</summary>
    bool TryReadText(TextScreen screen);
}
