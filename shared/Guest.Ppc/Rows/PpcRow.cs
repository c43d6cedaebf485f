namespace Suite.Guest.Ppc;

/// <summary>
/// One instruction: decoder, disassembler, assembler and fuzzer all read it. A word is this instruction when <c>(word &amp; Mask) == Match</c>; bits that are
/// neither in <see cref="Mask"/> nor in a field of <see cref="Operands"/> are reserved: ignored by execution as the hardware does, zero from the assembler.
/// </summary>
/// <param name="name">Mnemonic without the endings of <see cref="Operands"/>.</param>
/// <param name="mask">Bits that identify the instruction.</param>
/// <param name="match">Their values.</param>
/// <param name="operands">
/// Comma list of <see cref="PpcField"/> names in assembly order, e.g. <c>rt,ra,rb</c>, <c>frt,fra,frc,frb</c>, <c>rt,d(ra)</c>; then endings that a bit adds
/// to the mnemonic: <c>o</c> (OE), <c>.</c> (Rc in bit 31), <c>v.</c> (Rc in bit 21), <c>lk</c>, <c>aa</c>.
/// </param>
/// <param name="feature">What the model must have.</param>
/// <param name="emit">Builds the IR of one word; it looks at the fields itself (<see cref="PpcWord"/>).</param>
public readonly unsafe struct PpcRow(string name, uint mask, uint match, string operands, PpcFeature feature, delegate*<PpcEmitter, uint, void> emit)
{
    public string Name { get; } = name;
    public uint Mask { get; } = mask;
    public uint Match { get; } = match;
    public string Operands { get; } = operands;
    public PpcFeature Feature { get; } = feature;
    public delegate*<PpcEmitter, uint, void> Emit { get; } = emit;

    /// <summary>A row known by its primary opcode: D, I, B, M forms.</summary>
    public static PpcRow D(string name, uint primary, string operands, delegate*<PpcEmitter, uint, void> emit, PpcFeature feature = PpcFeature.None) =>
        new(name, 0xFC000000, primary << 26, operands, feature, emit);

    /// <summary>A row with a 10-bit extended opcode in bits 21-30: X, XL, XFX, XFL forms. Bit 31 is Rc or reserved.</summary>
    public static PpcRow X(string name, uint primary, uint extended, string operands, delegate*<PpcEmitter, uint, void> emit, PpcFeature feature = PpcFeature.None) =>
        new(name, 0xFC0007FE, primary << 26 | extended << 1, operands, feature, emit);

    /// <summary>An X-form row whose bit 31 belongs to the opcode and is 1.</summary>
    public static PpcRow X1(string name, uint primary, uint extended, string operands, delegate*<PpcEmitter, uint, void> emit, PpcFeature feature = PpcFeature.None) =>
        new(name, 0xFC0007FF, primary << 26 | extended << 1 | 1, operands, feature, emit);

    /// <summary>A row with a 9-bit extended opcode in bits 22-30: XO form. Bit 21 is OE or reserved.</summary>
    public static PpcRow Xo(string name, uint primary, uint extended, string operands, delegate*<PpcEmitter, uint, void> emit, PpcFeature feature = PpcFeature.None) =>
        new(name, 0xFC0003FE, primary << 26 | extended << 1, operands, feature, emit);

    /// <summary>A row with a 5-bit extended opcode in bits 26-30: A form.</summary>
    public static PpcRow A(string name, uint primary, uint extended, string operands, delegate*<PpcEmitter, uint, void> emit, PpcFeature feature = PpcFeature.None) =>
        new(name, 0xFC00003E, primary << 26 | extended << 1, operands, feature, emit);

    /// <summary>A row of primary opcode 4 with an 11-bit extended opcode in bits 21-31: VX and EVX forms.</summary>
    public static PpcRow Vx(string name, uint extended, string operands, delegate*<PpcEmitter, uint, void> emit, PpcFeature feature) =>
        new(name, 0xFC0007FF, 4u << 26 | extended, operands, feature, emit);

    /// <summary>A row of primary opcode 4 with a 10-bit extended opcode in bits 22-31 and Rc in bit 21 (ending <c>v.</c>): VC form.</summary>
    public static PpcRow Vc(string name, uint extended, string operands, delegate*<PpcEmitter, uint, void> emit, PpcFeature feature) =>
        new(name, 0xFC0003FF, 4u << 26 | extended, operands, feature, emit);

    /// <summary>A row of primary opcode 4 with a 6-bit extended opcode in bits 26-31: VA form.</summary>
    public static PpcRow Va(string name, uint extended, string operands, delegate*<PpcEmitter, uint, void> emit, PpcFeature feature) =>
        new(name, 0xFC00003F, 4u << 26 | extended, operands, feature, emit);
}
