namespace Suite.Machines.X86.Boot;

/// <summary>What the user asks to be started without firmware: -kernel, -initrd, -append, -dtb.</summary>
/// <param name="Kernel">Path of a bzImage, an ELF kernel (PVH, vmlinux) or a multiboot kernel.</param>
/// <param name="Initrd">Path of the initial RAM disk; for multiboot kernels modules: "file args,file2 args2". Null: none.</param>
/// <param name="Append">The kernel's command line.</param>
/// <param name="Dtb">Path of a device tree. Null: none.</param>
public sealed record BootFiles(string Kernel, string? Initrd = null, string Append = "", string? Dtb = null);
