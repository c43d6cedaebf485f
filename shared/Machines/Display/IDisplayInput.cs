namespace Suite.Machines.Display;

/// <summary>Keyboard and mouse of a machine, as displays reach them. Called under the machine's lock.</summary>
public interface IDisplayInput
{
    /// <summary>A key goes down or up.</summary>
    /// <param name="code">Its code in the PS/2 keyboard's set 2.</param>
    /// <param name="isExtended">E0h comes before it.</param>
    /// <param name="isPressed">Down.</param>
    void Key(byte code, bool isExtended, bool isPressed);

    /// <summary>The mouse moves, turns its wheel, or its buttons change.</summary>
    /// <param name="x">To the right.</param>
    /// <param name="y">Down.</param>
    /// <param name="wheel">Towards the user.</param>
    /// <param name="buttons">Left, right, middle in bits 0 to 2.</param>
    void Mouse(int x, int y, int wheel, int buttons);
}
