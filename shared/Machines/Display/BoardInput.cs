using Suite.Machines.Boards;

namespace Suite.Machines.Display;

/// <summary>A board's keyboard and mouse for displays.</summary>
public sealed class BoardInput(Board board) : IDisplayInput
{
    /// <inheritdoc/>
    public void Key(byte code, bool isExtended, bool isPressed) => board.Key(code, isExtended, isPressed);

    /// <inheritdoc/>
    public void Mouse(int x, int y, int wheel, int buttons) => board.Mouse(x, y, wheel, buttons);
}
