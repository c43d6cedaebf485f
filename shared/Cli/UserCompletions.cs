using System.Text;

namespace Suite.Cli;

/// <summary>Completion scripts of the user-mode tools, made from the option table. What stands behind the program is completed as its own words.</summary>
internal static class UserCompletions
{
    /// <summary>The shells there is a script for.</summary>
    public const string Shells = "bash, zsh or fish";

    private static readonly string[] StraceWords =
        ["help", "json", "summary", "calls", "durations", "stamps", "sort=", "trace=", "signal=", "status=", "path=", "fd=", "%file", "%desc", "%process", "%network", "%signal", "%ipc", "%memory"];

    /// <summary>The script, or null for a shell there is none for.</summary>
    public static string? Text(string tool, string shell) => shell switch
    {
        "bash" => Bash(tool),
        "zsh" => Zsh(tool),
        "fish" => Fish(tool),
        _ => null,
    };

    private static IEnumerable<UserOption> Valued => UserOptionTable.All.Where(o => o.TakesValue);

    private static string Bash(string tool)
    {
        string function = "_" + tool.Replace('-', '_');
        string names = string.Join(' ', UserOptionTable.All.SelectMany(o => o.Names));
        string valued = string.Join('|', Valued.SelectMany(o => o.Names).SelectMany(n => (string[])[n, "-" + n]));
        return $$"""
            # bash completion for {{tool}}
            {{function}}()
            {
                local cur prev i
                cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
                COMPREPLY=()
                if [[ ${COMP_WORDS[1]} == --binfmt && COMP_CWORD -gt 1 ]]; then
                    if ((COMP_CWORD == 2)); then
                        COMPREPLY=($(compgen -W '{{string.Join(' ', BinfmtVerbs.All.Select(v => v.Verb))}}' -- "$cur"))
                    else
                        COMPREPLY=($(compgen -W '{{string.Join(' ', BinfmtVerbs.Options.Select(o => o.Option))}}' -- "$cur"))
                    fi
                    return
                fi
                for ((i = 1; i < COMP_CWORD; i++)); do
                    case ${COMP_WORDS[i]} in
                        {{valued}}|=) ((++i)) ;;
                        --) ((++i)); break ;;
                        -*) ;;
                        *) break ;;
                    esac
                done
                if ((i < COMP_CWORD)); then
                    if declare -F _command_offset >/dev/null; then _command_offset $i; else COMPREPLY=($(compgen -f -- "$cur")); fi
                    return
                fi
                # An equals sign is a word of its own to an interactive bash.
                if [[ $cur == = ]]; then
                    cur='' prev+==
                elif [[ $prev == = ]]; then
                    prev=${COMP_WORDS[COMP_CWORD-2]}=
                fi
                case $prev in
                    -strace=|--strace=) COMPREPLY=($(compgen -W '{{string.Join(' ', StraceWords)}}' -- "$cur")); return ;;
                    -cpu|--cpu) COMPREPLY=($(compgen -W "$({{tool}} -cpu help 2>/dev/null | sed -n 's/^[^ ]* \([A-Za-z0-9_.-]*\) .*/\1/p')" -- "$cur")); return ;;
                    -L|--L) COMPREPLY=($(compgen -d -- "$cur")); return ;;
                    -D|--D) COMPREPLY=($(compgen -f -- "$cur")); return ;;
                    {{valued}}) return ;;
                esac
                case $cur in
                    -strace=*|--strace=*) COMPREPLY=($(compgen -W '{{string.Join(' ', StraceWords)}}' -- "${cur#*=}")); return ;;
                    -*) COMPREPLY=($(compgen -W '{{names}} --binfmt' -- "$cur")); return ;;
                esac
                COMPREPLY=($(compgen -c -f -- "$cur"))
            }
            complete -o filenames -F {{function}} {{tool}}

            """;
    }

    private static string Zsh(string tool)
    {
        StringBuilder text = new($"#compdef {tool}\n# zsh completion for {tool}\n\nif [[ $words[2] == --binfmt ]] && (( CURRENT > 2 )); then\n  if (( CURRENT == 3 )); then\n    local -a verbs=(\n");
        foreach ((string verb, string meaning) in BinfmtVerbs.All)
            text.Append($"      {Quoted($"{verb}:{meaning.Replace(":", "\\:")}")}\n");
        text.Append("    )\n    _describe verb verbs\n  else\n    _values option ");
        text.AppendJoin(' ', BinfmtVerbs.Options.Select(o => Quoted($"{o.Option}[{Bracketed(o.Meaning)}]")));
        text.Append("\n  fi\n  return\nfi\n\n_arguments -S \\\n");
        foreach (UserOption option in UserOptionTable.All)
            foreach (string name in option.Names)
            {
                string action = name switch { "-L" => "_directories", "-D" => "_files", _ => "" };
                string value = option.ValueName is null ? "" : $":{option.ValueName.Replace(":", "\\:")}:{action}";
                text.Append($"  {Quoted($"*{name}{(option.ValueIsOptional ? "=-" : "")}[{Bracketed(option.Description)}]{(option.ValueIsOptional ? ":" : "")}{value}")} \\\n");
            }
        return text.Append("  '(-):program:_command_names -e' \\\n  '*::arguments:_normal'\n").ToString();
    }

    private static string Fish(string tool)
    {
        StringBuilder text = new($"# fish completion for {tool}\n");
        const string First = "test (count (commandline -opc)) -eq 1";
        foreach (UserOption option in UserOptionTable.All)
            foreach (string name in option.Names)
                text.Append($"complete -c {tool} -o {name[1..]}{(option.TakesValue ? " -r" : "")}{(name == "-L" ? " -a '(__fish_complete_directories)'" : "")} -d {FishQuoted(option.Description)}\n");
        text.Append($"complete -c {tool} -n '{First}' -l binfmt -x -a '{string.Join(' ', BinfmtVerbs.All.Select(v => v.Verb))}' -d 'Registration with the kernel'\n");
        foreach ((string option, string? value, string meaning) in BinfmtVerbs.Options)
            text.Append($"complete -c {tool} -n '__fish_seen_argument -l binfmt' -l {option[2..]}{(value is null ? "" : " -r")} -d {FishQuoted(meaning)}\n");
        return text.Append($"complete -c {tool} -n '{First}' -a '(__fish_complete_command)'\n").ToString();
    }

    private static string Bracketed(string text) => text.Replace("\\", "\\\\").Replace("[", "\\[").Replace("]", "\\]").Replace(":", "\\:");

    private static string Quoted(string text) => "'" + text.Replace("'", "'\\''") + "'";

    private static string FishQuoted(string text) => "'" + text.Replace("\\", "\\\\").Replace("'", "\\'") + "'";
}
