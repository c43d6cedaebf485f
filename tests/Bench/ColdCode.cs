using System.Globalization;
using System.Text;

namespace Suite.Bench;

/// <summary>Writes and builds a program of 100 000 small blocks, each run once: the time is that of finding and translating new code.</summary>
internal static class ColdCode
{
    private const int Blocks = 100_000;

    /// <summary>The path of the built program.</summary>
    public static string Build()
    {
        Directory.CreateDirectory(Repository.GuestCache);
        string source = Path.Combine(Repository.GuestCache, "bench-cold.S");
        File.WriteAllText(source, Source());
        return GuestCompiler.Build(source, ["-nostdlib", "-static", "-no-pie"]);
    }

    /// <summary>Blocks of three to eight instructions that end in taken and untaken branches, jumps and calls; at the end rax is written out.</summary>
    private static string Source()
    {
        StringBuilder s = new();
        s.AppendLine(".globl _start\n_start: mov $1, %eax\n mov $2, %ecx\n mov $3, %edx\n lea data(%rip), %rsi");
        Random random = new(2024);
        for (int i = 0; i < Blocks; i++)
        {
            s.Append(CultureInfo.InvariantCulture, $"b{i}:");
            int length = random.Next(2, 7);
            for (int k = 0; k < length; k++)
                s.AppendLine(Instruction(random));
            string next = $"b{i + 1}";
            s.AppendLine(random.Next(5) switch
            {
                0 => $" jmp {next}\n .byte 0x0f, 0x0b",
                1 => $" test %eax, %ecx\n jnz {next}",
                2 => $" cmp %rdx, %rax\n jb {next}",
                3 => $" call c{i}\n jmp {next}\nc{i}: xor %ecx, %edx\n ret",
                _ => $" add %edx, %ecx\n js {next}",
            });
        }
        s.AppendLine(string.Create(CultureInfo.InvariantCulture, $"b{Blocks}:"));
        s.AppendLine(" mov %rax, data(%rip)\n mov $1, %eax\n mov $1, %edi\n lea data(%rip), %rsi\n mov $8, %edx\n syscall\n mov $60, %eax\n xor %edi, %edi\n syscall");
        s.AppendLine(".bss\n.align 8\ndata: .skip 256\n.section .note.GNU-stack,\"\",@progbits");
        return s.ToString();
    }

    private static string Instruction(Random random) => random.Next(8) switch
    {
        0 => string.Create(CultureInfo.InvariantCulture, $" add ${random.Next(1, 1 << 20)}, %rax"),
        1 => " xor %rax, %rcx",
        2 => string.Create(CultureInfo.InvariantCulture, $" rol ${random.Next(1, 63)}, %rax"),
        3 => string.Create(CultureInfo.InvariantCulture, $" lea {random.Next(1, 100)}(%rax,%rcx,2), %rdx"),
        4 => string.Create(CultureInfo.InvariantCulture, $" add %eax, {random.Next(0, 30) * 8}(%rsi)"),
        5 => string.Create(CultureInfo.InvariantCulture, $" mov {random.Next(0, 30) * 8}(%rsi), %rdx"),
        6 => " imul %rdx, %rcx",
        _ => string.Create(CultureInfo.InvariantCulture, $" sub data+{random.Next(0, 30) * 8}(%rip), %rcx"),
    };
}
