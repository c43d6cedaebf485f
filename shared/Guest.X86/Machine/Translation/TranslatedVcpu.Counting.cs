namespace Suite.Guest.X86.Machine.Translation;

// Instructions as the measure of time. A block counts all its instructions when it is entered; what it leaves to managed code, and what was not executed behind
// that, is taken back, so that whoever asks for the time in between gets it to the instruction.
public sealed unsafe partial class TranslatedVcpu
{
    private bool _seesBlocks, _stepsToLimit;
    private int _faultBlock;

    /// <summary>Instructions are counted; set before it runs.</summary>
    public bool CountsInstructions
    {
        get => _translator.CountsInsns;
        set => _translator.CountsInsns = value;
    }

    /// <summary>Instructions executed so far, while they are counted; an iteration of a repeated string instruction that was interrupted counts as one.</summary>
    public long Instructions => Volatile.Read(ref _area->InsnCount);

    /// <summary>When so many were executed, <see cref="Run"/> comes back with <see cref="TranslatedExit.Deadline"/>. From any thread.</summary>
    public long InstructionLimit
    {
        set => Volatile.Write(ref _area->InsnLimit, value);
    }

    private long InsnsLeft => Volatile.Read(ref _area->InsnLimit) - _area->InsnCount;

    private bool IsAtLimit => CountsInstructions && InsnsLeft <= 0;

    // The last instructions before the limit, fewer than a block has, are executed one by one.
    private bool StaysBeforeLimit() => _stepsToLimit = InsnsLeft < MachineTranslator.MaxInsns;

    // The block was left at Rip.
    private void TakeBack(int number)
    {
        if (!CountsInstructions)
            return;
        ref MachineBlock block = ref _blocks[number];
        int done = 0;
        while (done < block.PlaceCount && block.Rip + _code.Places[block.FirstPlace + done].GuestOffset != _area->Cpu.Rip)
            done++;
        _area->InsnCount -= block.Insns - done;
    }
}
