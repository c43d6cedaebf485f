namespace Suite.LinuxUser.Syscalls;

/// <summary>
/// One row for every system call of the x86-64, i386 and 32-bit PowerPC tables of Linux 6.x, by family. A target's table only
/// says which number means which row. Where one name means two things (the arguments come in another order, or in a struct),
/// there are two rows of that name and the target picks: <c>CloneTlsFourth</c>, <c>OldMmap</c>, <c>OldSelect</c>,
/// <c>PpcFadvise6464</c>, and the <c>...16</c> rows with 16-bit user and group lists.
/// </summary>
public static partial class Catalog;
