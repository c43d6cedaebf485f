using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using F = Suite.Guest.X86.Cpu.CpuFeature;

namespace Suite.Guest.X86.Cpu;

/// <summary>Reads the value of <c>-cpu</c>.</summary>
internal sealed class CpuModelParser
{
    // Properties of QEMU's machines. A program cannot tell, so scripts that carry them along work.
    private static readonly string[] Ignored =
    [
        "check", "migratable", "kvm", "pmu", "l3-cache", "legacy-cache", "host-cache-info", "host-phys-bits", "host-phys-bits-limit", "phys-bits", "tcg-cpuid",
        "tsc-frequency", "lmce", "fill-mtrr-mask", "full-cpuid-auto-level", "vmware-cpuid-freq", "cpuid-0xb", "ucode-rev", "min-level", "min-xlevel",
        "x-force-features", "x-vendor-cpuid-only", "lbr-fmt",
    ];

    /// <summary>QEMU's flags that only a kernel can see: bits of model-specific registers and of nested virtualisation.</summary>
    public static readonly string[] KernelOnlyFlags =
    [
        "ibrs-all", "intel-pt-lip", "full-width-write", "mds-no", "pschange-mc-no", "rdctl-no", "rsba", "sgx-debug", "sgx-exinfo", "sgx-kss", "sgx-mode64",
        "sgx-provisionkey", "sgx-tokenkey", "sgx1", "sgx2", "skip-l1dfl-vmentry", "split-lock-detect", "ssb-no", "taa-no", "tsx-ctrl",
    ];

    /// <summary>Families of such flags, by their first letters.</summary>
    public static readonly string[] KernelOnlyPrefixes = ["vmx-", "kvm-", "kvmclock", "hv-"];

    private readonly string _model;
    private CpuFeatureSet _plus, _minus;
    private bool _enforce;
    private string? _vendor, _brand;
    private int? _family, _modelNumber, _stepping;
    private uint? _level, _extendedLevel;

    private CpuModelParser(string model) => _model = model;

    /// <summary>See <see cref="CpuModel.Parse"/>.</summary>
    public static CpuModel Parse(string spec, IHostCpuid host, bool is64Bit, CpuFeatureSet emulated)
    {
        string[] parts = spec.Split(',');
        var parser = new CpuModelParser(parts[0].Trim());
        foreach (string part in parts.AsSpan(1))
            parser.Option(part.Trim());
        return parser.Make(host, is64Bit, emulated);
    }

    private CpuModel Make(IHostCpuid host, bool is64Bit, CpuFeatureSet emulated)
    {
        bool fromHost = _model is "max" or "host" or "";
        if (fromHost && (_plus | _minus).Equals(default) && NamesNothing())
            return new CpuModel(_model.Length == 0 ? "max" : _model, host, null);
        CpuModelDefinition definition = fromHost ? HostDefinition(host) : FindModel();
        CpuFeatureSet requested = CpuFeatureRules.Prune(CpuFeatureRules.Complete(definition.Features | _plus) - _minus);
        if (is64Bit && !requested.Has(F.Lm))
            throw new CpuModelException(
                $"cpu model '{definition.Name}' has no 64-bit mode ('lm'), and the program is a 64-bit one; choose a 64-bit model, e.g. qemu64 or x86-64-v2");
        var cpu = new NamedCpu(Rename(definition.Identity), requested, host, fromHost, is64Bit, emulated);
        if (_enforce && cpu.MissingOnHost.Count > 0)
            throw new CpuModelException($"cpu model '{definition.Name}' with 'enforce': this host lacks {string.Join(", ", cpu.MissingOnHost)}");
        return new CpuModel(definition.Name, host, cpu);
    }

    private CpuModelDefinition FindModel()
    {
        var table = new CpuModelTable();
        return table.Find(_model) ?? throw new CpuModelException(
            $"unknown cpu model '{_model}'{NearestName.Suggest(_model, [.. table.Names, "max", "host"])}; -cpu help lists the models");
    }

    private void Option(string option)
    {
        if (option.Length == 0)
            throw new CpuModelException($"empty feature in the list after cpu model '{_model}': a comma too many");
        int equals = option.IndexOf('=');
        if (option[0] is '+' or '-')
            Flag(option[1..], option[0] == '+');
        else if (equals < 0)
            Flag(option, true);
        else
            Property(option[..equals], option[(equals + 1)..]);
    }

    private void Flag(string name, bool on)
    {
        if (name.Equals("enforce", StringComparison.Ordinal))
            _enforce = on;
        else if (CpuFeatureTable.TryFind(name, out CpuFeature feature))
        {
            if (on)
                _plus.Add(feature);
            else
                _minus.Add(feature);
        }
        else if (!IsIgnored(name))
            throw UnknownFeature(name);
    }

    private void Property(string name, string value)
    {
        switch (name)
        {
            case "vendor":
                if (value.Length != 12 || !Ascii.IsValid(value))
                    throw new CpuModelException($"vendor '{value}' of a cpu model must have twelve letters, e.g. vendor={CpuIdentity.Intel}");
                _vendor = value;
                break;
            case "model-id" or "model_id":
                if (value.Length > 48 || !Ascii.IsValid(value))
                    throw new CpuModelException($"model-id '{value}' of a cpu model must have at most 48 letters of ASCII");
                _brand = value;
                break;
            case "family":
                _family = (int)Number(name, value, 15 + 255);
                break;
            case "model":
                _modelNumber = (int)Number(name, value, 255);
                break;
            case "stepping":
                _stepping = (int)Number(name, value, 15);
                break;
            case "level":
                _level = Number(name, value, 0xFFFF);
                break;
            case "xlevel":
                _extendedLevel = Number(name, value, 0x8000_FFFF);
                break;
            default:
                if (IsIgnored(name))
                    break;
                if (name != "enforce" && !CpuFeatureTable.TryFind(name, out _))
                    throw UnknownFeature(name);
                Flag(name, value switch
                {
                    "on" or "yes" or "true" or "y" => true,
                    "off" or "no" or "false" or "n" => false,
                    _ => throw new CpuModelException($"cpu feature '{name}' is on or off, not '{value}'"),
                });
                break;
        }
    }

    private static uint Number(string name, string value, uint largest)
    {
        bool hex = value.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        bool ok = hex
            ? uint.TryParse(value.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint number)
            : uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        return ok && number <= largest ? number : throw new CpuModelException($"cpu property '{name}' must be a number from 0 to {largest}, not '{value}'");
    }

    private static bool IsIgnored(string name) =>
        Array.IndexOf(Ignored, name) >= 0 || Array.IndexOf(KernelOnlyFlags, name) >= 0
        || Array.Exists(KernelOnlyPrefixes, p => name.StartsWith(p, StringComparison.Ordinal));

    private static CpuModelException UnknownFeature(string name)
    {
        List<string> known = [.. KernelOnlyFlags, "vendor", "model-id", "family", "model", "stepping", "level", "xlevel", "enforce", "check"];
        foreach (CpuFeatureRow row in CpuFeatureTable.Rows)
            known.Add(row.Name);
        return new CpuModelException($"unknown cpu feature '{name}'{NearestName.Suggest(name, known)}; -cpu help lists the features");
    }

    private bool NamesNothing() =>
        _vendor is null && _brand is null && _family is null && _modelNumber is null && _stepping is null && _level is null && _extendedLevel is null;

    private CpuIdentity Rename(CpuIdentity identity) => identity with
    {
        Vendor = _vendor ?? identity.Vendor,
        Brand = _brand ?? identity.Brand,
        Family = _family ?? identity.Family,
        Model = _modelNumber ?? identity.Model,
        Stepping = _stepping ?? identity.Stepping,
        Level = _level ?? identity.Level,
        ExtendedLevel = _extendedLevel ?? identity.ExtendedLevel,
    };

    private CpuModelDefinition HostDefinition(IHostCpuid host)
    {
        CpuidLeaf zero = host.Query(0, 0);
        uint signature = host.Query(1, 0).Eax, extended = host.Query(0x8000_0000, 0).Eax;
        uint family = signature >> 8 & 0xF, model = signature >> 4 & 0xF;
        if (family is 6 or 15)
            model |= signature >> 12 & 0xF0;
        if (family == 15)
            family += signature >> 20 & 0xFF;
        var brand = new StringBuilder();
        for (uint leaf = 0x8000_0002; leaf <= 0x8000_0004 && leaf <= extended; leaf++)
        {
            CpuidLeaf part = host.Query(leaf, 0);
            brand.Append(Text(part.Eax, part.Ebx, part.Ecx, part.Edx));
        }
        var identity = new CpuIdentity(Text(zero.Ebx, zero.Edx, zero.Ecx), (int)family, (int)model, (int)(signature & 0xF), zero.Eax, extended,
            brand.ToString().TrimEnd('\0'));
        return new CpuModelDefinition(_model, NamedCpu.HostFeatures(host) & CpuFeatureTable.Read(host.Query), identity, "");
    }

    private static string Text(params ReadOnlySpan<uint> registers)
    {
        Span<byte> bytes = stackalloc byte[16];
        for (int i = 0; i < registers.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[(i * 4)..], registers[i]);
        return Encoding.Latin1.GetString(bytes[..(registers.Length * 4)]);
    }
}
