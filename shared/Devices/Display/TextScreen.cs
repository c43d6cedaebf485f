namespace Suite.Devices.Display;

/// <summary>The character cells of a text mode.</summary>
public sealed class TextScreen
{
    /// <summary>Cells in a row.</summary>
    public int Columns { get; private set; }

    /// <summary>Rows.</summary>
    public int Rows { get; private set; }

    /// <summary>Row by row: the character (code page 437) in the low byte, its attribute (foreground in bits 0-3, background in 4-7) in the high byte.</summary>
    public ushort[] Cells { get; private set; } = [];

    /// <summary>Column of the cursor; -1 when it is off or outside.</summary>
    public int CursorColumn { get; set; } = -1;

    /// <summary>Row of the cursor.</summary>
    public int CursorRow { get; set; } = -1;

    /// <summary>Makes it this large; contents are lost when that changes something.</summary>
    public void Resize(int columns, int rows)
    {
        if (columns == Columns && rows == Rows)
            return;
        (Columns, Rows, Cells) = (columns, rows, new ushort[columns * rows]);
    }
}
