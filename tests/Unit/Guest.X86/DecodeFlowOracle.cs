using Iced.Intel;
using Suite.Guest.X86.Decode;

namespace Suite.Tests.Guest.X86;

/// <summary>The flow class that follows from Iced's description of an instruction.</summary>
internal static class DecodeFlowOracle
{
    public static bool Agrees(in Instruction expected, X86Flow actual) => actual == Expected(in expected);

    public static X86Flow Expected(in Instruction instruction)
    {
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Syscall:
                return X86Flow.Syscall;
            case Mnemonic.Sysenter:
                return X86Flow.Sysenter;
            case Mnemonic.Int3:
                return X86Flow.Int3;
            case Mnemonic.Int:
                return X86Flow.IntN;
            case Mnemonic.Int1:
                return X86Flow.Icebp;
            case Mnemonic.Into:
                return X86Flow.Into;
            case Mnemonic.Cpuid:
                return X86Flow.Cpuid;
            case Mnemonic.Rdtsc:
                return X86Flow.Rdtsc;
            case Mnemonic.Rdtscp:
                return X86Flow.Rdtscp;
            case Mnemonic.Rdpmc:
                return X86Flow.Rdpmc;
            case Mnemonic.Xgetbv:
                return X86Flow.Xgetbv;
            case Mnemonic.Rdpid:
                return X86Flow.Rdpid;
            case Mnemonic.Rdfsbase or Mnemonic.Rdgsbase or Mnemonic.Wrfsbase or Mnemonic.Wrgsbase:
                return X86Flow.FsGsBase;
            case Mnemonic.Lfs or Mnemonic.Lgs:
                return X86Flow.LoadFsGs;
            case Mnemonic.Mov or Mnemonic.Pop when instruction.Op0Register is Register.FS or Register.GS:
                return X86Flow.LoadFsGs;
            case Mnemonic.Xbegin:
                return X86Flow.Xbegin;
            case Mnemonic.Ud0 or Mnemonic.Ud1 or Mnemonic.Ud2:
                return X86Flow.Ud;
            case Mnemonic.Ret:
                return instruction.OpCount == 0 ? X86Flow.Ret : X86Flow.RetImm;
            case Mnemonic.Retf:
                return X86Flow.FarRet;
            case Mnemonic.Iret or Mnemonic.Iretd or Mnemonic.Iretq:
                return X86Flow.Iret;
            case Mnemonic.Loop or Mnemonic.Loope or Mnemonic.Loopne or Mnemonic.Jcxz or Mnemonic.Jecxz or Mnemonic.Jrcxz:
                return X86Flow.Loop;
        }

        return IsLeftToTheHost(instruction.Mnemonic) ? X86Flow.Plain : ByControl(in instruction);
    }

    /// <summary>
    /// Deliberate deviations: Iced calls these calls, returns or transaction ends, here they are Plain. In user mode a copy does what the original
    /// would: privileged, virtualisation, SMM and FRED instructions raise #GP or #UD; uiret raises #UD where the system has not enabled user interrupts;
    /// xabort and xend act on a transaction, and xbegin, which starts one, has a class of its own.
    /// </summary>
    private static bool IsLeftToTheHost(Mnemonic mnemonic) => mnemonic is
        Mnemonic.Sysret or Mnemonic.Sysretq or Mnemonic.Sysexit or Mnemonic.Sysexitq or Mnemonic.Rsm or Mnemonic.Uiret
        or Mnemonic.Eretu or Mnemonic.Erets or Mnemonic.Xabort or Mnemonic.Xend
        or Mnemonic.Vmcall or Mnemonic.Vmlaunch or Mnemonic.Vmresume or Mnemonic.Vmmcall or Mnemonic.Vmrun or Mnemonic.Vmgexit
        or Mnemonic.Skinit or Mnemonic.Tdcall or Mnemonic.Seamcall or Mnemonic.Seamret;

    private static X86Flow ByControl(in Instruction instruction) => instruction.FlowControl switch
    {
        FlowControl.ConditionalBranch => X86Flow.Jcc,
        FlowControl.UnconditionalBranch => instruction.IsJmpFar ? X86Flow.FarJmpDirect : X86Flow.Jmp,
        FlowControl.IndirectBranch => instruction.IsJmpFarIndirect ? X86Flow.FarJmpIndirect : X86Flow.JmpIndirect,
        FlowControl.Call => instruction.IsCallFar ? X86Flow.FarCallDirect : X86Flow.Call,
        FlowControl.IndirectCall => instruction.IsCallFarIndirect ? X86Flow.FarCallIndirect : X86Flow.CallIndirect,
        FlowControl.Next => X86Flow.Plain,
        _ => X86Flow.Invalid,
    };
}
